"""The academy's own words: safe places only, a preview, and nothing that was written is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from lti_app.filling import BadPlace, check, fill
from lti_app.house import House
from lti_app.jobs.sweep import sweep_context
from lti_app.letter_words import letter
from lti_app.models import AuditEntry, Episode, Wording
from lti_app.shipped_words import KINDS, MOTIVES, USES, shipped
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
            for kind in KINDS:
                for motive in MOTIVES:
                    words = shipped(use, kind, motive)
                    seen.add(words)
                    assert "{" not in fill(words, use, full)
                    assert len(fill(words, use, {"name": "Ada"})) > 5
    # "waiting" says the same to everybody; every other kind speaks to each reason in its own way.
    assert len(seen) == 2 * (5 * 4 + 1)


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
    page = as_(marta).sends("control/words/keep", body=words, **STUCK)
    assert page.status_code == 200
    with house.db.reading() as session:
        episode_id = session.scalars(select(Episode.id)).one()
        assert session.scalars(select(AuditEntry.what)).all() == ["words_changed"]
    desk = as_(course.clara, locale="it").opens(f"desk/{episode_id}").text
    assert "Cara Ada,\n\nho visto Quiz 2: Pulizia dei dati: ne parliamo?\n\nClara" in desk
    as_(marta).sends("control/words/back", **STUCK)
    assert "Cara Ada" not in as_(course.clara, locale="it").opens(f"desk/{episode_id}").text
    with house.db.reading() as session:
        assert session.query(Wording).count() == 0


def test_an_unknown_place_is_refused_clearly_and_nothing_is_lost(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    page = as_(marta).sends("control/words/keep", body="Cara {nmoe}, tutto bene?", **STUCK)
    assert page.status_code == 422
    assert "Cara {nmoe}, tutto bene?" in page.text
    assert "We do not know {nmoe}. Did you mean {nome}?" in page.text
    with app.extensions["regista"].db.reading() as session:
        assert session.query(Wording).count() == 0


def test_the_preview_fills_the_places_while_one_writes_and_keeps_nothing(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    part = as_(marta).sends("control/words/preview", htmx=True, body="Ciao {nome}: <b>{activity}</b>", **STUCK)
    assert part.status_code == 200
    assert "Ciao Anna: &lt;b&gt;Quiz 2&lt;/b&gt;" in part.text
    assert "<html" not in part.text
    whole = as_(marta).sends("control/words/preview", body="Ciao {nome}", **STUCK)
    assert "Ciao Anna" in whole.text
    assert "<html" in whole.text
    with app.extensions["regista"].db.reading() as session:
        assert session.query(Wording).count() == 0


def test_words_for_one_reason_stand_before_those_for_anybody(app: Flask, course: Course, marta: int, as_: As) -> None:
    from lti_app.store.wordings import Key, own_words

    as_(marta).sends("control/words/keep", **{**STUCK, "body": "per tutti"})
    as_(marta).sends("control/words/keep", **{**STUCK, "motive": "belonging", "body": "insieme"})
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
