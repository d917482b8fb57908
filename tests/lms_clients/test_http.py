"""The transport: bounded in time and size, polite when asked to slow down, and faithful to one host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lms_clients.answers import decode_any
from lms_clients.errors import (
    FeatureOff,
    Maintenance,
    NextStep,
    NotFound,
    Permission,
    ProtocolTrouble,
    Reauthorise,
    RefusedAddress,
    ServerTrouble,
    Throttled,
    TooMuchData,
    Unreachable,
)
from lms_clients.http import Http, fetch_json, link, origin
from lms_clients.options import Options
from tests.lms_clients.server import LocalLms, Reply, Request

HTML = {"Content-Type": "text/html; charset=utf-8"}
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def http(lms: LocalLms, local_options: Options) -> Iterator[Http]:
    made = Http(lms.url, local_options, headers={"Authorization": "Bearer secret"})
    yield made
    made.close()


def test_an_answer_is_read_and_the_tool_says_who_it_is(lms: LocalLms, http: Http, local_options: Options) -> None:
    lms.queue = [Reply.of({"a": 1})]
    assert decode_any(http.ask("GET", "/api", params={"q": "è"})) == {"a": 1}
    assert lms.requests[0].path == "/api?q=%C3%A8"
    assert lms.requests[0].headers["User-Agent"] == local_options.user_agent
    assert http.calls == 1


def test_a_slow_drip_is_cut_off_in_the_total_time(lms: LocalLms, http: Http) -> None:
    lms.queue = [Reply(body=b" " * 200 + b"{}", drip_seconds=0.03)]
    begun = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        http.ask("GET", "/slow")
    assert caught.value.code == "too_slow"
    assert time.monotonic() - begun < 3


def test_dripped_headers_are_cut_off_too(lms: LocalLms, http: Http) -> None:
    lms.queue = [Reply(drip_headers=True)]
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        http.ask("GET", "/slow")
    assert time.monotonic() - begun < 3


def test_a_stall_in_the_middle_of_a_body_is_no_answer(lms: LocalLms, http: Http) -> None:
    lms.queue = [Reply(body=b'{"a": 1}', stall_after=3)]
    with pytest.raises(Unreachable):
        http.ask("GET", "/stall")


def test_a_body_that_breaks_off_is_not_half_an_answer(lms: LocalLms, http: Http) -> None:
    lms.queue = [Reply(body=b'{"a": 1}   ', cut_after=8)]
    with pytest.raises(Unreachable) as caught:
        http.ask("GET", "/cut")
    assert caught.value.code == "connection"


def test_an_answer_beyond_the_limit_is_refused(lms: LocalLms, local_options: Options) -> None:
    http = Http(lms.url, replace(local_options, max_bytes=1000))
    lms.queue = [Reply(body=b"[" + b" " * 2000 + b"]")]
    with pytest.raises(TooMuchData):
        http.ask("GET", "/big")
    http.close()


def test_a_read_is_tried_again_after_trouble_and_a_write_never(lms: LocalLms, http: Http, waits: list[float]) -> None:
    lms.queue = [Reply.of({}, 502), Reply(504, b"", TEXT), Reply.of({"ok": True})]
    assert decode_any(http.ask("GET", "/x", repeat=True)) == {"ok": True}
    assert waits == [1.0, 2.0]
    lms.queue = [Reply.of({}, 502)]
    with pytest.raises(ServerTrouble):
        http.ask("POST", "/x", data={"a": "1"})
    assert len(lms.requests) == 4


@pytest.mark.parametrize("status", [429, 403])
def test_pitfall_12_throttled_as_429_and_as_403_text(
    lms: LocalLms, http: Http, waits: list[float], status: int
) -> None:
    throttled = Reply(status, b"403 Forbidden (Rate Limit Exceeded)\n", TEXT)
    lms.queue = [throttled, throttled, Reply.of([1])]
    assert decode_any(http.ask("GET", "/x", repeat=True)) == [1]
    assert waits == [1.0, 2.0]


def test_pitfall_12_retry_after_is_kept_to(lms: LocalLms, http: Http, waits: list[float]) -> None:
    lms.queue = [Reply.of({}, 429, **{"Retry-After": "7"}), Reply.of([1])]
    assert decode_any(http.ask("GET", "/x", repeat=True)) == [1]
    assert waits == [7.5]


def test_pitfall_12_a_quota_for_the_day_is_handed_back_at_once(lms: LocalLms, http: Http, waits: list[float]) -> None:
    lms.answer = lambda request: Reply.of({}, 429, **{"Retry-After": "36000"})
    with pytest.raises(Throttled) as caught:
        http.ask("GET", "/x", repeat=True)
    assert (caught.value.retry_after, waits, len(lms.requests)) == (36000.0, [], 1)
    assert caught.value.next_step is NextStep.WAIT


def test_throttling_without_end_is_given_up(lms: LocalLms, http: Http, waits: list[float]) -> None:
    lms.answer = lambda request: Reply.of({}, 429)
    with pytest.raises(Throttled):
        http.ask("GET", "/x", repeat=True)
    assert (len(lms.requests), waits) == (4, [1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("status", "error", "step"),
    [
        (401, Reauthorise, NextStep.RECONNECT),
        (403, Permission, NextStep.NOTE_GAP),
        (404, NotFound, NextStep.FORGET),
        (501, FeatureOff, NextStep.PROBE_LATER),
        (500, ServerTrouble, NextStep.TRY_AGAIN),
        (400, ProtocolTrouble, NextStep.REPORT),
    ],
)
def test_each_refusal_says_what_to_do_next(
    lms: LocalLms, http: Http, status: int, error: type[Exception], step: NextStep
) -> None:
    lms.queue = [Reply.of({"message": "Ada Neri may not"}, status)]
    with pytest.raises(error) as caught:
        http.ask("GET", "/x")
    assert getattr(caught.value, "next_step", None) is step
    assert "Ada" not in str(caught.value)


def test_pitfall_13_a_login_page_and_a_closed_platform_are_told_apart(lms: LocalLms, http: Http) -> None:
    page = b"<!DOCTYPE html><html><body>Log in</body></html>"
    lms.queue = [Reply(200, page, HTML), Reply(503, page, HTML), Reply(200, b"{nope", {"Content-Type": "text/json"})]
    with pytest.raises(ProtocolTrouble, match="a web page"):
        http.ask("GET", "/x")
    with pytest.raises(Maintenance):
        http.ask("GET", "/x")
    with pytest.raises(ProtocolTrouble, match="broken JSON"):
        decode_any(http.ask("GET", "/x"))


def test_a_redirect_is_never_followed(lms: LocalLms, http: Http) -> None:
    lms.queue = [Reply(302, b"", {"Location": "https://evil.example/login"})]
    with pytest.raises(ProtocolTrouble, match="redirected"):
        http.ask("GET", "/x")
    assert len(lms.requests) == 1


def test_cookies_are_not_kept(lms: LocalLms, http: Http) -> None:
    lms.queue = [Reply.of({}, **{"Set-Cookie": "MoodleSession=abc; Path=/"}), Reply.of({})]
    http.ask("GET", "/x")
    http.ask("GET", "/x")
    assert "Cookie" not in lms.requests[1].headers


def test_a_server_that_is_gone_is_unreachable(local_options: Options) -> None:
    http = Http("http://127.0.0.1:9", local_options)
    with pytest.raises(Unreachable):
        http.ask("GET", "/x")
    http.close()


def test_pages_are_followed_to_the_letter(lms: LocalLms, http: Http) -> None:
    """Page tokens are case-sensitive and opaque: they go back as they came, %3D and all."""
    token = "/api?page=bookmark:WyJBYkMiLDFd%3D=aB&per_page=100"
    lms.queue = [
        Reply.of([1], Link=f'<{lms.url}/api?page=1>; rel="current", <{lms.url}{token}>; rel="next"'),
        Reply.of([2], link=f'<{lms.url}/api?page=1>; rel="first"'),
    ]
    assert [decode_any(page) for page in http.pages("/api")] == [[1], [2]]
    assert lms.requests[1].path == token


def test_pitfall_14_a_next_link_to_another_host_gets_no_token(lms: LocalLms, http: Http) -> None:
    for elsewhere in ("https://evil.example/api?page=2", "http://evil.example/2", "ftp://127.0.0.1/"):
        lms.queue = [Reply.of([1], Link=f'<{elsewhere}>; rel="next"')]
        with pytest.raises(RefusedAddress):
            list(http.pages("/api"))


def test_pitfall_14_https_does_not_fall_back_to_http(options: Options) -> None:
    http = Http("https://lms.example", options)
    with pytest.raises(RefusedAddress):
        http.ask("GET", "http://lms.example/api?page=2")
    http.close()


def test_pitfall_20_endless_pages_are_capped_and_circles_noticed(lms: LocalLms, local_options: Options) -> None:
    http = Http(lms.url, replace(local_options, max_pages=5))

    def endless(request: Request) -> Reply:
        return Reply.of([], Link=f'<{lms.url}/api?page={len(lms.requests)}>; rel="next"')

    lms.answer = endless
    with pytest.raises(TooMuchData):
        list(http.pages("/api"))
    assert len(lms.requests) == 5
    lms.answer = lambda request: Reply.of([], Link=f'<{lms.url}/api?page=2>; rel="next"')
    with pytest.raises(ProtocolTrouble, match="circle"):
        list(http.pages("/api"))
    http.close()


def test_moodle_writes_curly_quotes_into_its_links(lms: LocalLms, http: Http) -> None:
    lms.queue = [Reply.of([], Link=f"<{lms.url}/li?limit=1&amp;from=1>; rel=“next”".encode().decode("latin-1"))]
    answer = http.ask("GET", "/li")
    assert link(answer, "next") == f"{lms.url}/li?limit=1&from=1"


def test_a_link_that_leads_nowhere_is_told_as_the_platform_s_fault(lms: LocalLms, http: Http) -> None:
    lms.queue = [Reply.of([], Link='<http://[>; rel="next"')]
    with pytest.raises(ProtocolTrouble):
        list(http.pages("/api"))


def test_brackets_without_end_are_told_as_broken(lms: LocalLms, local_options: Options) -> None:
    lms.queue = [Reply(body=b"[" * 100_000)]
    with pytest.raises(ProtocolTrouble, match="broken"):
        fetch_json(f"{lms.url}/jwks", options=local_options)


def test_json_for_the_launch_is_fetched_under_the_same_rules(lms: LocalLms, local_options: Options) -> None:
    lms.queue = [Reply.of({"keys": []})]
    assert fetch_json(f"{lms.url}/jwks", options=local_options) == {"keys": []}
    lms.queue = [Reply(body=b"[" + b" " * 2_000_000 + b"]")]
    with pytest.raises(TooMuchData):
        fetch_json(f"{lms.url}/jwks", options=local_options)


@pytest.mark.parametrize(
    "address", ["ftp://a.example/", "https://", "https://u:p@a.example/", "nonsense", "http://[::"]
)
def test_what_is_no_plain_web_address_is_refused(address: str) -> None:
    with pytest.raises(RefusedAddress):
        origin(address)
