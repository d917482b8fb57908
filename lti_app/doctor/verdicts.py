"""What a self-test says of one step: a plain verdict, and who can mend it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from lms_clients.errors import (
    LmsError,
    Maintenance,
    NotFound,
    Permission,
    ProtocolTrouble,
    Reauthorise,
    RefusedAddress,
    ScopeMissing,
    ServerTrouble,
    Throttled,
    TokenExpired,
    Unreachable,
)

GOOD, FAULT, NOTE = "good", "fault", "note"
ADMIN, OPERATOR = "admin", "operator"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One step: ``state`` is good, fault or note (nothing is broken, but it is good to know); ``who`` can mend it."""

    step: str
    name: str
    state: str
    words: str
    who: str = ""
    code: str = ""

    @property
    def who_words(self) -> str:
        """Say who can mend it; empty where nothing is to be done."""
        return {
            ADMIN: _("The administrator of the learning platform can mend this."),
            OPERATOR: _("Whoever runs this Regista can mend this."),
        }.get(self.who, "")


def good(step: str, name: str, words: str) -> Verdict:
    """Return the verdict that a step works."""
    return Verdict(step, name, GOOD, words)


def note(step: str, name: str, words: str, who: str = "") -> Verdict:
    """Return the verdict that a step could not be tried, or is not needed."""
    return Verdict(step, name, NOTE, words, who)


def fault(step: str, name: str, words: str, who: str, code: str = "") -> Verdict:
    """Return the verdict that a step is broken."""
    return Verdict(step, name, FAULT, words, who, code)


def because(error: LmsError) -> tuple[str, str]:
    """Return in words why a platform did not give what was asked, and who can mend it."""
    if isinstance(error, RefusedAddress):
        return (
            _(
                "Regista does not connect there: the address is private or not https. For a platform on your own "
                "network set REGISTA_ALLOW_PRIVATE_ADDRESSES=yes."
            ),
            OPERATOR,
        )
    if isinstance(error, Unreachable) and error.code == "tls":
        return _("Its https certificate cannot be trusted: it has expired, or a part of its chain is missing."), ADMIN
    found: tuple[tuple[type[LmsError], str], ...] = (
        (Unreachable, _("It does not answer: wrong address, switched off, or a firewall stands between.")),
        (Maintenance, _("It says that it is being maintained.")),
        (ServerTrouble, _("It answered with an error of its own; its log says why.")),
        (Throttled, _("It asks us to slow down.")),
        (ScopeMissing, _("It does not grant this to Regista: allow it in the settings of the tool.")),
        (
            Reauthorise,
            _(
                "It does not accept our signature or client id. Check the client id and the keyset address of the "
                "tool, and that the platform can reach this Regista."
            ),
        ),
        (TokenExpired, _("It rejects the token that it has just given.")),
        (Permission, _("It does not permit this.")),
        (NotFound, _("There is nothing at this address.")),
        (ProtocolTrouble, _("Its answer is not what the standard promises: a wrong address, or a login page.")),
    )
    words = next((words for kind, words in found if isinstance(error, kind)), error.detail)
    return words, ADMIN
