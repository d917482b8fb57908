"""Two people about to meet: what the academy needs for its first words, and no more."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Activity, Episode, Match, Membership, Person
from lti_app.store.names import first_name
from lti_app.store.refusals import NotYours


@dataclass(frozen=True, slots=True)
class Introduction:
    """First names (empty when nobody told us), the activity's title, the kind of stall; ``locales`` are both people's.

    No score, no number of tries and no reason is in it.
    """

    learner: str
    helper: str
    activity: str
    kind: str
    locales: tuple[str | None, str | None]


def introduction(session: Session, match_id: int, helper_id: int) -> Introduction:
    """Return what is known of a match to the helper who was asked; raises NotYours for everybody else."""
    row = session.execute(
        select(Match, Episode, Activity.title)
        .join(Episode, Episode.id == Match.episode_id)
        .join(Activity, Activity.id == Match.activity_id)
        .where(Match.id == match_id, Match.helper_id == helper_id, Match.asked_at.is_not(None))
    ).one_or_none()
    if row is None:
        raise NotYours
    _match, episode, title = row
    both = select(Membership.id, Person).join(Person, Person.id == Membership.person_id)
    both = both.where(Membership.id.in_((episode.membership_id, helper_id)))
    people = {found[0]: found[1] for found in session.execute(both)}
    learner, helper = people[episode.membership_id], people[helper_id]
    return Introduction(first_name(learner), first_name(helper), title, episode.kind, (learner.locale, helper.locale))
