"""The design system: readable accents, few and small requests, no inline style, words for every code."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale

from engagement.values import ReasonCode
from lti_app.db import Database
from lti_app.markup import markdown, plain
from lti_app.panels.accent import DARK_PAPER, INK, WHITE, accent_css, accent_name, contrast, shades
from lti_app.store.views import ActivityRef, ReasonView
from tests.panels.conftest import Somebody
from tests.panels.lively import accent, lively
from tests.sweep.course import Course

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("colour", ["1d6b57", "ffe600", "ffffff", "000000", "ff0000", "7fb3ff", "808080", "00ff88"])
def test_any_accent_is_readable_in_both_schemes(colour: str) -> None:
    tokens = shades(colour)
    assert contrast(tokens["accent"][0], WHITE) >= 4.5
    assert contrast(tokens["accent"][1], INK) >= 4.5
    assert contrast(tokens["accent-ink"][0], tokens["accent-wash"][0]) >= 4.5
    assert contrast(tokens["accent-ink"][1], tokens["accent-wash"][1]) >= 4.5
    assert contrast(tokens["accent-ink"][1], DARK_PAPER) >= 4.5


def test_what_is_no_colour_becomes_the_default() -> None:
    assert accent_name("#AABBCC") == "aabbcc"
    assert accent_name("red; } body { display: none") == "1d6b57"
    assert accent_name(None) == "1d6b57"
    assert accent_css("1d6b57") == ""


def test_the_academys_accent_comes_in_the_one_stylesheet(
    app: Flask, as_: Callable[..., Somebody], course: Course, db: Database
) -> None:
    with db.writing() as session:
        accent(session, "#7a1f5c")
    page = as_(course.ada).opens("home").text
    address = re.search(r'href="(/look/\w+/7a1f5c\.css)"', page)
    assert address is not None
    css = app.test_client().get(address.group(1))
    assert "--accent:light-dark(#7a1f5c," in css.text
    assert "immutable" in css.headers["Cache-Control"]
    assert app.test_client().get("/look/x/zzzzzz.css").status_code == 404


def test_the_first_panel_is_light(app: Flask, as_: Callable[..., Somebody], course: Course, db: Database) -> None:
    with db.writing() as session:
        lively(session, course)
    page = as_(course.ada).opens("home").text
    addresses = re.findall(r'<(?:link|script)[^>]+(?:href|src)="(/[^"]+)"', page)
    assert len(addresses) == 3, addresses
    sizes = [len(gzip.compress(page.encode(), 9))]
    for address in addresses:
        answer = app.test_client().get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        sizes.append(len(answer.data))
        answer.close()
    assert sum(sizes) <= 60 * 1024, sizes


def test_no_template_has_an_inline_style_or_handler() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        if path.parts[-2] in ("sandbox", "lti"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']", text), path


def test_the_gallery_shows_everything_while_developing_and_nothing_in_production(app: Flask) -> None:
    assert app.test_client().get("/gallery").status_code == 200
    app.testing = False
    assert app.test_client().get("/gallery").status_code == 404


def test_no_component_is_missing_from_the_gallery() -> None:
    shown = set(re.findall(r'from "components/(\w+)\.html"', (ROOT / "templates/gallery.html").read_text("utf-8")))
    # What listens for new posts is nothing to be seen.
    assert {path.stem for path in (ROOT / "templates/components").glob("*.html")} - shown == {"live"}


FACTS = {
    "days": 9, "usual_per_week": 4.0, "active": 3, "of": 28, "usual": 12, "activity_id": 1, "attempts": 3, "best": 0.45,
    "pass_share": 0.6, "due_on": "2026-11-27", "begun_share": 0.7, "done_share": 0.4, "done": 2, "typical": 5,
    "enrolled_days": 12, "average": 0.93, "count": 3, "active_share": 0.2, "feeling": "too_hard",
    "on": date(2026, 11, 8), "share": 0.9, "feature": "f", "value": 1,
}  # fmt: skip


@pytest.mark.parametrize("code", [code.value for code in ReasonCode])
def test_every_reason_has_words_for_the_learner_and_for_the_tutor(app: Flask, code: str) -> None:
    it = ReasonView(code, FACTS, ActivityRef(1, "Quiz 2", "quiz"))
    words = {}
    with app.test_request_context():
        macro = app.jinja_env.get_template("words/reasons.html").module.reason  # type: ignore[attr-defined]
        for locale in ("en", "it"):
            with force_locale(locale):
                words[locale] = (str(macro(it)), str(macro(it, "tutor")))
    for learner, tutor in words.values():
        assert learner.strip().endswith(".") or learner.strip().endswith("».") or "”." in learner
        assert tutor.strip()
        # A learner may not see marks yet: no sentence to them quotes one.
        assert "45" not in learner
        assert "60" not in learner
        assert "93" not in learner
    assert words["en"][0] != words["it"][0]


@pytest.mark.parametrize("code", [code.value for code in ReasonCode])
def test_a_reason_with_facts_missing_still_reads(app: Flask, code: str) -> None:
    bare = {"days": 1, "attempts": 1, "done": 0, "typical": 1, "of": 9, "active": 1, "count": 1, "feeling": "no_time",
            "on": "2026-11-08", "share": 0.9, "active_share": 0.1, "average": 0.9, "best": None, "pass_share": None,
            "usual": None, "usual_per_week": None, "due_on": None}  # fmt: skip
    it = ReasonView(code, bare, None)
    with app.test_request_context():
        macro = app.jinja_env.get_template("words/reasons.html").module.reason  # type: ignore[attr-defined]
        for to in ("learner", "tutor"):
            assert "None" not in str(macro(it, to))


def test_markdown_gives_no_html_to_anybody() -> None:
    assert "<script" not in markdown("<script>x</script>")
    assert "javascript" not in str(markdown("[a](javascript:alert(1))")).split("href")[-1] or "href" not in markdown(
        "[a](javascript:alert(1))"
    )
    assert "<img" not in markdown("![x](https://tracker.example/1.png)")
    assert "<h4>" in markdown("# Loud")
    assert "<h1" not in markdown("# Loud")
    assert "<td>1</td>" in markdown("|a|\n|-|\n|1|")
    assert "onmouseover" not in markdown('[a](https://e.example "x\\" onmouseover=\\"y")').split("title")[0]
    assert "<code>&lt;b&gt;" in markdown("`<b>`")
    assert plain("**Hello** [you](https://e.example)\n\nand `code`") == "Hello you and code"
    assert plain("word " * 100).endswith("…")


def test_no_msgid_of_the_panels_is_without_italian() -> None:
    from babel.messages.pofile import read_po

    with (ROOT / "lti_app/translations/it/LC_MESSAGES/messages.po").open("rb") as po:
        catalog = read_po(po, locale="it")
    used = set()
    for path in [*(ROOT / "templates/panels").rglob("*.html"), *(ROOT / "templates/components").glob("*.html"),
                 *(ROOT / "templates/words").glob("*.html"), ROOT / "templates/panel.html"]:  # fmt: skip
        used |= set(re.findall(r'(?<![\w])_\("((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8")))
        used |= set(re.findall(r'ngettext\("((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8")))
    missing = sorted(text for text in used if not (catalog.get(text) and any(catalog.get(text).string)))
    assert not missing
    assert len(used) > 150
