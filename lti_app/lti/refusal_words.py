"""The words for each way in which a launch or an installation can be refused."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext

AGAIN = lazy_gettext("Please open it from the course once more")
NOT_SURE = lazy_gettext("We could not be sure where this came from")
NOT_KNOWN = lazy_gettext("This learning platform is not known here")
INCOMPLETE = lazy_gettext("The learning platform left something out")
GO_BACK = lazy_gettext(
    "Go back to the course page and open the panel there. Each opening works once, for a few minutes."
)
FORGED = lazy_gettext(
    "What arrived does not match what the learning platform signs. Nobody was let in, nothing was kept."
)


@dataclass(frozen=True, slots=True)
class Words:
    """Title and words are translated when shown; ``who`` is you, tutor, admin or us."""

    title: object
    words: object
    who: str = "admin"
    status: int = 400


ONCE_MORE = Words(AGAIN, GO_BACK, "you", 401)
SUSPECT = Words(NOT_SURE, FORGED, "admin", 401)
LACKING = Words(
    INCOMPLETE,
    lazy_gettext("It opened the panel without saying all that the LTI 1.3 standard asks for, or in a wrong form."),
)
CLOCK = Words(
    lazy_gettext("The clocks do not agree"),
    lazy_gettext("The learning platform's clock and ours are too far apart. Its administrator should check its time."),
    "admin",
    401,
)
BAD_INVITE = Words(
    lazy_gettext("This registration address is not good"),
    lazy_gettext("It is incomplete, or older than a week. Ask whoever runs this Regista for a fresh one."),
    "admin",
    403,
)
WORDS = {
    "browser": Words(
        lazy_gettext("Your browser did not keep the key to this panel"),
        lazy_gettext(
            "We keep one small cookie while the panel opens, and it did not come back. Open the panel from the course "
            "again; if it happens twice, allow cookies for this site or use another browser."
        ),
        "you",
        401,
    ),
    "state": ONCE_MORE,
    "state_missing": ONCE_MORE,
    "state_old": ONCE_MORE,
    "state_used": ONCE_MORE,
    "token_missing": ONCE_MORE,
    "times_old": Words(
        AGAIN, lazy_gettext("The page was open for too long before it reached us, so its pass has run out."), "you", 401
    ),
    "times_future": CLOCK,
    "times": Words(
        INCOMPLETE, lazy_gettext("Its pass does not say properly from when to when it is good."), "admin", 401
    ),
    "unknown_key": Words(
        NOT_SURE,
        lazy_gettext(
            "The signature's key is not among those that the learning platform publishes. Please try in a minute."
        ),
        "admin",
        401,
    ),
    "keys_unreachable": Words(
        lazy_gettext("The learning platform does not answer us"),
        lazy_gettext("We must ask it for its public keys, and it did not answer. Please try again in a minute."),
        "admin",
        503,
    ),
    "keys_unreadable": Words(
        lazy_gettext("The learning platform's keys cannot be read"),
        lazy_gettext("The address of its public keys (JWKS) does not lead to a list of keys."),
        "admin",
        503,
    ),
    "audience": Words(
        lazy_gettext("This panel is set up for another tool"),
        lazy_gettext(
            "The pass names another client id than ours. In Moodle this happens when the activity still carries a "
            "consumer key of LTI 1.1: clear it in the activity's settings."
        ),
        "admin",
        401,
    ),
    "platform_unknown": Words(
        NOT_KNOWN,
        lazy_gettext("Nobody has connected it to this Regista yet, or under another issuer or client id."),
        "admin",
        404,
    ),
    "client_needed": Words(
        NOT_KNOWN,
        lazy_gettext(
            "Several schools use this platform, and it did not say which one is meant: it must send its client id "
            "with each login."
        ),
    ),
    "registration_gone": Words(NOT_KNOWN, lazy_gettext("Its connection to Regista was removed."), "admin", 404),
    "login_incomplete": Words(
        INCOMPLETE,
        lazy_gettext("A login must name issuer, login hint and target link. Open the panel from a course page."),
    ),
    "target": Words(
        lazy_gettext("This panel's address is not one of ours"),
        lazy_gettext("The activity's tool address must be the launch address of this Regista."),
    ),
    "nobody": Words(
        lazy_gettext("The learning platform did not say who you are"),
        lazy_gettext(
            "Regista brings people together, so it cannot be used anonymously. Please log in to the course first."
        ),
        "you",
    ),
    "deployment_unknown": Words(
        lazy_gettext("This installation waits for a yes"),
        lazy_gettext(
            "The learning platform is known, but this installation of the tool in it is new here. "
            "The academy's administrator has to accept it once."
        ),
        "admin",
        403,
    ),
    "deployment_blocked": Words(
        lazy_gettext("This installation is switched off"),
        lazy_gettext("The academy's administrator has switched it off here."),
        "admin",
        403,
    ),
    "login_required": Words(
        lazy_gettext("Please log in to your learning platform again"),
        lazy_gettext("Your session there has ended. Log in, then open the course page once more."),
        "you",
        401,
    ),
    "platform_refused": Words(
        lazy_gettext("The learning platform refused to open the panel"),
        lazy_gettext(
            "It answered with an error instead of a pass. Reload the course page; if that does not help, "
            "tell your tutor."
        ),
        "tutor",
        401,
    ),
    "message_not_offered": Words(
        lazy_gettext("Regista does not offer this"),
        lazy_gettext("The learning platform asked for a kind of page that Regista does not have."),
    ),
    "nothing_to_place": Words(
        lazy_gettext("No panel can be placed here"),
        lazy_gettext("This spot of the learning platform does not take links to tools."),
        "tutor",
    ),
    "not_staff": Words(
        lazy_gettext("Only tutors place panels"),
        lazy_gettext("You are not a tutor of this course, so there is nothing to choose here."),
        "tutor",
        403,
    ),
    "ticket": ONCE_MORE,
    "invite": BAD_INVITE,
    "invite_missing": BAD_INVITE,
    "invite_old": BAD_INVITE,
    "invite_used": Words(
        lazy_gettext("This registration address was used already"),
        lazy_gettext(
            "Each address connects one learning platform, once. Ask whoever runs this Regista for a fresh one."
        ),
        "admin",
        403,
    ),
    "address_refused": Words(
        lazy_gettext("We may not connect to that address"),
        lazy_gettext(
            "The learning platform must be reachable by https at a public address. For a platform on a private "
            "network, whoever runs this Regista can set REGISTA_ALLOW_PRIVATE_ADDRESSES=yes."
        ),
    ),
    "platform_unreadable": Words(
        lazy_gettext("The learning platform's configuration cannot be used"),
        lazy_gettext("It lacks something that LTI dynamic registration needs, or names another host than its own."),
    ),
    "registration_failed": Words(
        lazy_gettext("The learning platform did not take the registration"),
        lazy_gettext("It did not answer, or said no. Nothing was changed here; the same address can be tried again."),
        "admin",
        502,
    ),
}
WORDS["deployment_waiting"] = WORDS["deployment_unknown"]
for _code in ("claim_missing", "claim_type", "claim_id", "version"):
    WORDS[_code] = LACKING
