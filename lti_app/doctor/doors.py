"""The steps of a launch: can both sides be reached, over https, with clocks that agree, in a frame, with cookies?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from flask_babel import gettext as _
from flask_babel import ngettext

from lms_clients.answers import Answer, decode_any
from lms_clients.errors import LmsError
from lms_clients.http import Http
from lms_clients.options import Options
from lti_app.config import LOOPBACK
from lti_app.doctor.patient import Patient
from lti_app.doctor.verdicts import ADMIN, OPERATOR, Verdict, because, fault, good, note
from lti_app.house import House
from lti_app.services import options_for
from lti_app.store.origins import origin_of

# A token is taken with ten seconds of leeway, and platforms are as strict with ours.
SKEW = 10


def hurried(house: House) -> Options:
    """Return how a self-test asks while somebody waits for its page: once, for a few seconds."""
    return replace(options_for(house), connect_seconds=3.0, read_seconds=6.0, total_seconds=10.0, tries=1)


def _ask(house: House, url: str, *, any_answer: bool = False) -> Answer:
    http = Http(url, hurried(house), judge=lambda answer: None) if any_answer else Http(url, hurried(house))
    try:
        return http.ask("GET", url)
    finally:
        http.close()


def check_own_address(house: House) -> Iterator[Verdict]:
    """Try our own address from here, as the platform must reach it for our keys."""
    name, url = _("Our own address"), house.settings.public_url
    host = urlsplit(url).hostname or ""
    if not house.settings.is_https and host not in LOOPBACK:
        yield fault(
            "own_https", name, _("%(url)s is not https: browsers will not keep our cookies.", url=url), OPERATOR
        )
        return
    try:
        keys = decode_any(_ask(house, f"{url}/lti/jwks"))
        count = len(keys["keys"]) if isinstance(keys, dict) and isinstance(keys.get("keys"), list) else 0
    except LmsError as e:
        words = _("%(url)s does not answer from here. %(why)s", url=url, why=because(e)[0])
        yield fault("own_address", name, words, OPERATOR, e.kind)
        return
    if not count:
        yield fault("own_address", name, _("%(url)s publishes no keys; is that really us?", url=url), OPERATOR)
        return
    keys_words = ngettext("%(num)s key is published", "%(num)s keys are published", count)
    yield good("own_address", name, f"{url}: {keys_words}")


def check_https(house: House, patient: Patient) -> Iterator[Verdict]:
    """Look whether every address of the platform is https, and whether pages may be shown within each other."""
    name = _("Encryption")
    plain = sorted({str(origin_of(url)) for url in patient.addresses if not url.startswith("https://")})
    ours_is_plain = not house.settings.is_https
    if ours_is_plain and not plain:
        words = _("The platform is https and this Regista is not: browsers will not show it inside the course page.")
        yield fault("https", name, words, OPERATOR)
    elif plain and all((urlsplit(one).hostname or "") in LOOPBACK for one in plain):
        yield note(
            "https", name, _("Without https, which only works on this machine itself: %(list)s", list=", ".join(plain))
        )
    elif plain:
        yield fault("https", name, _("These addresses are not https: %(list)s", list=", ".join(plain)), ADMIN)
    else:
        yield good("https", name, _("Every address is https."))


def check_issuer(house: House, patient: Patient) -> Iterator[Verdict]:
    """Knock at the platform; any answer will do."""
    name = _("The platform answers")
    try:
        answer = _ask(house, patient.issuer, any_answer=True)
    except LmsError as e:
        words, who = because(e)
        yield fault("issuer", name, f"{patient.issuer}: {words}", who, e.kind)
        return
    if answer.status >= 500:
        words = _("%(url)s answers with error %(status)s.", url=patient.issuer, status=answer.status)
        yield fault("issuer", name, words, ADMIN)
        return
    yield good("issuer", name, patient.issuer)


def check_keys(house: House, patient: Patient) -> Iterator[Verdict]:
    """Read the platform's public keys, and its clock from the same answer."""
    name = _("The platform's keys")
    try:
        answer = _ask(house, patient.jwks_url)
        document = decode_any(answer)
    except LmsError as e:
        words, who = because(e)
        yield fault("jwks", name, f"{patient.jwks_url}: {words}", who, e.kind)
        yield note("clock", _("Clocks"), _("Could not be compared: the keys did not come."))
        return
    keys = document.get("keys") if isinstance(document, dict) else None
    usable = (
        [key for key in keys if isinstance(key, dict) and key.get("kty") == "RSA"] if isinstance(keys, list) else []
    )
    if usable:
        words = ngettext("%(num)s key can be used", "%(num)s keys can be used", len(usable))
        yield good("jwks", name, f"{patient.jwks_url}: {words}")
    else:
        words = _("%(url)s holds no RSA key, so no launch can be checked.", url=patient.jwks_url)
        yield fault("jwks", name, words, ADMIN)
    yield _clock(answer)


