"""How a person is named and shown to others: never more than they or their platform gave."""

from __future__ import annotations

from typing import Protocol

from lti_app.models import Person

#: What a person is named by: a query that needs no more asks for these alone.
NAMING = (Person.name, Person.given_name, Person.family_name, Person.display_name, Person.tint, Person.portrait)


class Named(Protocol):
    """A person, or a row with what ``NAMING`` asks for."""

    @property
    def name(self) -> str | None:
        """The whole name that the platform told."""

    @property
    def given_name(self) -> str | None:
        """The given name that the platform told."""

    @property
    def family_name(self) -> str | None:
        """The family name that the platform told."""

    @property
    def display_name(self) -> str | None:
        """The name the person chose."""

    @property
    def tint(self) -> int | None:
        """The tint of their circle that the person chose."""

    @property
    def portrait(self) -> str | None:
        """The key of their picture."""


class Mark(str):
    """The letters in a person's circle, and the tint or the portrait (an upload's key) that they chose instead."""

    __slots__ = ("portrait", "tint")

    tint: int | None
    portrait: str | None

    def __new__(cls, letters: str, tint: int | None = None, portrait: str | None = None) -> Mark:
        """Make the letters of a circle; without a tint it takes the one of the person's name."""
        mark = super().__new__(cls, letters)
        mark.tint, mark.portrait = tint, portrait
        return mark


def platform_name(person: Named) -> str:
    """Return the name that the platform told, or an empty string."""
    joined = " ".join(part for part in (person.given_name, person.family_name) if part)
    return person.name or joined


def called_name(person: Named) -> str:
    """Return the name a person goes by: the one they chose, else their platform's, whole."""
    return person.display_name or platform_name(person)


def full_name(person: Named) -> str:
    """Return the name for staff, or an empty string when nobody told us (the page says "a learner").

    Staff must find people in the LMS: its name stands beside a chosen one that is another.
    """
    called, told = called_name(person), platform_name(person)
    if not told or called.casefold() == told.casefold():
        return called
    return f"{called} ({told})"


def first_name(person: Named) -> str:
    """Return the name to speak to the person with, or an empty string."""
    return person.display_name or person.given_name or (person.name or "").split(" ")[0]


def short_name(person: Named) -> str:
    """Return the name for other learners, such as "Marco B."; a display name they chose is used as it is."""
    return person.display_name or shortened(person)


def shortened(person: Named) -> str:
    """Return the platform's name as other learners see it where nothing else was chosen."""
    words = (person.name or "").split()
    given = person.given_name or (words[0] if words else "")
    family = person.family_name or (words[-1] if len(words) > 1 else "")
    return f"{given} {family[0].upper()}." if given and family else given


def initials(person: Named) -> Mark:
    """Return one or two capital letters, or none when there is no name, with the look the person chose."""
    words = [word for word in called_name(person).split() if word[0].isalnum()]
    picked = words if len(words) < 2 else [words[0], words[-1]]
    return Mark("".join(word[0].upper() for word in picked), person.tint, person.portrait)


def written_as(person: Named) -> tuple[str, ...]:
    """Return how others may write the person's name after an @, the longest first."""
    ways = {full_name(person), short_name(person), first_name(person), person.name or ""}
    return tuple(sorted((way for way in ways if way.strip()), key=lambda way: (-len(way), way)))
