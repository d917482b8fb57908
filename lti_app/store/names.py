"""How a person is named to others: never more than they or their platform gave."""

from __future__ import annotations

from lti_app.models import Person


def full_name(person: Person) -> str:
    """Return the name for staff, or an empty string when nobody told us (the page says "a learner")."""
    joined = " ".join(part for part in (person.given_name, person.family_name) if part)
    return person.display_name or person.name or joined


def first_name(person: Person) -> str:
    """Return the name to speak to the person with, or an empty string."""
    return person.display_name or person.given_name or (person.name or "").split(" ")[0]


def short_name(person: Person) -> str:
    """Return the name for other learners, such as "Marco B."; a display name they chose is used as it is."""
    if person.display_name:
        return person.display_name
    words = (person.name or "").split()
    given = person.given_name or (words[0] if words else "")
    family = person.family_name or (words[-1] if len(words) > 1 else "")
    return f"{given} {family[0].upper()}." if given and family else given


def initials(person: Person) -> str:
    """Return one or two capital letters, or an empty string when there is no name."""
    words = full_name(person).split()
    picked = words if len(words) < 2 else [words[0], words[-1]]
    return "".join(word[0].upper() for word in picked)
