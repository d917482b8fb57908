"""Times and numbers as LMSs write them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from lms_clients.errors import ProtocolTrouble, TokenExpired
from lms_clients.records import Enrolment, EnrolmentState, Learner, Role
from lms_clients.values import Number, decimal, digest, from_epoch, from_iso


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (0.1 + 0.2, "0.3"),
        (8, "8"),
        ("8.50", "8.5"),
        ("8,50", "8.5"),
        ("1.234,50", "1234.5"),
        ("1,234.50", "1234.5"),
        ("-3", "-3"),
        ("0", "0"),
        (0, "0"),
        (-0.0, "0"),
    ],
)
def test_pitfall_19_scores_are_read_however_they_are_written(written: Number, meant: str) -> None:
    assert str(decimal(written)) == meant


@pytest.mark.parametrize("written", [None, "-", "", "n/a", "NaN", float("inf"), "1e400", 10**9])
def test_what_is_no_score_is_none_and_never_zero(written: Number) -> None:
    assert decimal(written) is None


def test_pitfall_21_a_due_time_is_the_same_moment_in_every_zone() -> None:
    """The end of 24 October in Berlin is still summer time, the end of 25 October is not."""
    before, after = from_iso("2026-10-24T23:59:59+02:00"), from_iso("2026-10-25T23:59:59+01:00")
    assert before is not None
    assert after is not None
    assert (before.utcoffset(), before) == (UTC.utcoffset(None), datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC))
    assert (after - before).total_seconds() == 25 * 3600
    assert before.astimezone(ZoneInfo("Europe/Berlin")).hour == after.astimezone(ZoneInfo("Europe/Berlin")).hour == 23


@pytest.mark.parametrize("written", [None, "", "yesterday", "2026-02-01", "2026-02-01T10:00:00"])
def test_a_time_without_a_zone_is_not_guessed(written: str | None) -> None:
    assert from_iso(written) is None


@pytest.mark.parametrize("written", [None, 0, -1, 10**12])
def test_moodles_zero_is_no_date(written: int | None) -> None:
    assert from_epoch(written) is None


def test_equal_things_have_equal_fingerprints() -> None:
    assert digest([("5", Decimal("8.5"))]) == digest([("5", Decimal("8.5"))]) != digest([("5", Decimal(8))])


def test_who_is_active_anywhere_is_active() -> None:
    states = (EnrolmentState.CONCLUDED, EnrolmentState.ACTIVE, EnrolmentState.SUSPENDED)
    ada = Learner("1", roles=frozenset({Role.LEARNER}), enrolments=tuple(Enrolment(state=state) for state in states))
    assert ada.state is EnrolmentState.ACTIVE
    assert Learner("2").state is EnrolmentState.UNKNOWN
    assert ada.is_learner
    assert not Learner("3", roles=frozenset({Role.LEARNER, Role.TA})).is_learner


def test_errors_have_short_names_for_rows_and_logs() -> None:
    assert (ProtocolTrouble("x").kind, TokenExpired("x").kind) == ("protocol_trouble", "token_expired")
