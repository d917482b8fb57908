"""Platform notification service (PNS 1.0): ask a platform to tell us of something."""

from __future__ import annotations

from lms_clients.advantage.services import Services

SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
_TYPE = "application/json"


def register_handler(services: Services, url: str, notice_type: str, handler: str) -> None:
    """Have notices of one type sent to ``handler``, an address on our own domain; empty takes it back."""
    body = {"notice_type": notice_type, "handler": handler}
    services.send("PUT", url, SCOPE, _TYPE, body, accept=_TYPE)
