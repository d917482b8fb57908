"""The settings' form, read at the door: numbers within their bounds, and spans of days that make sense."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import request
from flask_babel import gettext as _

from engagement.values import Holiday
from lti_app.fields import read_number
from lti_app.store.channels import LMS, PANEL
from lti_app.store.course_settings import BOUNDS, LONGEST_SPAN_DAYS, MOST_SPANS, CourseSettings, span_is_sane

#: The slider's steps from left to right: the chance of staying away from which a case opens.
STEPS = (0.65, 0.55, 0.45, 0.35, 0.25)
SPARE_ROWS = 1


@dataclass(frozen=True, slots=True)
class Span:
    """One row of dates as it was sent."""

    first: str = ""
    last: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The form as it was sent, to be shown again; ``settings`` holds what could be taken of it."""

    settings: CourseSettings
    step: int
    holidays: tuple[Span, ...]
    exam_weeks: tuple[Span, ...]
    faults: dict[str, str]

    @property
    def fault(self) -> bool:
        """Whether anything could not be taken."""
        return bool(self.faults) or any(span.fault for span in (*self.holidays, *self.exam_weeks))


def nearest_step(threshold: float) -> int:
    """Return the slider's place (from 1) for a chance."""
    return min(range(len(STEPS)), key=lambda place: abs(STEPS[place] - threshold)) + 1


def sent_of(settings: CourseSettings) -> Sent:
    """Return standing settings as their form shows them."""
    return Sent(
        settings, nearest_step(settings.threshold), _rows(settings.holidays), _rows(settings.exam_weeks), faults={}
    )


def _rows(spans: tuple[Holiday, ...]) -> tuple[Span, ...]:
    rows = [Span(one.first_on.isoformat(), one.last_on.isoformat()) for one in spans]
    return (*rows, *[Span()] * SPARE_ROWS)


def read_settings() -> Sent:
    """Read the form; a number that cannot be taken is replaced by the lowest, with a word beside it."""
    faults: dict[str, str] = {}
    numbers = {name: _number(name, faults) for name in BOUNDS}
    step = read_number("step", low=1, high=len(STEPS)) or nearest_step(0.45)
    holidays, holiday_rows = _spans("holiday")
    exam_weeks, exam_rows = _spans("exam")
    settings = CourseSettings(
        threshold=_threshold(step),
        holidays=holidays,
        exam_weeks=exam_weeks,
        messages=PANEL if request.form.get("messages") == PANEL else LMS,
        **numbers,
    )
    return Sent(settings, step, holiday_rows, exam_rows, faults)


def _threshold(step: int) -> float:
    """The step's chance; a finer value that was set elsewhere stays while the slider is not moved."""
    try:
        exact = float(request.form.get("exact", ""))
    except ValueError:
        exact = STEPS[step - 1]
    return exact if 0 < exact < 1 and nearest_step(exact) == step else STEPS[step - 1]


def _number(name: str, faults: dict[str, str]) -> int:
    low, high = BOUNDS[name]
    found = read_number(name, low=low, high=high)
    if found is None:
        faults[name] = _("A whole number from %(low)s to %(high)s, please.", low=low, high=high)
    return low if found is None else found


def _spans(name: str) -> tuple[tuple[Holiday, ...], tuple[Span, ...]]:
    firsts, lasts = request.form.getlist(f"{name}_first"), request.form.getlist(f"{name}_last")
    good: list[Holiday] = []
    rows: list[Span] = []
    for first, last in list(zip(firsts, lasts, strict=False))[: MOST_SPANS + SPARE_ROWS]:
        first, last = first.strip()[:10], last.strip()[:10]
        if not first and not last:
            continue
        begins, ends = _day(first), _day(last or first)
        if begins is None or ends is None:
            rows.append(Span(first, last, _("Both days are needed, from the first to the last.")))
        elif not span_is_sane(begins, ends):
            fault = _("From the first day to the last, and at most %(days)s days.", days=LONGEST_SPAN_DAYS)
            rows.append(Span(first, last, fault))
        else:
            rows.append(Span(first, last or first))
            good.append(Holiday(begins, ends))
    good.sort(key=lambda one: (one.first_on, one.last_on))
    return tuple(dict.fromkeys(good))[:MOST_SPANS], (*rows, *[Span()] * SPARE_ROWS)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
