"""A course with its people, as the sync leaves it: Ada stalls at Quiz 2, Bruno and Bice passed it, Clara tutors.

Dario is in another course of the same academy, Eva in another academy; neither must ever see anything of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms_clients.records import Part
from lti_app.db import Database
from lti_app.models import (
    Academy,
    ActiveDay,
    Activity,
    ActivityProgress,
    Attempt,
    Context,
    Deployment,
    Episode,
    LmsConnection,
    Match,
    Membership,
    Person,
    Registration,
    SyncRun,
)
from lti_app.store import offers

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
T = TypeVar("T")
OTHERS = ("Fabio Greco", "Gaia Serra", "Hugo Rossi", "Irene Costa", "Luca Testa", "Mara Pini", "Nino Sala", "Olga Riva")


@dataclass(slots=True)
class Course:
    """The ids of the course's people and activities."""

    context: int
    ada: int
    bruno: int
    bice: int
    clara: int
    carlo: int
    dario: int
    eva: int
    eva_context: int
    dario_context: int
    others: list[int]
    quiz_1: int
    quiz_2: int
    task_2: int
    registration: int


class Builder:
    """Adds rows as a sync would leave them; every time is so many days before NOW."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def academy(self, name: str) -> tuple[int, int]:
        academy = self._add(Academy(name=name, locale="it", created_at=NOW, time_zone="Europe/Rome"))
        issuer = f"https://{name.lower()}.example"
        registration = self._add(
            Registration(
                academy_id=academy.id,
                name=name,
                issuer=issuer,
                client_id="client",
                auth_login_url=f"{issuer}/auth",
                auth_token_url=f"{issuer}/token",
                jwks_url=f"{issuer}/jwks",
                created_at=NOW,
            )
        )
        deployment = Deployment(
            registration_id=registration.id, academy_id=academy.id, id_on_platform="1", created_at=NOW
        )
        return registration.id, self._add(deployment).id

    def context(self, deployment: int, title: str) -> int:
        context = Context(
            deployment_id=deployment,
            id_on_platform=title,
            api_id="7",
            title=title,
            time_zone="Europe/Rome",
            created_at=NOW,
            starts_at=NOW - timedelta(days=60),
            ends_at=NOW + timedelta(days=60),
            synced_at=NOW - timedelta(minutes=5),
            days_known_from=(NOW - timedelta(days=45)).date(),
            parts_read=[str(part) for part in Part],
        )
        context_id = self._add(context).id
        self._add(
            SyncRun(
                context_id=context_id,
                started_at=NOW - timedelta(minutes=6),
                finished_at=NOW - timedelta(minutes=5),
                state="done",
            )
        )
        return context_id

    def member(self, registration: int, context: int, name: str, role: str = "learner") -> int:
        given, family = name.split(" ")
        person = self._add(
            Person(
                registration_id=registration,
                id_on_platform=name,
                api_id=name.replace(" ", "-").lower(),
                name=name,
                given_name=given,
                family_name=family,
                locale="it",
                created_at=NOW,
            )
        )
        return self._add(
            Membership(
                context_id=context,
                person_id=person.id,
                role=role,
                enrolled_at=NOW - timedelta(days=50),
                launched_at=NOW - timedelta(hours=2),
                last_access_at=NOW - timedelta(hours=5),
                never_accessed=False,
                lms_read_at=NOW - timedelta(minutes=5),
                created_at=NOW - timedelta(days=50),
            )
        ).id

    def activity(self, context: int, title: str, kind: str, position: int, due: int | None = None) -> int:
        return self._add(
            Activity(
                context_id=context,
                api_id=f"{kind}-{position}",
                kind=kind,
                raw_kind=kind,
                title=title,
                section="Pulizia dei dati",
                position=position,
                due_at=None if due is None else NOW + timedelta(days=due),
                points_possible=Decimal(100),
                pass_points=Decimal(60),
                visible=True,
                required=True,
                url=f"https://lms.example/mod/{kind}/view.php?id={position}",
            )
        ).id

    def passes(self, member: int, activity: int, days_ago: float, tries: int = 1, score: str = "80") -> None:
        at = NOW - timedelta(days=days_ago)
        self._progress(member, activity, "passed", tries, Decimal(score), completed_at=at, at=at)
        self.tries(member, activity, [(days_ago, Decimal(score) / 100, True)], first=tries)

    def fails(self, member: int, activity: int, tries: list[tuple[float, str]]) -> None:
        last = NOW - timedelta(days=tries[-1][0])
        best = max(Decimal(score) for _, score in tries)
        self._progress(member, activity, "failed", len(tries), best, completed_at=None, at=last)
        self.tries(member, activity, [(days, Decimal(score) / 100, False) for days, score in tries])

    def tries(self, member: int, activity: int, tries: list[tuple[float, Decimal, bool]], first: int = 1) -> None:
        for number, (days, share, passed) in enumerate(tries, start=first):
            at = NOW - timedelta(days=days)
            self.session.add(
                Attempt(
                    membership_id=member,
                    activity_id=activity,
                    number=number,
                    started_at=at - timedelta(minutes=20),
                    finished_at=at,
                    state="finished",
                    score_share=share,
                    passed=passed,
                )
            )

    def came(self, member: int, days_ago: list[int]) -> None:
        wanted = {(NOW - timedelta(days=days)).date() for days in days_ago}
        known = set(self.session.scalars(select(ActiveDay.day).where(ActiveDay.membership_id == member)))
        self.session.add_all(ActiveDay(membership_id=member, day=day, proofs=3) for day in sorted(wanted - known))
        at = NOW - timedelta(days=min(days_ago), hours=2)
        membership = self.session.get_one(Membership, member)
        membership.last_access_at = at
        membership.launched_at = min(at, membership.launched_at or at)

    def updates(self, member: int, activity: int, days_ago: float, score: str) -> None:
        """Let a learner who had failed pass, as the next sync tells it."""
        at = NOW - timedelta(days=days_ago)
        row = self.session.query(ActivityProgress).filter_by(membership_id=member, activity_id=activity).one()
        row.state, row.score, row.attempts = "passed", Decimal(score), (row.attempts or 0) + 1
        row.submitted_at = row.graded_at = row.completed_at = at
        self.tries(member, activity, [(days_ago, Decimal(score) / 100, True)], first=row.attempts)
        if self.session.get(ActiveDay, (member, at.date())) is None:
            self._add(ActiveDay(membership_id=member, day=at.date(), proofs=3))

    def synced(self, context: int, at: datetime) -> None:
        self.session.get_one(Context, context).synced_at = at
        self._add(SyncRun(context_id=context, started_at=at, finished_at=at, state="done"))

    def connect(self, registration: int, base_url: str, secret: str = "") -> int:
        connection = LmsConnection(
            registration_id=registration, kind="moodle", base_url=base_url, secret=secret, created_at=NOW
        )
        return self._add(connection).id

    def _progress(
        self,
        member: int,
        activity: int,
        state: str,
        tries: int,
        score: Decimal,
        completed_at: datetime | None,
        at: datetime,
    ) -> None:
        self.session.add(
            ActivityProgress(
                membership_id=member,
                activity_id=activity,
                state=state,
                attempts=tries,
                score=score,
                score_max=Decimal(100),
                score_visible=True,
                submitted_at=at,
                graded_at=at,
                completed_at=completed_at,
                digest="-",
                observed_at=NOW,
            )
        )

    def _add(self, row: T) -> T:
        self.session.add(row)
        self.session.flush()
        return row


def build(session: Session) -> Course:
    """Write the course and return its ids."""
    make = Builder(session)
    registration, deployment = make.academy("Dati")
    context = make.context(deployment, "Fondamenti di Data Analysis")
    other_context = make.context(deployment, "Statistica")
    far_registration, far_deployment = make.academy("Arti")
    far_context = make.context(far_deployment, "Disegno")
    quiz_1 = make.activity(context, "Quiz 1: Primi passi", "quiz", 1)
    quiz_2 = make.activity(context, "Quiz 2: Pulizia dei dati", "quiz", 2)
    task_2 = make.activity(context, "Compito 2", "assignment", 3, due=7)
    people = {
        name: make.member(registration, context, full)
        for name, full in (("ada", "Ada Rossi"), ("bruno", "Bruno Marchi"), ("bice", "Bice Conti"))
    }
    clara = make.member(registration, context, "Clara Villa", "tutor")
    carlo = make.member(registration, context, "Carlo Neri", "tutor")
    dario = make.member(registration, other_context, "Dario Leone")
    eva = make.member(far_registration, far_context, "Eva Ferri")
    make.passes(people["ada"], quiz_1, 20)
    make.fails(people["ada"], quiz_2, [(14, "42"), (12, "45"), (9, "41")])
    make.came(people["ada"], [28, 26, 25, 23, 22, 20, 18, 16, 14, 12, 9])
    make.passes(people["bruno"], quiz_1, 22)
    make.passes(people["bruno"], quiz_2, 4, tries=3)
    make.passes(people["bice"], quiz_1, 24)
    make.passes(people["bice"], quiz_2, 8)
    for helper in (people["bruno"], people["bice"]):
        make.came(helper, [27, 24, 22, 19, 16, 13, 10, 8, 4, 2, 1])
    others = []
    for number, name in enumerate(OTHERS):
        other = make.member(registration, context, name)
        make.passes(other, quiz_1, 21 - number % 4)
        make.came(other, [26, 23, 20, 17, 14, 11, 8, 5, 3, 1])
        if number % 2:
            make.passes(other, quiz_2, 6 + number)
        others.append(other)
    session.flush()
    return Course(
        context=context,
        clara=clara,
        carlo=carlo,
        dario=dario,
        eva=eva,
        eva_context=far_context,
        dario_context=other_context,
        others=others,
        quiz_1=quiz_1,
        quiz_2=quiz_2,
        task_2=task_2,
        registration=registration,
        **people,
    )


def offers_help(
    session: Session, member: int, activity: int, *, capacity: int = 1, shows_attempts: bool = False
) -> int:
    """Let a member offer help with an activity, as the form in the panel does."""
    return offers.offer_help(
        session,
        member,
        activity,
        capacity=capacity,
        words="Mi ero bloccato sui duplicati. Ho un esempio che chiarisce tutto.",
        languages=["it"],
        windows=["evenings"],
        now=NOW,
        shows_attempts=shows_attempts,
    )


def stalls(session: Session, course: Course, member: int, *helpers: int, activity: int | None = None) -> list[int]:
    """Open an episode with proposals, as a sweep does, and return the ids of the matches in their order."""
    episode = Episode(
        context_id=course.context,
        membership_id=member,
        activity_id=activity or course.quiz_2,
        kind="stuck",
        confidence=0.8,
        probability=0.64,
        reasons=[
            {"code": "base", "facts": {}, "weight": -1.0},
            {"code": "silent", "facts": {"days": 9, "usual_per_week": 4}, "weight": 0.7},
            {
                "code": "failed_attempts",
                "facts": {"activity_id": course.quiz_2, "attempts": 3, "days": 5, "best": 0.45, "pass_share": 0.6},
                "weight": 1.2,
            },
        ],
        state="offered" if helpers else "open",
        since=NOW - timedelta(days=9),
        opened_at=NOW,
        updated_at=NOW,
    )
    session.add(episode)
    session.flush()
    matches = []
    for rank, helper in enumerate(helpers):
        match = Match(
            context_id=course.context,
            episode_id=episode.id,
            helper_id=helper,
            activity_id=activity or course.quiz_2,
            rank=rank,
            score=1.0,
            reasons=["passed_lately"],
            state="proposed",
            proposed_at=NOW,
        )
        session.add(match)
        session.flush()
        matches.append(match.id)
    return matches


@contextmanager
def written(db: Database) -> Iterator[tuple[Session, Course]]:
    """Open a transaction with a fresh course in it."""
    with db.writing() as session:
        yield session, build(session)
