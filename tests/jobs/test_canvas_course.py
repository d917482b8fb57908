"""A whole Canvas course from HTTP to rows: who is in it, what they did, and what Canvas does not say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from lms_clients.canvas.oauth import CanvasSecret
from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs.connections import client_for
from lti_app.jobs.sync import SyncSummary, sync_context
from lti_app.models import Activity, ActivityProgress, Context, LmsConnection, Membership, Person, SyncGap
from lti_app.sealing import open_text
from lti_app.store.cohorts import load_cohort
from tests.conftest import StillClock
from tests.jobs.canvas import CanvasHouse, canvas_house
from tests.lms_clients.fake_canvas import COURSE_PATH, body, error
from tests.lms_clients.server import Reply
from tests.store.told import NOW

ANA, WANG, SEAN = "123", "124", "10000000000125"


@pytest.fixture
def canvas(db: Database, house: House) -> Iterator[CanvasHouse]:
    with canvas_house(db, house) as made:
        yield made


def sync(canvas: CanvasHouse) -> SyncSummary:
    summary = sync_context(canvas.house, canvas.context_id)
    assert summary is not None
    return summary


def people(db: Database) -> dict[str, tuple[Person, Membership]]:
    with db.reading() as session:
        rows = session.execute(select(Person, Membership).join(Membership, Membership.person_id == Person.id)).all()
        session.expunge_all()
    return {str(person.api_id or person.id_on_platform): (person, member) for person, member in rows}


def progress(db: Database) -> dict[tuple[str, str], ActivityProgress]:
    with db.reading() as session:
        rows = session.execute(
            select(Person.api_id, Activity.api_id, ActivityProgress)
            .join(Membership, Membership.id == ActivityProgress.membership_id)
            .join(Person, Person.id == Membership.person_id)
            .join(Activity, Activity.id == ActivityProgress.activity_id)
        ).all()
        session.expunge_all()
    return {(str(who), what): row for who, what, row in rows}


def test_a_course_comes_in_whole(canvas: CanvasHouse) -> None:
    summary = sync(canvas)
    assert (summary.state, summary.error) == ("done", None)
    with canvas.db.reading() as session:
        course = session.get_one(Context, canvas.context_id)
        assert (course.title, course.api_id, course.time_zone, course.state) == (
            "Grundlagen", "565", "Europe/Berlin", "active",
        )  # fmt: skip
    found = people(canvas.db)
    # Ana sits in two sections and is one person; Seán's enrolment is inactive, which Canvas means as suspended.
    assert {who: member.state for who, (_, member) in found.items()} == {
        ANA: "active", WANG: "active", SEAN: "suspended",
    }  # fmt: skip
    assert found[WANG][1].never_accessed is True
    assert found[WANG][0].name == "王小明"
    rows = progress(canvas.db)
    essay, quiz, talk = rows[ANA, "40"], rows[ANA, "41"], rows[ANA, "43"]
    assert (essay.score, essay.attempts, essay.score_visible) == (Decimal("8.5"), 2, True)
    assert (quiz.score, quiz.score_visible) == (Decimal(17), False)
    assert talk.state == "excused"
    assert (rows[WANG, "40"].missing, rows[WANG, "40"].state) == (True, "not_started")
    assert (rows[WANG, "41"].needs_grading, rows[WANG, "41"].state) == (True, "submitted")


def test_a_second_look_at_an_unchanged_course_writes_no_row(canvas: CanvasHouse, clock: StillClock) -> None:
    sync(canvas)
    clock.at += timedelta(minutes=15)
    again = sync(canvas)
    assert again.counts is not None
    assert again.counts.rows == 0


def test_the_test_student_is_nobody(canvas: CanvasHouse) -> None:
    test = {"id": 9999, "user_id": 666, "type": "StudentViewEnrollment", "enrollment_state": "active"}
    listing = f"{COURSE_PATH}/enrollments"
    canvas.fake.instead[listing] = lambda _: Reply.of([*body("enrollments.page1"), test])
    sync(canvas)
    assert "666" not in people(canvas.db)


def test_the_learners_own_date_beats_that_of_the_class(canvas: CanvasHouse) -> None:
    own = next(row for row in canvas.fake.submissions if (row["user_id"], row["assignment_id"]) == (123, 40))
    own["cached_due_date"] = "2026-02-08T22:59:59Z"
    sync(canvas)
    assert progress(canvas.db)[ANA, "40"].due_at == datetime(2026, 2, 8, 22, 59, 59, tzinfo=UTC)
    assert progress(canvas.db)[WANG, "40"].due_at is None


def test_what_is_graded_anonymously_stays_a_gap_and_nobodys_idleness(canvas: CanvasHouse, clock: StillClock) -> None:
    for row in canvas.fake.submissions:
        if row["assignment_id"] == 40:
            row.update(user_id=None, anonymous_id="a1B2c")
    for _ in range(2):
        # The second look asks only about those who moved: nobody.
        sync(canvas)
        clock.at += timedelta(minutes=15)
    assert not [key for key in progress(canvas.db) if key[1] == "40"]
    with canvas.db.reading() as session:
        gap = session.scalars(select(SyncGap).where(SyncGap.what == "submissions:40")).one()
        assert gap.reason == "unsupported"
        cohort = load_cohort(session, canvas.context_id, NOW)
    assert not any("submissions" in str(known) for learner in cohort.learners for known in learner.known)


@pytest.mark.parametrize("name", ["403_throttled.txt", "429_throttled.txt"])
def test_a_throttle_is_waited_out_and_never_looks_like_idleness(canvas: CanvasHouse, name: str) -> None:
    canvas.lms.queue.append(error(name))
    assert sync(canvas).state == "done"
    assert len(people(canvas.db)) == 3


def test_a_canvas_that_throttles_all_the_time_leaves_the_old_snapshot_and_is_left_alone(
    canvas: CanvasHouse, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(canvas)
    before = progress(canvas.db).keys()
    clock.at += timedelta(minutes=20)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    canvas.lms.queue += [error("429_throttled.txt")] * 40
    summary = sync(canvas)
    assert (summary.state, summary.error) == ("failed", "throttled")
    assert progress(canvas.db).keys() == before
    with canvas.db.reading() as session:
        paused = session.scalars(select(LmsConnection.paused_until)).one()
        assert paused is not None
        assert paused > clock.now()
        assert session.get_one(Context, canvas.context_id).synced_at == NOW


def test_a_deleted_course_is_asked_more_and_more_rarely(canvas: CanvasHouse, clock: StillClock) -> None:
    sync(canvas)
    rows = len(progress(canvas.db))
    gone = f"{COURSE_PATH}".replace("565", "lti_context_id:ctx")
    canvas.fake.instead[gone] = lambda _: error("404_not_found")
    waits = []
    for _ in range(7):
        clock.at += timedelta(hours=8)
        assert sync(canvas).error == "not_found"
        with canvas.db.reading() as session:
            due = session.get_one(Context, canvas.context_id).sync_due_at
        waits.append(due - clock.now() if due is not None else None)
    assert waits[-1] is None
    assert waits[0] is not None
    assert waits[4] is not None
    assert waits[4] > waits[0]
    assert len(progress(canvas.db)) == rows


def test_somebody_who_launched_first_is_the_same_person_and_not_a_second_one(canvas: CanvasHouse) -> None:
    with canvas.db.writing() as session:
        ana = Person(registration_id=canvas.registration_id, id_on_platform="sub-ana", name="Ana Šimić", created_at=NOW)
        session.add(ana)
        session.flush()
        session.add(
            Membership(
                context_id=canvas.context_id, person_id=ana.id, role="learner", raw_roles=[], state="active",
                settings={"scheme": "dark"}, launched_at=NOW, created_at=NOW,
            )
        )  # fmt: skip
    canvas.fake.subs = {"sub-ana": ANA}
    sync(canvas)
    found = people(canvas.db)
    assert len(found) == 3
    person, member = found[ANA]
    assert (person.id_on_platform, person.id, member.settings) == ("sub-ana", ana.id, {"scheme": "dark"})
    assert progress(canvas.db)[ANA, "40"].score == Decimal("8.5")


def test_a_person_whose_two_names_become_known_only_later_becomes_one(canvas: CanvasHouse, clock: StillClock) -> None:
    sync(canvas)
    test_somebody_who_launched_first_is_the_same_person_and_not_a_second_one(canvas)


class Rotating:
    """A token endpoint that gives each refresh token once, as some platforms do; a second use ends the connection."""

    def __init__(self, canvas: CanvasHouse) -> None:
        self.canvas, self.asked = canvas, 0
        self.lock = threading.Lock()
        canvas.fake.good_tokens = set()
        canvas.fake.instead["/login/oauth2/token"] = self

    def __call__(self, request: Any) -> Reply:
        with self.lock:
            self.asked += 1
            if f"refresh-{self.asked}" not in request.body.decode():
                return Reply.of({"error": "invalid_grant"}, 400)
            token = f"token-{self.asked}"
            self.canvas.fake.good_tokens.add(token)
            granted = {"access_token": token, "refresh_token": f"refresh-{self.asked + 1}", "expires_in": 3600}
        threading.Event().wait(0.3)
        return Reply.of(granted)


def test_two_workers_whose_token_runs_out_at_once_renew_it_once(canvas: CanvasHouse) -> None:
    canvas.keep(CanvasSecret("old", "refresh-1", "10000001", "key"))
    endpoint = Rotating(canvas)
    clients = [client_for(canvas.house, canvas.registration_id) for _ in range(2)]
    told: list[str] = []
    workers = [threading.Thread(target=lambda c=client: told.append(c.capabilities().identity)) for client in clients]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for client in clients:
        client.close()
    assert len(told) == 2
    assert endpoint.asked == 1
    with canvas.db.reading() as session:
        row = session.scalars(select(LmsConnection)).one()
        kept = CanvasSecret.read(open_text(row.secret, canvas.house.settings.secret_key))
        assert row.renewing_until is None
    assert (kept.access_token, kept.refresh_token) == ("token-1", "refresh-2")


def test_a_worker_that_died_while_renewing_does_not_lock_the_others_out(canvas: CanvasHouse) -> None:
    canvas.keep(CanvasSecret("old", "refresh-1", "10000001", "key"))
    Rotating(canvas)
    with canvas.db.writing() as session:
        row = session.scalars(select(LmsConnection)).one()
        row.renewing_until = datetime.now(UTC) + timedelta(seconds=0.5)
    assert sync(canvas).state == "done"


def test_a_withdrawn_consent_is_said_and_the_old_snapshot_stays(canvas: CanvasHouse, clock: StillClock) -> None:
    sync(canvas)
    canvas.fake.good_tokens = set()
    canvas.fake.instead["/login/oauth2/token"] = lambda _: Reply.of({"error": "invalid_grant"}, 400)
    clock.at += timedelta(minutes=20)
    assert sync(canvas).error == "reauthorise"
    assert len(people(canvas.db)) == 3
    with canvas.db.reading() as session:
        assert session.scalars(select(LmsConnection.status)).one() == "reauthorise"
