"""The course page, and the page from which a panel is added to it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_app.sandbox.lms import lms
from lti_app.sandbox.pages.frame import page
from lti_app.sandbox.pages.outline import outline, progress
from lti_app.sandbox.platform.oidc import invalid
from lti_app.sandbox.platform.tools import known_tools
from lti_app.sandbox.session import become, current, present

blueprint = Blueprint("course", __name__)


@blueprint.get("/")
def start() -> AnyResponse:
    """The course is the only place here."""
    return redirect(url_for("practice_pages.course.view", id=lms().course.id))


@blueprint.get("/course/view.php")
def view() -> Response:
    """The course page of the person whom the browser is being; at first the learner who has stalled."""
    here, person = lms(), present()
    sections = outline(here, person)
    done, total = progress(sections)
    answer = Response(
        page("course.html", course=here.course.facts, sections=sections, done=done, total=total),
        mimetype="text/html",
    )
    if current() is None:
        become(answer, person)
    return answer


@blueprint.get("/course/addpanel.php")
def add_panel() -> str | tuple[str, int]:
    """Where somebody who may edit the course chooses a section and then, in the tool's frame, a panel."""
    here = lms()
    if not present().edits:
        return invalid("Only teachers, managers and admins may add a panel.")
    tools = [tool for tool in known_tools(here) if tool.active]
    section = request.args.get("section", type=int)
    chosen = next((t for t in tools if t.type_id == request.args.get("tool")), tools[0])
    return page(
        "add_panel.html", visit=False, course=here.course.facts, sections=here.course.sections, section=section,
        tools=tools, chosen=chosen,
    )  # fmt: skip


@blueprint.get("/mod/lti/return.php")
def tool_return() -> AnyResponse:
    """Where a tool sends a person back to, with its words for an error if it has any."""
    course = url_for("practice_pages.course.view", id=lms().course.id)
    return redirect(course)


@blueprint.get("/theme/image.php/<path:_name>")
def picture(_name: str) -> Response:
    """The picture of somebody without a picture."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" fill="#dfe5ec"/>'
        '<circle cx="50" cy="38" r="18" fill="#8a99a8"/><path d="M14 100a36 36 0 0 1 72 0z" fill="#8a99a8"/></svg>'
    )
    return Response(drawing, mimetype="image/svg+xml")
