"""What a launch said, read once: whoever comes back says the same, and reading it again costs more than knowing it."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from lti_app.claims import Launch
from lti_app.lti.addresses import panel_for
from lti_app.store.returning import words_of

# Claims that are new each time, checked each time (checks.py), and of which a `Launch` knows nothing.
PASSING = frozenset({"iat", "exp", "nbf", "nonce", "jti"})
# More people than come within an hour; each takes a kilobyte or two.
MOST = 4_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A launch, the panel that it opens, and the digest of its words at this registration (see `words_of`)."""

    launch: Launch
    panel: str
    words: str


@dataclass(slots=True)
class Readings:
    """The readings of one process, by a digest of all that was said. Threads may write the same one twice."""

    _kept: dict[tuple[int, bytes], Reading] = field(default_factory=dict)

    def read(self, claims: Mapping[str, Any], registration_id: int) -> Reading:
        """Read the claims of a token that was found good; raises BadLaunch."""
        said = {name: value for name, value in claims.items() if name not in PASSING}
        # In this format each value is written out, equal ones in equal bytes.
        key = registration_id, blake2b(marshal.dumps(said, 2)).digest()
        found = self._kept.get(key)
        if found is None:
            found = _read(said, registration_id)
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = found
        return found


def _read(said: Mapping[str, Any], registration_id: int) -> Reading:
    launch = Launch.from_claims(said)
    panel = panel_for(launch.target, launch.custom.get("panel"))
    return Reading(launch, panel, words_of(registration_id, launch, panel))
