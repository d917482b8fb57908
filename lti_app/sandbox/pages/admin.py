"""The admin's page: the tools that are known, and the form that lets one register itself."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from lti_app.sandbox.lms import lms
from lti_app.sandbox.pages.frame import page
from lti_app.sandbox.platform.oidc import invalid
from lti_app.sandbox.platform.tools import activate, known_tools
from lti_app.sandbox.session import present

blueprint = Blueprint("admin", __name__)


@blueprint.get("/mod/lti/toolconfigure.php")
def tools() -> str | tuple[str, int]:
    """Manage tools; with ``url`` the tool's registration stands in a frame below."""
    if present().role != "admin":
        return invalid("Only an admin manages tools.")
    here = lms()
    address = request.args.get("url", "").strip()
    return page(
        "tools.html", visit=False, course=here.course.facts, tools=known_tools(here), address=address,
        suggestion=here.tool.register_url or f"{here.tool.public_url}/lti/register",
    )  # fmt: skip


@blueprint.post("/mod/lti/activate.php")
def activated() -> Response | tuple[str, int]:
    """Activate a tool that registered itself."""
    if present().role != "admin":
        return invalid("Only an admin manages tools.")
    activate(lms(), request.form.get("type_id", ""))
    return redirect(url_for("practice_pages.admin.tools"), 303)
