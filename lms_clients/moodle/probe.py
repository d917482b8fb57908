"""What the service user may do: from the service's list of functions, and from a trial reading of one course."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lms_clients.base import Ability, Capabilities, Missing
from lms_clients.errors import NotFound
from lms_clients.ledger import REFUSALS
from lms_clients.moodle import overrides, rights
from lms_clients.moodle.detail import NEW_ATTEMPTS, OLD_ATTEMPTS
from lms_clients.moodle.shapes import Site
from lms_clients.records import PERSONAL_DATES, CourseSnapshot, Gap, GapReason, Part, Source

_ABILITIES: dict[str, Ability] = {
    PERSONAL_DATES: Ability.DUE_DATES,
    Part.ROSTER: Ability.ROSTER,
    Part.ACCESS: Ability.LAST_ACCESS,
    Part.GROUPS: Ability.GROUPS,
    Part.STRUCTURE: Ability.STRUCTURE,
    Part.DUE_DATES: Ability.DUE_DATES,
    Part.GRADES: Ability.GRADES,
    Part.SUBMISSIONS: Ability.SUBMISSIONS,
    Part.COMPLETION: Ability.COMPLETION,
    Part.ATTEMPTS: Ability.ATTEMPTS,
}


def capabilities(site: Site, trial: Callable[[], CourseSnapshot] | None) -> Capabilities:
    """Tell what works; ``trial`` reads one course with one learner's detail (writes are never tried).

    Raises NotFound where there is no such course: that says nothing about rights.
    """
    missing = list(missing_functions(frozenset(function.name for function in site.functions), site.release))
    if trial is not None:
        try:
            missing += from_snapshot(trial())
        except REFUSALS as error:
            if isinstance(error, NotFound) and error.code.startswith("no_course"):
                raise
            missing.append(_missing(Ability.ROSTER, error.detail))
    lost = {one.ability for one in missing}
    return Capabilities(
        source=Source.MOODLE,
        version=site.release or site.version,
        site=site.sitename,
        identity=site.fullname or "",
        can=frozenset(ability for ability in Ability if ability not in lost),
        missing=tuple(dict.fromkeys(missing)),
    )


def missing_functions(functions: frozenset[str], release: str = "") -> Iterable[Missing]:
    """The functions that an administrator must add to the external service, by the names that this release has.

    Moodle 5.0 replaced the old function for attempts, which leaves out what waits for a mark.
    """
    for name, (ability, _) in rights.FUNCTIONS.items():
        replaced = name == OLD_ATTEMPTS and NEW_ATTEMPTS in functions
        if name not in functions and name not in rights.OPTIONAL and not replaced:
            modern = name == OLD_ATTEMPTS and _major(release) >= 5
            yield Missing(ability, function=NEW_ATTEMPTS if modern else name, detail="not in the external service")


def _major(release: str) -> int:
    """5 of "5.0.2 (Build: 20250811)"; 0 where the site does not tell its release."""
    number = release.partition(".")[0]
    return int(number) if number.isdecimal() and len(number) < 4 else 0


def from_snapshot(snapshot: CourseSnapshot) -> Iterable[Missing]:
    """What a trial reading was refused."""
    for gap in snapshot.gaps:
        # What an older Moodle cannot tell is nothing that an administrator could grant.
        if gap.reason is not GapReason.TRUNCATED and not overrides.is_note(gap):
            yield _missing(_ability(gap), gap.detail)
    if snapshot.learners and not any(learner.email for learner in snapshot.learners):
        yield _missing(Ability.EMAIL, f"e-mail: lacks {rights.IDENTITY}")


def _ability(gap: Gap) -> Ability:
    return _ABILITIES.get(gap.what.partition(":")[0], Ability.STRUCTURE)


def _missing(ability: Ability, detail: str) -> Missing:
    named = [right for right in rights.RIGHTS if re.search(rf"{right.capability}(?![a-z])", detail)]
    first = named[0] if named else None
    return Missing(
        ability,
        capability=" or ".join(right.capability for right in named),
        title=first.title if first is not None and len(named) == 1 else "",
        detail=detail,
    )
