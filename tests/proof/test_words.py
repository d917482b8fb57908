"""The academy's own words: safe places only, a preview, and nothing that was written is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from lti_app.filling import BadPlace, check, fill
from lti_app.house import House
from lti_app.jobs.message_words import words_for
from lti_app.jobs.sweep import sweep_context
from lti_app.letter_words import letter
from lti_app.models import AuditEntry, Episode, Prompt, Wording
from lti_app.shipped_words import KINDS_OF, USES, motives_of, shipped
from lti_app.store.outgoing import outgoing
from lti_app.store.wordings import Key, own_words
from tests.panels.conftest import Somebody
from tests.sweep.course import Course

As = Callable[..., Somebody]
STUCK = {"use": "draft", "kind": "stuck", "motive": "", "language": "it"}


@pytest.mark.parametrize("words", ["Hello {name}!", "Ciao { Nome }!", "Ciao {NAME}!"])
def test_a_place_may_be_named_in_english_or_italian(words: str) -> None:
    assert fill(words, "nudge", {"name": "Ada"}).endswith("Ada!")


def test_a_line_with_nothing_to_say_is_left_out_whole() -> None:
    words = "Hello {name},\n\nThere is {helpers} for you.\nAnd {activity} is there.\n\n{tutor}"
    assert fill(words, "draft", {"name": "Ada", "activity": "Quiz 2", "tutor": ""}) == (
        "Hello Ada,\n\nAnd Quiz 2 is there."
    )


def test_a_name_that_ends_in_a_full_stop_ends_the_sentence() -> None:
    assert fill("Ask {helpers}.\n{name}, hello", "nudge", {"helpers": "Marco B.", "name": "Ada"}) == (
        "Ask Marco B. Ada, hello"
    )


@pytest.mark.parametrize(
    ("words", "name", "nearest"),
    [
        ("{nmae}", "nmae", "name"),
        ("{password}", "password", ""),
        ("{name.__class__}", "name.__class__", ""),
        ("{0}", "0", ""),
        ("{}", "", ""),
        ("a { b", "{", ""),
        ("{{name}}", "{", ""),
    ],
)
def test_any_other_place_is_a_fault_that_names_itself(words: str, name: str, nearest: str) -> None:
    with pytest.raises(BadPlace) as bad:
        check(words, "draft")
    assert (bad.value.name, bad.value.nearest) == (name, nearest)


def test_a_nudge_has_no_tutor_to_name() -> None:
    with pytest.raises(BadPlace, match="tutor"):
        check("{tutor}", "nudge")


def test_what_is_filled_in_fills_nothing() -> None:
    assert fill("Hello {name}", "nudge", {"name": "{academy} %(x)s {{7*7}}", "academy": "secret"}) == (
        "Hello {academy} %(x)s {{7*7}}"
    )


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_shipped_word_can_be_filled_in_both_languages_with_everything_and_with_nothing(
    app: Flask, language: str
) -> None:
    full = {"name": "Ada", "activity": "Quiz 2", "helpers": "Bruno", "course": "C", "academy": "A", "tutor": "Clara"}
    seen = set()
    with app.app_context(), force_locale(language):
        for use in USES:
            for kind in KINDS_OF[use]:
                for motive in motives_of(use):
                    for which in (use, f"{use}_title"):
                        words = shipped(which, kind, motive)
                        seen.add((which, words))
                        assert "{" not in fill(words, which, full)
                    assert len(fill(shipped(use, kind, motive), use, {"name": "Ada"})) > 5
    # "waiting" says the same to everybody; every other kind speaks to each reason in its own way.
    assert len([words for which, words in seen if which in ("nudge", "draft")]) == 2 * (5 * 4 + 1)


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_headline_says_the_first_line_that_can_be_filled(app: Flask, language: str) -> None:
    with app.app_context(), force_locale(language):
        words = shipped("card_title", "stuck")
        many = fill(words, "card_title", {"activity": "Quiz 2", "many": "many"})
        few = fill(words, "card_title", {"activity": "Quiz 2", "many": ""})
        nowhere = fill(words, "card_title", {})
    assert len({many, few, nowhere}) == 3
    assert "\n" not in many + few + nowhere
    assert "Quiz 2" in many
    assert "many" in many


def test_the_academys_own_card_and_subject_are_what_ada_reads(app: Flask, course: Course, marta: int, as_: As) -> None:
    house: House = app.extensions["regista"]
    sweep_context(house, course.context)
    card = {"use": "card", "kind": "stuck", "motive": "", "language": "it"}
    own = {"title": "{attività}: qui si rallenta", "body": "Con calma, {nome}.\n\nMai letta: {aiutanti}\nNo."}
    assert as_(marta).sends("control/words/keep", **card, **own).status_code == 200
    page = as_(course.ada, locale="it").opens("home").text
    assert "Quiz 2: Pulizia dei dati: qui si rallenta" in page
    assert "Con calma, Ada." in page
    assert "qui si rallenta" not in as_(course.ada, locale="en").opens("home").text
    nudge = {"use": "nudge", "kind": "stuck", "motive": "", "language": "it"}
    as_(marta).sends("control/words/keep", **nudge, title="Per te, {nome}: <b>", body="Ciao {nome}")
    with house.db.reading() as session, app.app_context():
        prompt = session.scalars(select(Prompt).where(Prompt.kind == "nudge")).one()
        subject, body = words_for(outgoing(session, prompt), "https://stop.example")
    assert subject == "Per te, Ada: <b>"
    assert body.startswith("Ciao Ada\n\n")
    # Only what differs from the shipped words is kept.
    with app.app_context(), force_locale("it"):
        as_it_came = {"title": shipped("card_title", "stuck"), "body": shipped("card", "stuck")}
    as_(marta).sends("control/words/keep", **card, **as_it_came)
    with house.db.reading() as session:
        assert set(session.scalars(select(Wording.use))) == {"nudge", "nudge_title"}


def test_a_headline_with_an_unknown_place_is_refused_and_nothing_is_kept(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    card = {"use": "card", "kind": "stuck", "motive": "", "language": "it"}
    page = as_(marta).sends("control/words/keep", **card, title="{tutor} dice", body="Con calma.")
    assert page.status_code == 422
    assert "{tutor} dice" in page.text
    assert "We do not know {tutor}." in page.text
    long = as_(marta).sends("control/words/keep", **card, title="x" * 241, body="Con calma.")
    assert long.status_code == 422
    with app.extensions["regista"].db.reading() as session:
        assert session.query(Wording).count() == 0


def test_messages_about_course_mates_say_what_the_academy_says(app: Flask, course: Course, marta: int, as_: As) -> None:
    letter_ = {"use": "peer", "kind": "ask_helper", "motive": "belonging", "language": "it"}
    words = {"title": "Una mano per {attività}?", "body": "Ciao {nome}, ti va?"}
    assert as_(marta).sends("control/words/keep", **letter_, **words).status_code == 200
    house: House = app.extensions["regista"]
    with house.db.reading() as session:
        # They are the same for everybody, whatever somebody takes part for.
        assert set(session.scalars(select(Wording.motive))) == {""}
        out = own_words(session, 1, Key("peer_title", "ask_helper", "", "it"))
    assert out == "Una mano per {attività}?"


def test_words_kept_by_an_older_version_give_way_to_the_shipped_ones(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context(), force_locale("en"):
        assert "Quiz 2" in letter("Hi {gone}", "nudge", "stuck", "", {"name": "Ada", "activity": "Quiz 2"})
    assert "unknown place 'gone'" in caplog.text


def test_marta_changes_the_draft_and_clara_gets_it(app: Flask, course: Course, marta: int, as_: As) -> None:
    house: House = app.extensions["regista"]
    sweep_context(house, course.context)
    words = "Cara {nome},\n\nho visto {attività}: ne parliamo?\n\n{tutor}"
    page = as_(marta).sends("control/words/keep", title="Due parole", body=words, **STUCK)
    assert page.status_code == 200
    with house.db.reading() as session:
        episode_id = session.scalars(select(Episode.id)).one()
        # The subject and the words.
        assert session.scalars(select(AuditEntry.what)).all() == ["words_changed"] * 2
    desk = as_(course.clara, locale="it").opens(f"desk/{episode_id}").text
    assert "Cara Ada,\n\nho visto Quiz 2: Pulizia dei dati: ne parliamo?\n\nClara" in desk
    as_(marta).sends("control/words/back", **STUCK)
    assert "Cara Ada" not in as_(course.clara, locale="it").opens(f"desk/{episode_id}").text
    with house.db.reading() as session:
        assert session.query(Wording).count() == 0


def test_an_unknown_place_is_refused_clearly_and_nothing_is_lost(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    page = as_(marta).sends("control/words/keep", title="Due parole", body="Cara {nmoe}, tutto bene?", **STUCK)
    assert page.status_code == 422
    assert "Cara {nmoe}, tutto bene?" in page.text
    assert "We do not know {nmoe}. Did you mean {nome}?" in page.text
    with app.extensions["regista"].db.reading() as session:
        assert session.query(Wording).count() == 0


def test_the_preview_fills_the_places_while_one_writes_and_keeps_nothing(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    part = as_(marta).sends(
        "control/words/preview", htmx=True, title="T", body="Ciao {nome}: <b>{activity}</b>", **STUCK
    )
    assert part.status_code == 200
    assert "Ciao Anna: &lt;b&gt;Quiz 2&lt;/b&gt;" in part.text
    assert "<html" not in part.text
    whole = as_(marta).sends("control/words/preview", title="T", body="Ciao {nome}", **STUCK)
    assert "Ciao Anna" in whole.text
    assert "<html" in whole.text
    with app.extensions["regista"].db.reading() as session:
        assert session.query(Wording).count() == 0


def test_words_for_one_reason_stand_before_those_for_anybody(app: Flask, course: Course, marta: int, as_: As) -> None:
    as_(marta).sends("control/words/keep", **{**STUCK, "title": "T", "body": "per tutti"})
    as_(marta).sends("control/words/keep", **{**STUCK, "motive": "belonging", "title": "T", "body": "insieme"})
    with app.extensions["regista"].db.reading() as session:
        found = [
            own_words(session, 1, Key("draft", "stuck", motive, "it")) for motive in ("", "practical", "belonging")
        ]
        assert found == ["per tutti", "per tutti", "insieme"]
        assert own_words(session, 1, Key("draft", "stuck", "", "en")) is None
        assert own_words(session, 2, Key("draft", "stuck", "", "it")) is None


@pytest.mark.parametrize("path", ["control", "control/effect", "control/effect.csv", "control/words"])
def test_learners_and_tutors_find_no_control_room(app: Flask, course: Course, as_: As, path: str) -> None:
    for who in (course.ada, course.clara, course.dario, course.eva):
        assert as_(who).opens(path).status_code == 404
