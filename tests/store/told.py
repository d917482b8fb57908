"""A small course as an LMS tells it: Ada, Bruno and Eva learn, Clara teaches; tests change what they need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from lms_clients.records import (
    Access,
    Activity,
    ActivityKind,
    ActivityState,
    Attempt,
    Course,
    CourseGrade,
    CourseRef,
    CourseSnapshot,
    CourseState,
    Enrolment,
    EnrolmentState,
    Group,
    Learner,
    LearnerProgress,
    Module,
    Part,
    Role,
)
from lti_app.models import Academy, Context, Deployment, LmsConnection, Registration
from lti_app.sealing import seal_text

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
ADA, BRUNO, EVA, CLARA = "3", "4", "5", "43"
QUIZ, ESSAY, PAGE = "5", "9", "2"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def enrolled(state: EnrolmentState = EnrolmentState.ACTIVE) -> tuple[Enrolment, ...]:
    return (Enrolment(state=state, raw_state=str(state), enrolled_at=ago(days=40)),)


def learner(api_id: str, name: str, role: Role = Role.LEARNER, **more: Any) -> Learner:
    told: dict[str, Any] = {"enrolments": enrolled(), "lti_sub": api_id, "roles": frozenset({role}), "name": name}
    return Learner(api_id, **(told | more))


def progress(who: str, what: str, state: ActivityState, **more: Any) -> LearnerProgress:
    return LearnerProgress(who, what, state, observed_at=NOW, **more)


def course() -> CourseSnapshot:
    """Ada has failed the quiz twice and is silent; Bruno passed it; Eva handed in an essay; nobody saw Eva before."""
    ref = CourseRef(api_id="2", lti_context_id="2")
    return CourseSnapshot(
        course=Course(
            ref, "Fondamenti di Data Analysis", "FDA-2026", time_zone="Europe/Rome", state=CourseState.ACTIVE
        ),
        taken_at=NOW,
        complete=True,
        cursor={"since": "1795169537"},
        read=frozenset(Part) - {Part.COUNTS},
        learners=(
            learner(ADA, "Ada Bianchi"),
            learner(BRUNO, "Bruno Conti"),
            learner(EVA, "Eva D’Amico"),
            learner(CLARA, "Clara Docente", Role.INSTRUCTOR),
        ),
        groups=(Group("1", "Gruppo A", member_ids=frozenset({ADA, BRUNO})),),
        modules=(Module("11", "Settimana 1", 1),),
        activities=(
            Activity(PAGE, ActivityKind.PAGE, "Benvenuti", "page", "11", None, 0, tracked=True),
            Activity(
                QUIZ, ActivityKind.QUIZ, "Quiz 1", "quiz", "11", None, 1,
                due_at=ago(days=3), points_possible=Decimal(10), pass_points=Decimal(6), tracked=True,
            ),
            Activity(
                ESSAY, ActivityKind.ASSIGNMENT, "Relazione", "assign", "11", None, 2,
                points_possible=Decimal(100), tracked=True, tutor_marked=True,
            ),
        ),
        progress=(
            progress(ADA, PAGE, ActivityState.COMPLETED, completed_at=ago(days=20)),
            progress(ADA, QUIZ, ActivityState.FAILED, attempts=2, score=Decimal("4.5"), score_max=Decimal(10)),
            progress(ADA, ESSAY, ActivityState.NOT_STARTED),
            progress(
                BRUNO, QUIZ, ActivityState.PASSED, score=Decimal(9), score_max=Decimal(10), completed_at=ago(days=5)
            ),
            progress(EVA, ESSAY, ActivityState.SUBMITTED, submitted_at=ago(days=4), needs_grading=True),
        ),
        attempts=(
            Attempt(ADA, QUIZ, 1, ago(days=12, hours=1), ago(days=12), "finished", Decimal(3), Decimal(10), False),
            Attempt(ADA, QUIZ, 2, ago(days=10, hours=1), ago(days=10), "finished", Decimal("4.5"), Decimal(10), False),
            Attempt(BRUNO, QUIZ, 1, ago(days=5, hours=1), ago(days=5), "finished", Decimal(9), Decimal(10), True),
        ),
        access=(
            Access(ADA, ago(days=10), never=False),
            Access(BRUNO, ago(hours=2), never=False),
            Access(EVA, ago(days=4), never=False),
        ),
        grades=(CourseGrade(BRUNO, Decimal(45), None, Decimal(100)),),
        detailed=frozenset({ADA, BRUNO, EVA}),
        marks={ADA: "a1", BRUNO: "b1", EVA: "e1"},
    )  # fmt: skip


def changed(snapshot: CourseSnapshot, **what: Any) -> CourseSnapshot:
    return replace(snapshot, **what)


def make_academy(session: Session, number: int = 1, *, connected_to: str | None = None, secret_key: str = "") -> int:
    """Add an academy with one platform and one deployment and return the deployment's id."""
    academy = Academy(name=f"Accademia {number}", created_at=NOW)
    session.add(academy)
    session.flush()
    site = f"https://lms{number}.example.org"
    registration = Registration(
        academy_id=academy.id, name=academy.name, issuer=site, client_id=f"client{number}",
        auth_login_url=f"{site}/auth", auth_token_url=f"{site}/token", jwks_url=f"{site}/jwks", created_at=NOW,
    )  # fmt: skip
    session.add(registration)
    session.flush()
    if connected_to is not None:
        sealed = seal_text("a token", secret_key)
        session.add(
            LmsConnection(
                registration_id=registration.id, kind="moodle", base_url=connected_to, secret=sealed, created_at=NOW
            )
        )
    deployment = Deployment(registration_id=registration.id, academy_id=academy.id, id_on_platform="1", created_at=NOW)
    session.add(deployment)
    session.flush()
    return deployment.id


def make_course(session: Session, deployment_id: int, number: int = 2, due_at: datetime | None = NOW) -> int:
    """Add a course that was launched once and is due; returns its id."""
    context = Context(
        deployment_id=deployment_id, id_on_platform=str(number), title=f"Corso {number}", created_at=NOW,
        launched_at=ago(minutes=1), sync_due_at=due_at,
    )  # fmt: skip
    session.add(context)
    session.flush()
    return context.id
