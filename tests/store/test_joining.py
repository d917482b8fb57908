"""Two entries of one person become one; switching from LTI alone to web services doubles nobody and nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lms_clients.base import Capabilities
from lms_clients.records import (
    Access,
    Activity,
    ActivityKind,
    CourseSnapshot,
    Learner,
    Part,
    Role,
    Source,
)
from lti_app import models
from lti_app.db import Database
from lti_app.models import (
    ActiveDay,
    ActivityProgress,
    Attempt,
    AuditEntry,
    Base,
    Context,
    Episode,
    Feeling,
    HelpOffer,
    Match,
    Membership,
    Person,
    Post,
    Prompt,
    Registration,
    Thread,
    ThreadSeen,
)
from lti_app.store import posting, proofs
from lti_app.store.cohorts import load_cohort
from lti_app.store.connections import save_connection
from lti_app.store.joining import _binds_like_a_key, join_persons, same_name
from lti_app.store.snapshots import load_known, save_snapshot
from tests.store.told import ADA, BRUNO, NOW, QUIZ, ago, changed, course, learner, make_academy, make_course

SUB = "0f2c-ada"


@pytest.fixture
def context_id(db: Database) -> int:
    with db.writing() as session:
        return make_course(session, make_academy(session))


def unnamed_course() -> CourseSnapshot:
    """The course as Canvas tells it: nobody's ``sub`` is known."""
    return changed(course(), learners=tuple(replace(one, lti_sub=None) for one in course().learners))


def save(db: Database, context_id: int, snapshot: CourseSnapshot, at: Any = NOW) -> None:
    with db.writing() as session:
        save_snapshot(session, context_id, snapshot, at)


def who(session: Any, api_id: str) -> Membership:
    query = select(Membership).join(Person, Person.id == Membership.person_id).where(Person.api_id == api_id)
    return session.scalars(query).one()


def ada_launches(db: Database, context_id: int) -> int:
    """Ada opens a panel, writes a post and says how it goes; returns the membership of her launches."""
    with db.writing() as session:
        registration = session.scalars(select(Registration)).one()
        person = Person(
            registration_id=registration.id, id_on_platform=SUB, name="Ada Bianchi", email="ada@example.org",
            display_name="Ada", created_at=ago(days=1),
        )  # fmt: skip
        session.add(person)
        session.flush()
        member = Membership(
            context_id=context_id, person_id=person.id, role="learner", raw_roles=["Learner"], state="active",
            launched_at=ago(days=1), settings={"scheme": "dark"}, created_at=ago(days=1),
        )  # fmt: skip
        session.add(member)
        session.flush()
        session.add(ActiveDay(membership_id=member.id, day=date(2026, 11, 10), proofs=proofs.LAUNCH))
        thread = Thread(
            context_id=context_id, author_id=member.id, title="Ciao", created_at=ago(days=1), moved_at=ago(days=1)
        )
        session.add(thread)
        session.flush()
        session.add(Post(thread_id=thread.id, author_id=member.id, body="Ciao!", created_at=ago(days=1)))
        session.add(ThreadSeen(thread_id=thread.id, membership_id=member.id, seen_at=ago(days=1)))
        session.add(Feeling(membership_id=member.id, said="too_hard", at=ago(days=1)))
        session.add(
            AuditEntry(academy_id=1, actor_id=person.id, about_id=person.id, what="moderation_warn", facts={}, at=NOW)
        )
        return member.id