def _clock(answer: Answer) -> Verdict:
    name, told = _("Clocks"), answer.headers.get("Date", "")
    try:
        theirs = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return note("clock", name, _("The platform does not say what time it is."))
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    seconds = round((theirs - datetime.now(UTC)).total_seconds())
    if abs(seconds) <= SKEW:
        return good("clock", name, _("They agree."))
    how_far = ngettext("%(num)s second", "%(num)s seconds", abs(seconds))
    if seconds > 0:
        words = _("The platform's clock is %(how_far)s ahead of ours, so launches are refused.", how_far=how_far)
    else:
        words = _("The platform's clock is %(how_far)s behind ours, so launches are refused.", how_far=how_far)
    return fault("clock", name, words, ADMIN)


def check_frame(patient: Patient) -> Iterator[Verdict]:
    """Say which sites may show our pages in a frame: the platform's own must be among them."""
    name, origin = _("In the course page"), str(origin_of(patient.issuer))
    if patient.ancestors == "'none'":
        yield fault("frame", name, _("No site may show Regista in a frame: the issuer is no web address."), OPERATOR)
        return
    allowed = patient.ancestors.replace(" ", ", ")
    if origin not in patient.ancestors.split():
        yield note(
            "frame",
            name,
            _("Pages of %(origin)s may not show Regista; allowed are %(list)s.", origin=origin, list=allowed),
        )
        return
    yield good("frame", name, _("These sites may show Regista in a frame: %(list)s", list=allowed))


def check_cookies(cookie_came: bool | None) -> Iterator[Verdict]:
    """Say whether this browser kept our cookie; None where no browser asks."""
    name = _("Cookies")
    if cookie_came is None:
        yield note(
            "cookies", name, _("Only a browser can tell: open the installation page of Regista from the platform.")
        )
    elif cookie_came:
        yield good("cookies", name, _("Your browser keeps our cookie inside the platform's page."))
    else:
        words = _(
            "Your browser keeps no cookies for pages inside other pages. Panels work all the same, a little slower."
        )
        yield note("cookies", name, words)


def check_deployments(patient: Patient) -> Iterator[Verdict]:
    """Say whether anybody has come in yet, and whether an installation waits for a yes."""
    name = _("Launches")
    if patient.waiting:
        words = ngettext(
            "%(num)s installation of the tool waits for your yes, on the installation page or by “platform allow”.",
            "%(num)s installations of the tool wait for your yes, on the installation page or by “platform allow”.",
            patient.waiting,
        )
        yield fault("deployments", name, words, OPERATOR)
    if patient.last_launch_at is None:
        yield note("launches", name, _("Nobody has opened a panel yet."))
    else:
        yield good(
            "launches", name, _("The last one came on %(day)s.", day=f"{patient.last_launch_at:%Y-%m-%d %H:%M} UTC")
        )
