"""The page of the launch checks says what the tests say."""

from __future__ import annotations

from tests.lti.table import DOCUMENT, document, proofs


def test_every_case_has_its_test() -> None:
    assert [case for case, tests in proofs().items() if not tests] == []


def test_the_page_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run: python -m tests.lti.table > docs/launch-checks.md"