def an_episode(session: Any, context_id: int, membership_id: int) -> Episode:
    row = Episode(
        context_id=context_id, membership_id=membership_id, kind="stuck", probability=0.6, reasons=[],
        opened_at=ago(hours=3), updated_at=ago(hours=3),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def join(db: Database, launched_id: int) -> None:
    with db.writing() as session:
        keep = session.get_one(Membership, launched_id).person_id
        join_persons(session, keep, who(session, ADA).person_id, NOW)


def test_what_launches_and_what_the_lms_told_of_ada_come_together(db: Database, context_id: int) -> None:
    save(db, context_id, unnamed_course())
    launched = ada_launches(db, context_id)
    with db.writing() as session:
        told = who(session, ADA)
        quiz = session.scalars(select(models.Activity).where(models.Activity.api_id == QUIZ)).one()
        session.add(HelpOffer(membership_id=told.id, activity_id=quiz.id, offered_at=NOW))
        an_episode(session, context_id, told.id)
        rows = {model: _count(session, model, told.id) for model in (ActivityProgress, Attempt)}
        groups = _count(session, models.GroupMember, told.id)
    join(db, launched)
    with db.reading() as session:
        ada = who(session, ADA)
        person = session.get_one(Person, ada.person_id)
        assert (ada.id, person.id_on_platform, person.email, person.display_name) == (
            launched, SUB, "ada@example.org", "Ada",
        )  # fmt: skip
        assert (ada.last_access_at, ada.launched_at, ada.lms_mark) == (ago(days=10), ago(days=1), "a1")
        assert ada.settings == {"scheme": "dark"}
        assert {model: _count(session, model, launched) for model in rows} == rows
        assert _count(session, models.GroupMember, launched) == groups == 1
        assert _count(session, HelpOffer, launched) == 1
        assert session.scalars(select(Episode.membership_id)).one() == launched
        assert session.scalars(select(Post.author_id)).one() == launched
        assert session.scalars(select(AuditEntry.actor_id)).one() == person.id
        # Proven by a try and by a launch: one day, both proofs.
        day = session.scalars(select(ActiveDay).filter_by(membership_id=launched, day=date(2026, 11, 10))).one()
        assert day.proofs & proofs.LAUNCH
        assert day.proofs & proofs.ATTEMPT
        assert session.scalar(select(func.count()).select_from(Person)) == 4
        assert session.scalar(select(func.count()).select_from(Membership)) == 4


def _count(session: Any, model: Any, membership_id: int) -> int:
    return session.scalar(select(func.count()).select_from(model).where(model.membership_id == membership_id)) or 0


def test_the_next_reading_changes_nothing_more(db: Database, context_id: int) -> None:
    save(db, context_id, unnamed_course())
    join(db, ada_launches(db, context_id))
    with db.writing() as session:
        counts = save_snapshot(session, context_id, unnamed_course(), NOW + timedelta(minutes=15))
    assert counts.rows == 0


def test_of_two_open_stalls_the_one_that_she_sees_goes_on(db: Database, context_id: int) -> None:
    save(db, context_id, unnamed_course())
    launched = ada_launches(db, context_id)
    with db.writing() as session:
        told, bruno = who(session, ADA), who(session, BRUNO)
        quiz = session.scalars(select(models.Activity).where(models.Activity.api_id == QUIZ)).one()
        hers = an_episode(session, context_id, launched).id
        other = an_episode(session, context_id, told.id)
        match = Match(
            context_id=context_id, episode_id=other.id, helper_id=bruno.id, activity_id=quiz.id, state="asked",
            proposed_at=NOW, asked_at=NOW,
        )  # fmt: skip
        session.add(match)
        session.flush()
        session.add(
            Prompt(
                key="k", context_id=context_id, episode_id=other.id, match_id=match.id, membership_id=bruno.id,
                kind="ask", made_at=NOW, due_at=NOW,
            )
        )  # fmt: skip
    join(db, launched)
    with db.reading() as session:
        states = {row.id: (row.membership_id, row.state, row.outcome) for row in session.scalars(select(Episode))}
        assert states.pop(hers) == (launched, "open", None)
        assert list(states.values()) == [(launched, "ended", "merged")]
        assert session.scalars(select(Match.state)).one() == "ended"
        assert session.scalars(select(Prompt.state)).one() == "withdrawn"


def test_her_other_courses_come_along(db: Database, context_id: int) -> None:
    save(db, context_id, unnamed_course())
    with db.writing() as session:
        deployment_id = session.get_one(Context, context_id).deployment_id
        second = make_course(session, deployment_id, 3)
        save_snapshot(session, second, unnamed_course(), NOW)
    launched = ada_launches(db, context_id)
    with db.writing() as session:
        kept = session.get_one(Membership, launched).person_id
        told = session.scalars(select(Person.id).where(Person.api_id == ADA)).one()
        join_persons(session, kept, told, NOW)
    with db.reading() as session:
        contexts = session.scalars(select(Membership.context_id).where(Membership.person_id == kept)).all()
        assert sorted(contexts) == sorted([context_id, second])


def test_two_warm_signs_on_one_post_become_one(db: Database, context_id: int) -> None:
    save(db, context_id, unnamed_course())
    launched = ada_launches(db, context_id)
    with db.writing() as session:
        told, bruno = who(session, ADA), who(session, BRUNO)
        thread = posting.start_thread(session, context_id, bruno.id, "Hello", "Here I am.", NOW)
        post = session.scalars(select(models.Post.id).where(models.Post.thread_id == thread)).one()
        for membership_id in (launched, told.id):
            session.add(models.Reaction(membership_id=membership_id, post_id=post, created_at=NOW))
    join(db, launched)
    with db.reading() as session:
        assert session.scalars(select(models.Reaction.membership_id)).all() == [launched]


def test_every_key_that_binds_a_member_is_one_that_joining_knows_to_settle() -> None:
    """A partial key of a table built later would need a word of its own in ``store.joining``."""
    partial = {
        index.name
        for table in Base.metadata.sorted_tables
        for index in table.indexes
        if index.unique
        and not _binds_like_a_key(index)
        and any(
            key.target_fullname in ("membership.id", "person.id")
            for column in index.columns
            for key in column.foreign_keys
        )
    }
    assert partial == {"uq_circle_member_live", "uq_episode_open"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ana Šimić", "ana  šimić", True),
        ("Jose\u0301 Garcia", "Jos\u00e9 Garcia", True),
        (None, "Ada", True),
        ("Ada Bianchi", "Bruno Conti", False),
    ],
)
def test_names_contradict_only_when_they_differ(one: str | None, other: str | None, same: bool) -> None:
    assert same_name(one, other) is same


