"""What a launch said, read once: whoever comes back says the same, and reading it again costs more than knowing it."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from lti_app.claims import Launch
from lti_app.lti.addresses import panel_for
from lti_app.recent import Recent
from lti_app.store.returning import words_of

# Claims that are new each time, checked each time (checks.py), and of which a `Launch` knows nothing.
PASSING = frozenset({"iat", "exp", "nbf", "nonce", "jti"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A launch, the panel that it opens, and the digest of its words at this registration (see `words_of`)."""

    launch: Launch
    panel: str
    words: str


#: The readings of one process, by registration and a digest of all that was said.
Readings = Recent[tuple[int, bytes], Reading]


def read(claims: Mapping[str, Any], registration_id: int, readings: Readings) -> Reading:
    """Read the claims of a token that was found good, or find how they were read before; raises BadLaunch."""
    said = {name: value for name, value in claims.items() if name not in PASSING}
    # In this format each value is written out, equal ones in equal bytes.
    key = registration_id, blake2b(marshal.dumps(said, 2)).digest()
    found = readings.get(key)
    if found is None:
        found = _read(said, registration_id)
        readings.keep(key, found)
    return found


def _read(said: Mapping[str, Any], registration_id: int) -> Reading:
    launch = Launch.from_claims(said)
    panel = panel_for(launch.target, launch.custom.get("panel"))
    return Reading(launch, panel, words_of(registration_id, launch, panel))
