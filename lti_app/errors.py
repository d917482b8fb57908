"""Errors that a person meets, turned into a page or a fragment in one place."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import HTTPException

from lti_app.caring import help_contacts, stopped, written
from lti_app.limits import brings_files
from lti_app.store.speaking import Muted, Stopped
from lti_app.visit import NoVisit

log = logging.getLogger("regista.errors")


class Trouble(Exception):
    """Something a person should read: ``title`` and ``words`` are translated, ``status`` is a 4xx or 503.

    ``who`` says who can mend it: you, tutor, admin or us.
    """

    def __init__(self, title: str, words: str, *, status: int = 400, who: str = "you", log_detail: str = "") -> None:
        self.title = title
        self.words = words
        self.status = status
        self.who = who
        self.log_detail = log_detail
        super().__init__(log_detail or str(title))


WHO = {
    "you": lazy_gettext("You can mend this yourself."),
    "tutor": lazy_gettext("Your tutor can help."),
    "admin": lazy_gettext("The administrator of your learning platform can mend this."),
    "us": lazy_gettext("It is our fault, and we have been told."),
}


def support_code() -> str:
    """Return the code that finds this request's log line, the same for the whole request."""
    code: str = g.setdefault("support_code", secrets.token_hex(4).upper())
    return code


def trouble_page(trouble: Trouble) -> Response:
    """Render the page (or, for htmx, the notice) that says what is wrong, who can mend it and the support code."""
    code = support_code()
    visit = g.get("visit")
    log.warning(
        "trouble %s status=%d launch=%s path=%s: %s",
        code,
        trouble.status,
        visit.launch_id if visit else g.get("launch_id", "-"),
        request.path,
        trouble.log_detail or trouble.title,
    )
    template = "errors/_notice.html" if request.headers.get("HX-Request") else "errors/page.html"
    facts: dict[str, object] = {"contacts": None, "drafts": ()}
    # The words of the form come back, for browsers that let a frame keep nothing. A 413 has no form to read.
    if trouble.status in (401, 403, 404, 409, 429) and template == "errors/page.html":
        facts = {"contacts": help_contacts(), "drafts": written()}
    page = render_template(template, trouble=trouble, who=WHO.get(trouble.who, ""), code=code, **facts)
    response = make_response(page, trouble.status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _from_http(error: HTTPException) -> Trouble:
    words = {
        400: _("The page sent something we could not read. Nothing was lost; please try again."),
        403: _("This belongs to other people, so it is not shown here."),
        404: _("There is nothing here, or it is not yours to see."),
        405: _("This address does not take that kind of request."),
        413: _("That is too much for one message. Please make it shorter."),
        429: _("That was a lot at once. Please wait a moment."),
    }
    status = error.code or 500
    if status == 413 and request.mimetype == "multipart/form-data" and brings_files(request.endpoint):
        words[413] = _(
            "The files are too big together: up to 60 MB can go at once. Your words are kept in this browser."
        )
    return Trouble(_("This did not work"), words.get(status, _("Please try again.")), status=status, who="you")


def install(app: Flask) -> None:
    """Register the handlers; unexpected errors keep their stack trace in the log and show a calm page."""

    def on_trouble(error: Trouble) -> Response:
        return trouble_page(error)

    def on_no_visit(error: NoVisit) -> Response:
        title = _("Please open this panel from the course again")
        words = (
            _("It has been open for a long time. What you had written is kept in this browser.")
            if error.expired
            else _("It is shown inside a course page, and that page tells us who you are.")
        )
        return trouble_page(Trouble(title, words, status=401, log_detail=str(error)))

    def on_stopped(error: Stopped) -> Response:
        words = stopped(error)
        if isinstance(error, Muted):
            return trouble_page(Trouble(_("Your voice rests for a while"), words, status=403, who="tutor"))
        return trouble_page(Trouble(_("A little slower, please"), words, status=429, log_detail=str(error)))

    def on_http(error: HTTPException) -> Response:
        if error.code is not None and error.code < 400:
            return make_response(error.get_response())
        return trouble_page(_from_http(error))

    def on_unexpected(error: Exception) -> Response:
        log.exception("unexpected error %s", support_code())
        words = _("Something broke on our side. Nothing you wrote was thrown away.")
        return trouble_page(Trouble(_("This did not work"), words, status=500, who="us", log_detail=repr(error)))

    app.register_error_handler(Trouble, on_trouble)
    app.register_error_handler(NoVisit, on_no_visit)
    app.register_error_handler(Stopped, on_stopped)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Exception, on_unexpected)
