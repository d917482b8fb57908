"""``/webservice/rest/server.php``: checks the token, finds the function, answers JSON; every error is HTTP 200."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.services import completion, roster, structure, work, writing
from lti_app.sandbox.services.asked import Asked, Refusal

blueprint = Blueprint("practice_services", __name__)
FUNCTIONS = {**roster.FUNCTIONS, **structure.FUNCTIONS, **completion.FUNCTIONS, **work.FUNCTIONS, **writing.FUNCTIONS}
_PROTOCOL = ("wstoken", "wsfunction", "moodlewsrestformat", "moodlewssettingraw", "moodlewssettinglang")


@blueprint.route("/webservice/rest/server.php", methods=["GET", "POST"])
def server() -> Response:
    """Answer one call; without ``moodlewsrestformat=json`` Moodle answers XML, and so a client notices here too."""
    form = {**request.args.to_dict(), **request.form.to_dict()}
    wanted = form.get("wsfunction", "")
    if form.get("moodlewsrestformat") != "json":
        return Response('<?xml version="1.0" encoding="UTF-8" ?>\n<RESPONSE>\n</RESPONSE>', mimetype="application/xml")
    here = lms()
    try:
        answer = _answer(here, wanted, form)
    except Refusal as refusal:
        answer = refusal.body
    return Response(answer if isinstance(answer, str) else json.dumps(answer), mimetype="application/json")


def _answer(here: Lms, wanted: str, form: dict[str, str]) -> Any:
    if form.get("wstoken") != here.ws_token:
        raise Refusal("core\\exception\\moodle_exception", "invalidtoken", "Invalid token - token not found")
    here.ledger.note_call(wanted)
    if wanted == "core_webservice_get_site_info":
        return _site_info(here)
    function = FUNCTIONS.get(wanted)
    if function is None:
        if wanted.partition("_")[0] in ("core", "mod", "gradereport", "tool", "enrol", "report"):
            raise Refusal("webservice_access_exception", "accessexception", "Access control exception")
        raise Refusal(
            "dml_missing_record_exception",
            "invalidrecord",
            "Can't find data record in database table external_functions.",
        )
    asked = Asked({k: v for k, v in form.items() if k not in _PROTOCOL})
    with here.lock:
        # Turned into text inside the lock: the answer is the course's own, and somebody may pass a quiz meanwhile.
        return json.dumps(function(here, asked))


def _site_info(here: Lms) -> dict[str, Any]:
    """The recorded site, with the functions that this one really answers."""
    site = dict(here.course.single["core_webservice_get_site_info"])
    version = site["functions"][0]["version"]
    names = sorted([*FUNCTIONS, "core_webservice_get_site_info"])
    site["functions"] = [{"name": name, "version": version} for name in names]
    return site
