"""One call of a Moodle function, and what its errors mean: Moodle says "no" with HTTP 200 and an errorcode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from lms_clients.answers import Answer, decode, judge
from lms_clients.errors import (
    FeatureOff,
    LmsError,
    Maintenance,
    NotFound,
    Permission,
    ProtocolTrouble,
    Reauthorise,
    ScopeMissing,
    ServerTrouble,
)
from lms_clients.http import Http
from lms_clients.moodle.rights import lacking
from lms_clients.moodle.shapes import Fault
from lms_clients.options import Options

T = TypeVar("T")
Params = Mapping[str, str | int]

_BY_CODE: dict[str, tuple[type[LmsError], str]] = {
    "invalidtoken": (Reauthorise, "the token is not valid (deleted, expired or mistyped)"),
    "usernotfullysetup": (Reauthorise, "the service user's profile is not complete"),
    "wsaccessusersuspended": (Reauthorise, "the service user is suspended"),
    "wsaccessuserdeleted": (Reauthorise, "the service user was deleted"),
    "wsaccessuserexpired": (Reauthorise, "the service user's password has expired"),
    "wsaccessusernologin": (Reauthorise, "the service user may not log in"),
    "wsaccessuserunconfirmed": (Reauthorise, "the service user is not confirmed"),
    "accessexception": (ScopeMissing, "not in the external service, or the user lacks webservice/rest:use"),
    "servicenotavailable": (FeatureOff, "the external service is off"),
    "enablewsdescription": (FeatureOff, "web services are off"),
    "nopermissions": (Permission, "no permission"),
    "requireloginerror": (Permission, "the course or activity is not accessible"),
    "errorcoursecontextnotvalid": (Permission, "the course is not accessible"),
    "cannotviewreport": (Permission, "the report may not be seen"),
    "accessdenied": (Permission, "access denied"),
    "notingroup": (Permission, "separate groups"),
    "cannotviewprofile": (Permission, "the profile may not be seen"),
    "disabled": (FeatureOff, "switched off"),
    "nocriteriaset": (FeatureOff, "no completion criteria are set"),
    "completionnotenabled": (FeatureOff, "completion tracking is off"),
    "invalidrecord": (NotFound, "no such record"),
    "invalidrecordunknown": (NotFound, "no such record"),
    "invalidcourseid": (NotFound, "no such course"),
    "sitemaintenance": (Maintenance, "the site is under maintenance"),
    "upgraderunning": (Maintenance, "the site is being upgraded"),
    "dmlreadexception": (ServerTrouble, "Moodle's database failed"),
    "dmlwriteexception": (ServerTrouble, "Moodle's database failed"),
    "dbconnectionfailed": (ServerTrouble, "Moodle's database failed"),
}


def judge_moodle(answer: Answer) -> LmsError | None:
    """Tell what is wrong with an answer, looking inside those that seem good."""
    trouble = judge(answer)
    head = answer.body.lstrip()[:1]
    if trouble is not None or head != b"{" or b'"errorcode"' not in answer.body[:4000]:
        return trouble
    try:
        fault = msgspec.json.decode(answer.body, type=Fault, strict=False)
    except msgspec.MsgspecError:
        return None
    if not fault.errorcode and not fault.exception:
        return None
    message = fault.message or ""
    if fault.errorcode == "invalidrecord" and "external_functions" in message:
        return FeatureOff("this Moodle does not know the function", code="unknown_function", status=200)
    error, words = _BY_CODE.get(fault.errorcode, (ProtocolTrouble, "refused"))
    return error(words, code=fault.errorcode, status=200, told=message)


def listed(name: str, values: Iterable[str | int]) -> dict[str, str | int]:
    """A list parameter as Moodle wants it: ``name[0]``, ``name[1]`` ..."""
    return {f"{name}[{number}]": value for number, value in enumerate(values)}


class Calls:
    """Moodle's functions under one token, which travels in the body so that it stays out of access logs."""

    def __init__(self, base_url: str, token: str, options: Options) -> None:
        self._token = token
        self._http = Http(base_url, options, judge=judge_moodle)

    @property
    def count(self) -> int:
        """How many requests were sent so far."""
        return self._http.calls

    def close(self) -> None:
        """Give the sockets back."""
        self._http.close()

    def call(self, function: str, shape: type[T], params: Params | None = None, *, repeat: bool = True) -> T:
        """Call one function and read its answer as ``shape``; ``repeat`` False for everything that writes."""
        form = {"wstoken": self._token, "wsfunction": function, "moodlewsrestformat": "json"}
        form.update({name: str(value) for name, value in (params or {}).items()})
        try:
            answer = self._http.ask("POST", "/webservice/rest/server.php", data=form, repeat=repeat)
            return decode(answer, shape)
        except LmsError as error:
            raise _named(error, function) from error


def _named(error: LmsError, function: str) -> LmsError:
    detail = f"{function}: {error.detail}"
    if isinstance(error, Permission) and (right := lacking(function, error.code, error.told)):
        detail = f"{function}: lacks {right}"
    return type(error)(detail, retry_after=error.retry_after, code=error.code, status=error.status, told=error.told)
