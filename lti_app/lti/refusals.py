"""What a person reads when a launch is refused: what is wrong, who can mend it, and the way back to the course."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from flask import Response, g, request
from flask_babel import gettext as _

from lti_app.claim_fields import BadLaunch
from lti_app.errors import WHO, support_code
from lti_app.house import house
from lti_app.lti.pages import asking_origin, page
from lti_app.lti.refusal_words import SUSPECT, WORDS

log = logging.getLogger("regista.lti")

OAUTH_ERRORS = {"login_required": "login_required", "interaction_required": "login_required"}


def platform_error(error: str) -> BadLaunch:
    """Return what to say where the platform sent an OpenID Connect error instead of a token."""
    return BadLaunch(OAUTH_ERRORS.get(error, "platform_refused"), f"platform says {error[:80]!r}")


def back_to(return_url: str, title: str, code: str) -> str:
    """Return the platform's return address with our message in it (LTI core 1.3, appendix on launch_presentation)."""
    joint = "&" if "?" in return_url else "?"
    return f"{return_url}{joint}{urlencode({'lti_errormsg': title, 'lti_errorlog': code})}"


def refuse(refused: BadLaunch) -> Response:
    """Answer with the page of a refusal and write its log line; ``g.return_url`` comes from verified tokens only."""
    words = WORDS.get(refused.code, SUSPECT)
    code = support_code()
    # Details can hold what a stranger sent: one line, bounded, nothing of the token itself.
    detail = refused.detail.encode("ascii", "backslashreplace").decode()[:300]
    launch_id, platform = g.get("launch_id", "-"), g.get("registration_id", "-")
    log.warning(
        "refused %s launch=%s registration=%s %s %s: %r", code, launch_id, platform, request.path, refused.code, detail
    )
    return_url = g.get("return_url")
    known = g.get("registration_id") is not None
    return page(
        "lti/refused.html",
        status=words.status,
        framed_by=None if known else asking_origin(),
        title=words.title,
        words=words.words,
        who=WHO.get(words.who, ""),
        code=code,
        contact=house().settings.support_contact,
        back=back_to(return_url, str(words.title), code) if return_url else None,
        hint=_("Copy the support code when you ask for help."),
    )
