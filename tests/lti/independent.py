"""A platform that nobody of us wrote: the package lti1p3platform, with a course in memory and served over HTTP.

The package brings the messages, the tokens and the rules of the services; what it leaves to whoever uses it is here:
requests and answers of a web framework, and the rows. The framework's part is also to make numbers of page numbers and
to say the next page, which the package puts into the body, in the Link header that names and roles 2.0 asks for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask, Response, jsonify, redirect, render_template_string, request
from lti1p3platform.exceptions import LineItemNotFoundException
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.membership import Context
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request
from lti1p3platform.score import UpdateScoreStatus
from lti1p3platform.service_connector import AssignmentsGradesService, NamesRoleProvisioningService
from werkzeug.serving import make_server

from tests.lti.platform import MEMBERSHIP, private_key

CLIENT, DEPLOYMENT = "regista-there", "d-1"
PAGE = 2
MEMBERS: list[dict[str, Any]] = [
    {"user_id": "ada", "roles": [MEMBERSHIP + "Learner"], "name": "Ada Rossi", "email": "ada@example.com"},
    {"user_id": "bruno", "roles": [MEMBERSHIP + "Learner"], "name": "Bruno Bianchi"},
    {"user_id": "clara", "roles": [MEMBERSHIP + "Instructor"], "name": "Clara Verdi"},
    {"user_id": "dario", "roles": [MEMBERSHIP + "Learner"], "status": "Inactive"},
    {"user_id": "elena", "roles": [MEMBERSHIP + "Learner"], "status": "Deleted", "name": "Elena Neri"},
]


@dataclass(slots=True)
class Course:
    """What the platform keeps."""

    url: str = ""
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    scores: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    placed: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0


class _Asked(Request):
    def build_metadata(self, asked: Any) -> Any:
        # The package counts pages with numbers, and leaves it to the web framework to make them.
        query = {name: int(value) if name in ("page", "limit") else value for name, value in asked.args.items()}
        return {
            "method": asked.method,
            "form_data": asked.form.to_dict(),
            "get_data": query,
            "headers": asked.headers,
            "content_type": asked.content_type,
            "path": asked.path,
            "json": asked.get_json(force=True, silent=True),
        }


class Platform(LTI1P3PlatformConfAbstract):
    def init_platform_config(self, **kwargs: Any) -> None:
        key = private_key("independent")
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        tool = kwargs["tool"]
        self._registration = (
            Registration()
            .set_iss(kwargs["url"])
            .set_client_id(CLIENT)
            .set_deployment_id(DEPLOYMENT)
            .set_oidc_login_url(f"{tool}/lti/login")
            .set_launch_url(f"{tool}/lti/launch")
            .set_deeplink_launch_url(f"{tool}/lti/launch")
            .set_tool_key_set_url(f"{tool}/lti/jwks")
            .set_platform_public_key(public.decode())
            .set_platform_private_key(private.decode())
        )

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        assert self._registration is not None
        return self._registration


class _Login(OIDCLoginAbstract):
    def set_lti_message_hint(self, **kwargs: Any) -> None:
        self._lti_message_hint = kwargs["hint"]

    def get_redirect(self, url: str) -> Any:
        return redirect(url)


FORM = """<form method="post" action="{{ launch_url }}">
<input name="id_token" value="{{ id_token }}"><input name="state" value="{{ state }}"></form>"""


class _Launch(LTIAdvantageMessageLaunchAbstract):
    course: Course

    def prepare_launch(self, preflight_response: dict[str, Any]) -> None:
        member = next(one for one in MEMBERS if one["user_id"] == preflight_response["login_hint"])
        self.set_user_data(member["user_id"], member["roles"], member.get("name"), member.get("email"))
        self.set_launch_context_claim("course-7", ["CourseOffering"], "Statistica", "STAT-7")
        self.set_launch_presentation_claim("iframe", f"{self.course.url}/back")
        self.set_nrps(f"{self.course.url}/members")
        self.set_ags(f"{self.course.url}/items")
        if preflight_response["lti_message_hint"] == "place":
            self.set_dl(f"{self.course.url}/placed", accept_types={"ltiResourceLink"}, extra_data={"key": "è"})
        else:
            self.set_resource_link_claim(preflight_response["lti_message_hint"], title="Comunità")

    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> str:
        return render_template_string(FORM, **launch_data)


def _page(rows: list[dict[str, Any]], page: int, limit: int | None) -> dict[str, Any]:
    size = limit or len(rows) or 1
    return {"content": rows[(page - 1) * size : page * size], "has_next": page * size < len(rows), "next": None}


class _Members(NamesRoleProvisioningService):
    def get_member_data_page(
        self, page: int = 1, limit: int | None = None, role: str | None = None, since: str | None = None
    ) -> Any:
        rows = [dict(one) for one in MEMBERS if role is None or role in one["roles"]]
        return _page(rows, page, min(limit or PAGE, PAGE))

    def get_context_by_id(self) -> Context:
        return Context("course-7", "STAT-7", "Statistica")


class _Grades(AssignmentsGradesService):
    course: Course

    def find_lineitems(self, page: int = 1, limit: int | None = None, **wanted: Any) -> Any:
        rows = [one for one in self.course.items.values() if wanted.get("tag") in (None, one.get("tag"))]
        return _page(rows, page, limit)

    def find_lineitem(self, line_item_id: str) -> Any:
        if line_item_id not in self.course.items:
            raise LineItemNotFoundException
        return self.course.items[line_item_id]

    def create_lineitem(self, creation_data: Any) -> Any:
        number = str(len(self.course.items) + 1)
        self.course.items[number] = {**creation_data, "id": f"{self.course.url}/items/{number}"}
        return self.course.items[number]

    def update_lineitem(self, update_data: Any) -> Any:
        raise NotImplementedError

    def delete_lineitem(self, line_item_id: str) -> None:
        raise NotImplementedError

    def update_score(self, line_item_id: str, score: Any) -> UpdateScoreStatus:
        self.find_lineitem(line_item_id)
        before = self.course.scores.get((line_item_id, score["userId"]))
        if before and before["timestamp"] >= score["timestamp"]:
            return UpdateScoreStatus.OLD_TIMESTAMP
        self.course.scores[line_item_id, score["userId"]] = score
        return UpdateScoreStatus.SUCCESS

    def get_results(
        self, line_item_id: str, page: int = 1, limit: int | None = None, user_id: str | None = None
    ) -> Any:
        self.find_lineitem(line_item_id)
        rows = [
            {
                "id": f"{item}/{who}",
                "userId": who,
                "resultScore": score["scoreGiven"],
                "resultMaximum": score["scoreMaximum"],
            }
            for (item, who), score in self.course.scores.items()
            if item == line_item_id and user_id in (None, who)
        ]
        return _page(rows, page, limit)


def _answer(told: Any, listed: bool = False) -> Response:
    """Turn the package's answer into one of HTTP; it leaves headers and status to the framework."""
    if told.code >= 400:
        return Response(told.message, told.code)
    body = told.result["content"] if listed else told.result
    response = jsonify(body) if body is not None else Response(status=told.code)
    response.status_code, response.mimetype = told.code, told.media_type
    following = (told.result or {}).pop("next", None) if isinstance(told.result, dict) else None
    if following:
        response = jsonify(told.result["content"] if listed else told.result)
        response.mimetype = told.media_type
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def platform_app(platform: Platform, course: Course) -> Flask:
    app = Flask("independent")

    @app.get("/start")
    def start() -> Any:
        login = _Login(_Asked(request), platform)
        login.set_lti_message_hint(hint=request.args["hint"])
        return login.initiate_login(request.args["user"])

    @app.get("/auth")
    def auth() -> Any:
        launch = _Launch(_Asked(request), platform)
        launch.course = course
        return launch.lti_launch()

    @app.get("/jwks")
    def jwks() -> Response:
        return jsonify(platform.get_jwks())

    @app.post("/token")
    def token() -> Response:
        course.tokens += 1
        return jsonify(platform.get_access_token(request.form.to_dict()))

    @app.get("/members")
    def members() -> Response:
        service = _Members(_Asked(request), platform, f"{course.url}/members")
        return _answer(service.handle_resp(service.handle_get_members))

    def grades() -> Any:
        service = _Grades(_Asked(request), platform, f"{course.url}/items")
        service.course = course
        return service

    @app.route("/items", methods=["GET", "POST"])
    def items() -> Response:
        service = grades()
        if request.method == "POST":
            return _answer(service.handle_resp(service.handle_create_lineitem))
        return _answer(service.handle_resp(service.handle_get_lineitems), listed=True)

    @app.post("/items/<number>/scores")
    def scores(number: str) -> Response:
        service = grades()
        return _answer(service.handle_resp(service.handle_update_score, line_item_id=number))

    @app.get("/items/<number>/results")
    def results(number: str) -> Response:
        service = grades()
        return _answer(service.handle_resp(service.handle_get_results, line_item_id=number), listed=True)

    @app.post("/placed")
    def placed() -> str:
        course.placed += platform.validate_deeplinking_resp(request.form.to_dict())
        return "placed"

    return app


@contextmanager
def over_http(app: Flask, port: int) -> Iterator[str]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
