"""What people send from the discussions."""

from __future__ import annotations

from dataclasses import dataclass, field

from lti_app.fields import Field, form_key, read_number, read_text
from lti_app.store.talk import MAX_BODY, MAX_TITLE


@dataclass(frozen=True, slots=True)
class Opening:
    """A discussion to start: empty at first, or as it was sent."""

    title: Field = field(default_factory=Field)
    body: Field = field(default_factory=Field)
    activity_id: int | None = None
    form_key: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether it can be taken."""
        return not (self.title.fault or self.body.fault)


def read_opening() -> Opening:
    """Read a new discussion from the form."""
    return Opening(
        read_text("title", most=MAX_TITLE, lines=False),
        read_text("body", most=MAX_BODY),
        read_number("activity_id", low=1, high=2**62),
        form_key(),
    )


def read_reply() -> Field:
    """Read a reply from the form."""
    return read_text("body", most=MAX_BODY)
