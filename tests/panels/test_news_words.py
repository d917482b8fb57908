"""Every kind of news has words, in both languages."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from lti_app.store import news
from lti_app.store.notifications import GROUPS
from lti_app.store.views import Face
from tests.sweep.course import NOW

KINDS = sorted({kind for kinds in GROUPS.values() for kind in kinds} | {"something_to_come"})


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Words do not depend on the database."""
    return sqlite_url


def line(kind: str, people: int, title: str = "Data", thread_kind: str | None = "talk") -> news.Line:
    faces = tuple(Face(number, f"Person{number} X.", "PX") for number in range(people))
    item = news.Item(
        1, kind, NOW, True, faces[0] if faces else None, None, title, 1, thread_kind, None, None, 1, "", {}
    )
    return news.Line(item, (1,), faces, people, True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_in_both_languages_and_an_unknown_one_calm_ones(app: Flask, kind: str) -> None:
    with app.test_request_context():
        told = app.jinja_env.get_template("words/notifications.html").module.told  # type: ignore[attr-defined]
        said = {}
        for locale in ("en", "it"):
            with force_locale(locale):
                said[locale] = [str(told(line(kind, people))) for people in (0, 1, 2, 4)]
                assert "None" not in str(told(line(kind, 1, title="", thread_kind=None)))
    assert all(words.strip() == words and words for words in said["en"] + said["it"])
    assert said["en"][0] != said["it"][0]
    if kind in ("reply", "mention", "answer", "feedback"):
        assert "and three others" in said["en"][3]
        assert "hanno" in said["it"][3] or "nominano" in said["it"][3]
