"""Whatever staff does about somebody is written down under a code that has words, in both languages."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from lti_app.models import AuditEntry
from lti_app.models.audit import ABOUT_SOMEBODY, ABOUT_THE_HOUSE, IN_CONFIDENCE
from lti_app.store.record import Act
from tests.sweep.course import NOW

FACTS = {"title": "Joins", "into": "Circles", "before": "Hlep", "role": "ambassador"}


def words(app: Flask, what: str, locale: str) -> str:
    with app.test_request_context("/"), force_locale(locale):
        template = app.jinja_env.get_template("words/moderation.html")
        return str(template.make_module({}).act(Act(what, FACTS, "Clara", NOW))).strip()


@pytest.mark.parametrize("locale", ["en", "it"])
def test_every_act_about_somebody_has_words_of_its_own(app: Flask, locale: str) -> None:
    anything = words(app, "nothing of the kind", locale)
    said = {what: words(app, what, locale) for what in ABOUT_SOMEBODY}
    assert [what for what, told in said.items() if told in ("", anything)] == []
    assert len(set(said.values())) == len(said)


def test_the_two_languages_say_it_differently(app: Flask) -> None:
    assert [what for what in ABOUT_SOMEBODY if words(app, what, "en") == words(app, what, "it")] == []


def test_nothing_is_written_down_under_a_code_that_nobody_knows() -> None:
    for what in (*ABOUT_SOMEBODY, *IN_CONFIDENCE, *ABOUT_THE_HOUSE):
        assert AuditEntry(what=what).what == what
    with pytest.raises(ValueError, match="thread_vanish"):
        AuditEntry(what="thread_vanish")
