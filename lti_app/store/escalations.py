"""Cases that nobody on the course's staff has met in time, as the community manager sees them, and how they ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Context, Deployment, Episode, Membership, Prompt
from lti_app.store.course_facts import STAFF, active_staff, activity_refs, faces
from lti_app.store.names import full_name
from lti_app.store.pairing import locked_episode
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.stories import tell
from lti_app.store.views import ActivityRef, Face

ENDED_FOR = timedelta(days=7)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Escalation:
    """One case; ``staff`` are the tutors who could take it, ``outcome`` is how it ended where it has."""

    prompt_id: int
    course: str
    face: Face
    kind: str
    activity: ActivityRef | None
    opened_at: datetime
    owner: Face | None
    staff: tuple[Face, ...]
    outcome: str | None


def escalations(session: Session, academy_id: int, now: datetime) -> tuple[Escalation, ...]:
    """Return the academy's open escalations, the oldest first, then those whose case has closed within a week."""
    rows = session.execute(
        select(Prompt.id, Episode, Context.title)
        .join(Episode, Episode.id == Prompt.episode_id)
        .join(Context, Context.id == Prompt.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(Deployment.academy_id == academy_id, Prompt.kind == "escalation", Prompt.due_at <= now)
        .where(or_(Episode.ended_at > now - ENDED_FOR, Prompt.state.in_(("due", "claimed", "sent"))))
        .order_by(Episode.ended_at.is_not(None), Prompt.made_at, Prompt.id)
        .limit(SHOWN)
    ).all()
    staff = _staff(session, {row.Episode.context_id for row in rows})
    ids = {id_ for row in rows for id_ in (row.Episode.membership_id, row.Episode.owner_id)}
    people = faces(session, {*ids, *(id_ for those in staff.values() for id_ in those)}, full_name)
    refs = activity_refs(session, [row.Episode.activity_id for row in rows])
    return tuple(
        Escalation(
            prompt_id=row.id,
            course=row.title,
            face=people[row.Episode.membership_id],
            kind=row.Episode.kind,
            activity=refs.get(row.Episode.activity_id or 0),
            opened_at=row.Episode.opened_at,
            owner=people.get(row.Episode.owner_id or 0),
            staff=tuple(people[id_] for id_ in staff.get(row.Episode.context_id, ())),
            outcome=row.Episode.outcome,
        )
        for row in rows
    )


def _staff(session: Session, context_ids: set[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    query = select(Membership.context_id, Membership.id).where(
        Membership.context_id.in_(context_ids), Membership.role.in_(STAFF), Membership.state == "active"
    )
    for context_id, membership_id in session.execute(query.order_by(Membership.id)):
        found.setdefault(context_id, []).append(membership_id)
    return found


def settle_escalation(
    session: Session, academy_id: int, prompt_id: int, by: Membership, now: datetime, *, to_id: int | None = None
) -> None:
    """Take an escalation off the list because its manager has seen to it, or gives it to a tutor (``to_id``).

    Raises NotYours for another academy's, and for somebody who is no staff of that course; TooLate when it has closed.
    """
    prompt = session.get(Prompt, prompt_id, with_for_update=True, populate_existing=True)
    if prompt is None or prompt.kind != "escalation" or prompt.episode_id is None:
        raise NotYours
    of = select(Deployment.academy_id).join(Context, Context.deployment_id == Deployment.id)
    if session.scalar(of.where(Context.id == prompt.context_id)) != academy_id:
        raise NotYours
    episode = locked_episode(session, prompt.episode_id)
    if episode.ended_at is not None:
        raise TooLate
    # The story names memberships of its own course only.
    by_id = by.id if by.context_id == prompt.context_id else None
    if to_id is not None:
        active_staff(session, to_id, prompt.context_id)
        episode.owner_id, episode.desk_snoozed_until, episode.updated_at = to_id, None, now
        tell(session, episode.id, "hand_over", now, by_id=by_id, to_id=to_id, note="")
    prompt.state, prompt.answered_at, prompt.by_id = "answered", now, by_id
    facts = {"prompt_id": prompt.id, "given_to": to_id}
    session.add(
        AuditEntry(
            academy_id=academy_id,
            context_id=prompt.context_id,
            actor_id=by.person_id or None,
            what="escalation_settled",
            facts=facts,
            at=now,
        )
    )
    session.flush()
