"""How it goes: Ada says it with one tap, Clara reads numbers from five people up, and what changed comes back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import Change, Feeling, MoodSaid, Notification, Report, Survey, SurveyAnswer, SurveyDone, Thread
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.lively import token_of
from tests.sweep.course import Course

As = Callable[..., Somebody]
SURVEY = {
    "title": "Half-way", "words": "", "anonymous": "yes", "days": "7", "kind_0": "scale", "question_0": "How clear?",
    "kind_1": "words", "question_1": "What else?",
}  # fmt: skip


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """A page is drawn the same from either database; what the store does there is tested on both."""
    return sqlite_url


def rows(db: Database, what: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def told(db: Database, kind: str) -> set[int]:
    with db.reading() as session:
        return set(session.scalars(select(Notification.membership_id).where(Notification.kind == kind)))


def number_in(answer: object, place: str) -> int:
    found = re.search(rf"/pulse/{place}/(\d+)", answer.headers.get("Location", "") or answer.text)  # type: ignore[attr-defined]
    assert found is not None
    return int(found.group(1))


def test_one_tap_and_then_a_word_are_one_answer(as_: As, course: Course, db: Database) -> None:
    bruno = as_(course.bruno)
    assert "How was Quiz 2: Pulizia dei dati?" in bruno.opens("pulse").text
    tapped = bruno.sends("pulse/feeling", htmx=True, activity_id=course.quiz_2, feeling="too_hard")
    assert "Thank you: “too hard”" in tapped.text
    assert "A word on it" in tapped.text
    bruno.sends("pulse/feeling", htmx=True, activity_id=course.quiz_2, feeling="too_hard", words="The third page")
    with db.reading() as session:
        assert session.scalars(select(Feeling.words)).all() == ["The third page"]
    assert "How was Quiz 2" not in bruno.opens("pulse").text
    assert bruno.sends("pulse/feeling", activity_id=course.quiz_2, feeling="awful").status_code == 400
    assert as_(course.dario).sends("pulse/feeling", activity_id=course.quiz_2, feeling="too_hard").status_code == 404


def test_a_mood_is_ada_s_own_until_she_shares_it(as_: As, course: Course, db: Database) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    assert "Only you can read it." in ada.sends("pulse/mood", htmx=True, mood="low").text
    assert "Ada Rossi" not in clara.opens("pulse").text
    shared = ada.sends("pulse/mood", htmx=True, mood="low", words="A <i>hard</i> week", shared="yes")
    assert "Your tutors can read it." in shared.text
    assert rows(db, MoodSaid) == 1
    page = clara.opens("pulse").text
    assert "Ada Rossi: low" in page
    assert "A &lt;i&gt;hard&lt;/i&gt; week" in page
    assert "&lt;i&gt;hard" not in as_(course.bruno).opens("pulse").text
    with db.reading() as session:
        mood = session.scalars(select(MoodSaid.id)).one()
    assert as_(course.bruno).sends(f"pulse/mood/{mood}/forget").status_code == 404
    assert as_(course.bruno).sends(f"pulse/mood/{mood}/seen").status_code == 404
    clara.sends(f"pulse/mood/{mood}/seen")
    assert "Ada Rossi: low" not in clara.opens("pulse").text
    ada.sends(f"pulse/mood/{mood}/forget", htmx=True)
    assert rows(db, MoodSaid) == 0
    assert ada.sends("pulse/mood", mood="furious").status_code == 400


def test_after_several_heavy_moods_a_person_is_offered_and_comes_only_when_asked(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada = as_(course.ada)
    for days, mood in enumerate(("tired", "low", "low")):
        clock.offset = timedelta(days=days)
        page = ada.sends("pulse/mood", htmx=True, mood=mood).text
        assert ("It has not been easy lately." in page) is (days == 2)
    assert told(db, "wants_person") == set()
    assert "Ada Rossi" not in as_(course.clara).opens("pulse").text
    ada.sends("pulse/person", htmx=True)
    ada.sends("pulse/person", htmx=True)
    assert told(db, "wants_person") == {course.clara, course.carlo}
    page = as_(course.clara).opens("pulse").text
    assert "Ada Rossi: low" in page
    assert "would like a tutor to write" in page
    assert "It has not been easy lately." not in ada.opens("pulse").text


def test_words_of_harm_in_a_mood_reach_a_person_at_once(as_: As, course: Course, db: Database) -> None:
    as_(course.ada).sends("pulse/mood", mood="low", words="voglio farla finita")
    with db.reading() as session:
        assert session.scalars(select(Report)).one().about_id == course.ada
    assert told(db, "crisis") == {course.clara, course.carlo}


def test_home_asks_how_ada_is_and_then_leaves_her_alone_for_days(as_: As, course: Course, clock: StillClock) -> None:
    dario = as_(course.dario)
    assert "How are you?" in dario.opens("home").text
    dario.sends("pulse/mood", mood="well")
    assert "How are you?" not in dario.opens("home").text
    clock.offset = timedelta(days=3, hours=1)
    assert "How are you?" in dario.opens("home").text
    assert "How are you?" not in as_(course.clara).opens("home").text


def test_clara_asks_five_answer_and_nobody_can_tell_who(as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara)
    survey = number_in(clara.sends("pulse/survey/new", form_key="s", **SURVEY), "survey")
    assert number_in(clara.sends("pulse/survey/new", form_key="s", **SURVEY), "survey") == survey
    assert rows(db, Survey) == 1
    assert len(told(db, "survey_new")) == 11
    page = as_(course.ada).opens(f"pulse/survey/{survey}").text
    assert "Nobody can tell what you answered" in page
    scale, words = re.findall(r'name="q-(\d+)"', page)[0], re.findall(r'name="q-(\d+)"', page)[-1]
    people = [course.ada, course.bruno, course.bice, *course.others[:2]]
    for who in people:
        assert "Too few answers" in clara.opens(f"pulse/survey/{survey}").text
        said = {f"q-{scale}": "4", f"q-{words}": "<b>More</b> time"}
        assert "Thank you for your answers." in as_(who).sends(f"pulse/survey/{survey}/answer", **said).text
    as_(course.ada).sends(f"pulse/survey/{survey}/answer", **{f"q-{scale}": "1"})
    assert (rows(db, SurveyDone), rows(db, SurveyAnswer)) == (5, 10)
    results = clara.opens(f"pulse/survey/{survey}").text
    assert "on average 4.0 of 5" in results
    assert "&lt;b&gt;More&lt;/b&gt; time" in results
    for name in ("Ada", "Bruno", "Bice"):
        assert name not in results.split("<main")[1]
    learner = as_(course.ada).opens(f"pulse/survey/{survey}").text
    assert "on average 4.0 of 5" in learner
    assert "More" not in learner.split("<main")[1]
    assert "on average" not in as_(course.others[5]).opens(f"pulse/survey/{survey}").text
    clara.sends(f"pulse/survey/{survey}/close")
    late = as_(course.others[5]).sends(f"pulse/survey/{survey}/answer", **{f"q-{scale}": "4"})
    assert late.status_code == 422
    assert "closed in the meantime" in late.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "it cannot be empty"),
        ({"question_0": "", "question_1": ""}, "Put at least one question."),
        ({"kind_0": "choice", "options_0": "only one"}, "From 2 to 8 answers"),
        ({"question_0": "x" * 201}, "too long"),
    ],
)
def test_a_survey_that_cannot_be_put_comes_back_as_it_was(
    as_: As, course: Course, db: Database, change: dict[str, str], words: str
) -> None:
    page = as_(course.clara).sends("pulse/survey/new", **(SURVEY | change))
    assert page.status_code == 422
    assert words in page.text
    assert rows(db, Survey) == 0
    assert as_(course.ada).sends("pulse/survey/new", **SURVEY).status_code == 404


def test_an_idea_finds_voices_and_a_word_of_the_tutors(as_: As, course: Course, db: Database) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    form = {"title": "A worked <b>example</b>", "body": "Before **Quiz 2**.", "form_key": "i"}
    idea = number_in(ada.sends("pulse/idea", **form), "idea")
    assert number_in(ada.sends("pulse/idea", **form), "idea") == idea
    page = bruno.opens(f"pulse/idea/{idea}").text
    assert "A worked &lt;b&gt;example&lt;/b&gt;" in page
    assert "<strong>Quiz 2</strong>" in page
    assert "What becomes of it?" not in page
    lent = bruno.sends(f"pulse/idea/{idea}/voice", htmx=True).text
    assert "1 voice for it" in lent
    assert 'id="voice" class="button" aria-pressed="true"' in lent
    assert ada.sends(f"pulse/idea/{idea}/voice").status_code == 404
    assert bruno.sends(f"pulse/idea/{idea}/status", status="done").status_code == 404
    clara.sends(f"pulse/idea/{idea}/status", htmx=True, status="planned", word="On Monday.")
    assert told(db, "idea_status") == {course.ada, course.bruno}
    listed = bruno.opens("pulse").text
    assert "planned" in listed
    assert "On Monday." in listed
    assert "Your words are there." in bruno.sends(f"pulse/idea/{idea}/comment", htmx=True, body="Yes!").text
    assert told(db, "reply") == {course.ada}
    assert clara.sends(f"pulse/idea/{idea}/status", status="loved").status_code == 400
    assert clara.sends(f"pulse/idea/{idea}/status", status="done", word="x" * 1001).status_code == 422
    faulty = ada.sends("pulse/idea", title="", body="Kept words")
    assert faulty.status_code == 422
    assert "Kept words" in faulty.text


def test_what_changed_comes_back_to_those_who_said_it(as_: As, course: Course, db: Database) -> None:
    as_(course.bruno).sends("pulse/feeling", activity_id=course.quiz_2, feeling="too_hard")
    clara = as_(course.clara)
    form = {"title": "Quiz 2 is shorter", "words": "By half.", "cause": f"activity-{course.quiz_2}", "form_key": "c"}
    clara.sends("pulse/change", **form)
    clara.sends("pulse/change", **form)
    assert rows(db, Change) == 1
    assert told(db, "changed_because") == {course.bruno}
    page = as_(course.ada).opens("pulse").text
    assert "What changed because of you" in page
    assert "how Quiz 2: Pulizia dei dati felt" in page
    assert as_(course.ada).sends("pulse/change", title="Mine").status_code == 404
    assert clara.sends("pulse/change", title="").status_code == 422
    assert clara.sends("pulse/change", title="T", cause="idea-99999").status_code == 404


def test_staff_see_numbers_from_five_people_up(as_: As, course: Course) -> None:
    people = [course.ada, course.bruno, course.bice, course.others[0]]
    for who in people:
        as_(who).sends("pulse/feeling", activity_id=course.quiz_2, feeling="too_hard", words="Too much")
        as_(who).sends("pulse/mood", mood="well")
    clara = as_(course.clara)
    page = clara.opens("pulse").text
    assert "too few answers to show" in page
    assert "too few to show" in page
    assert "Too much" not in page
    as_(course.others[1]).sends("pulse/feeling", activity_id=course.quiz_2, feeling="just_right")
    as_(course.others[1]).sends("pulse/mood", mood="low")
    page = clara.opens("pulse").text
    assert "5 people: 4 too hard, 1 just right" in page
    assert "5 people: 4 well, 1 low" in page
    assert "“Too much”" in page
    assert "too few to show" not in page


def test_dario_and_eva_see_nothing_of_it(as_: As, course: Course, db: Database) -> None:
    idea = number_in(as_(course.ada).sends("pulse/idea", title="Only here", body="Words"), "idea")
    survey = number_in(as_(course.clara).sends("pulse/survey/new", **(SURVEY | {"title": "Asked here"})), "survey")
    as_(course.clara).sends("pulse/change", title="Changed here")
    for stranger in (course.dario, course.eva):
        who = as_(stranger)
        page = who.opens("pulse").text
        for words in ("Only here", "Asked here", "Changed here"):
            assert words not in page
        for path in (
            f"pulse/idea/{idea}", f"pulse/idea/{idea}/voice", f"pulse/idea/{idea}/comment",
            f"pulse/idea/{idea}/status", f"pulse/survey/{survey}", f"pulse/survey/{survey}/answer",
            f"pulse/survey/{survey}/close",
        ):  # fmt: skip
            sent = who.sends(path, body="Hello", status="done")
            assert sent.status_code == 404, path
    assert rows(db, Thread) == 1


def test_student_view_looks_and_writes_nothing(as_: As, course: Course, db: Database) -> None:
    looking = as_(course.clara, role="learner")
    looking.visit = replace(looking.visit, student_view=True, membership_id=None)
    looking.token = token_of(looking.client.application, looking.visit)
    assert "How are you?" in looking.opens("pulse").text
    for path, form in (("mood", {"mood": "low"}), ("idea", {"title": "T", "body": "B"}), ("person", {})):
        assert looking.sends(f"pulse/{path}", **form).status_code == 403
    assert (rows(db, MoodSaid), rows(db, Thread)) == (0, 0)
