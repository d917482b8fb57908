"""What the papers promise is true: settings are listed, words are translated, locks name no index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from lti_app.config import BadSettings, settings_from

ROOT = Path(__file__).resolve().parent.parent
METHODS = [("lti_app/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]


def test_the_operator_finds_every_setting_in_the_readme() -> None:
    used = set(re.findall(r'"(REGISTA_[A-Z_]+)"', (ROOT / "lti_app" / "config.py").read_text()))
    told = set(re.findall(r"`(REGISTA_[A-Z_]+)`", (ROOT / "README.md").read_text()))
    assert used <= told, f"not in the README: {sorted(used - told)}"


def test_an_italian_reader_meets_no_english_sentence() -> None:
    with (ROOT / "lti_app/translations/it/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="it")
    known = {m.id if isinstance(m.id, str) else m.id[0]: m.string for m in catalogue if m.id}
    said = extract_from_dir(
        ROOT, method_map=METHODS, keywords={"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None},
        directory_filter=lambda path: not Path(path).name.startswith("."),
    )  # fmt: skip
    missing = []
    for _file, _line, message, _comments, _context in said:
        key = message if isinstance(message, str) else message[0]
        words = known.get(key)
        if not words or (not isinstance(words, str) and not all(words)):
            missing.append(key)
    assert not missing


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_a_lock_has_hashes_and_names_no_address(lock: Path) -> None:
    words = lock.read_text()
    assert "--hash=sha256:" in words
    assert "http" not in words
    assert "--index" not in words


def test_an_operator_hears_of_every_fault_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        settings_from({"REGISTA_PUBLIC_URL": "http://regista.example.org", "REGISTA_TICK_SECONDS": "often"})
    words = str(caught.value)
    assert "must be https" in words
    assert "REGISTA_SECRET_KEY" in words
    assert "REGISTA_TICK_SECONDS" in words


def test_there_is_no_secret_to_fall_back_on() -> None:
    with pytest.raises(BadSettings):
        settings_from({"REGISTA_PUBLIC_URL": "https://regista.example.org"})