def lti_only(*subs: tuple[str, str]) -> CourseSnapshot:
    """What NRPS and the tool's own gradebook column tell."""
    people = tuple(
        Learner(
            sub, lti_sub=sub, name=name, roles=frozenset({Role.LEARNER}), enrolments=course().learners[0].enrolments
        )
        for sub, name in subs
    )
    column = Activity(
        "https://lms1.example.org/lineitems/7", ActivityKind.LTI, "Partecipazione", "lineitem", tracked=False
    )
    return changed(
        course(),
        read=frozenset({Part.COURSE, Part.ROSTER, Part.ACCESS, Part.STRUCTURE}),
        learners=people,
        activities=(replace(column, points_possible=course().activities[2].points_possible),),
        progress=(), attempts=(), groups=(), modules=(), grades=(), marks={}, detailed=frozenset(),
        access=(Access(subs[0][0], ago(days=1)),),
    )  # fmt: skip


def connects(db: Database, context_id: int, kind: str) -> None:
    with db.writing() as session:
        registration_id = session.scalars(select(Registration.id)).one()
        told = Capabilities(Source.CANVAS if kind == "canvas" else Source.MOODLE)
        save_connection(session, registration_id, kind, "https://lms1.example.org", "sealed", told, NOW)
        _, cursor, _ = load_known(session, context_id)
        assert cursor == {}


def test_a_moodle_read_by_lti_alone_and_then_by_web_services_has_the_same_people(db: Database, context_id: int) -> None:
    save(db, context_id, lti_only((ADA, "Ada Bianchi"), (BRUNO, "Bruno Conti")))
    with db.reading() as session:
        before = {ADA: who(session, ADA).id, BRUNO: who(session, BRUNO).id}
    connects(db, context_id, "moodle")
    save(db, context_id, course())
    with db.reading() as session:
        assert {ADA: who(session, ADA).id, BRUNO: who(session, BRUNO).id} == before
        assert session.scalar(select(func.count()).select_from(Person)) == 4
        titles = [activity.title for activity in load_cohort(session, context_id, NOW).activities]
    # The tool's own column was all there was before; now the course's own work stands in its place.
    assert titles == ["Benvenuti", "Quiz 1", "Relazione"]


def test_a_canvas_read_by_lti_alone_and_then_by_rest_has_the_same_people(db: Database, context_id: int) -> None:
    save(db, context_id, lti_only((SUB, "Ada Bianchi"), ("9b1d-bruno", "Bruno Conti")))
    connects(db, context_id, "canvas")
    with db.reading() as session:
        _, _, known = load_known(session, context_id)
        assert known.unnamed == {SUB, "9b1d-bruno"}
        before = session.scalars(select(Membership.id).order_by(Membership.id)).all()
    # Canvas tells of Ada at once who she is, of Bruno only at a later look.
    first = unnamed_course()
    ada = replace(first.learners[0], lti_sub=SUB)
    save(db, context_id, changed(first, learners=(ada, *first.learners[1:])))
    with db.reading() as session:
        assert (who(session, ADA).id, load_known(session, context_id)[2].unnamed) == (before[0], {"9b1d-bruno"})
    bruno = replace(first.learners[1], lti_sub="9b1d-bruno")
    save(db, context_id, changed(first, learners=(ada, bruno, *first.learners[2:])), NOW + timedelta(minutes=15))
    with db.reading() as session:
        assert who(session, BRUNO).id == before[1]
        assert session.scalar(select(func.count()).select_from(Person)) == 4
        quiz = session.scalars(
            select(ActivityProgress.state)
            .join(models.Activity, models.Activity.id == ActivityProgress.activity_id)
            .where(ActivityProgress.membership_id == before[1], models.Activity.api_id == QUIZ)
        ).one()
        assert quiz == "passed"


def test_without_its_connection_a_canvas_goes_on_over_lti_and_forgets_no_id(db: Database, context_id: int) -> None:
    first = unnamed_course()
    save(db, context_id, changed(first, learners=(replace(first.learners[0], lti_sub=SUB), *first.learners[1:])))
    save(db, context_id, lti_only((SUB, "Ada Bianchi")), NOW + timedelta(hours=1))
    with db.reading() as session:
        assert session.get_one(Person, who(session, ADA).person_id).id_on_platform == SUB


def test_somebody_elses_launches_are_never_merged_away(db: Database, context_id: int) -> None:
    """Canvas says that an id belongs to another ``sub`` than we thought: the id moves, the people stay two."""
    save(
        db,
        context_id,
        changed(course(), learners=(learner(ADA, "Ada Bianchi", lti_sub="sub-one"), *course().learners[1:])),
    )
    with db.writing() as session:
        registration_id = session.scalars(select(Registration.id)).one()
        session.add(Person(registration_id=registration_id, id_on_platform="sub-two", created_at=NOW))
    save(
        db,
        context_id,
        changed(course(), learners=(learner(ADA, "Ada Bianchi", lti_sub="sub-two"), *course().learners[1:])),
    )
    with db.reading() as session:
        names = session.execute(select(Person.id_on_platform, Person.api_id).where(Person.id_on_platform.like("sub-%")))
        assert sorted(map(tuple, names), key=lambda pair: str(pair[0])) == [("sub-one", None), ("sub-two", ADA)]
