"""The only door to pylti1p3: OIDC login, id_token validation and the deep linking response.

The library has no time-outs, keeps its issuer map on the class, reads the session from a cookie and accepts much that
it should not. So it gets a configuration of exactly one registration, already loaded keys, a session that is our signed
state, and tokens that `lti_app.lti.checks` has passed. Whatever it then refuses is refused too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from pylti1p3.cookie import CookieService
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.deployment import Deployment
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from lti_app.claim_fields import BadLaunch
from lti_app.lti.checks import Token
from lti_app.store.registrations import KnownPlatform

CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"


_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)
# The library would open a session for requests at every launch; it is never to make one.
_NO_REQUESTS = requests.Session()


class _Form(Request):
    """The parameters of one request."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @property
    def session(self) -> dict[str, Any]:
        return {}

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._values.get(key, "")


class _OnePlatform(ToolConfAbstract[_Form]):
    """A configuration of one registration, with an issuer map of its own instead of the one shared by the class."""

    def __init__(self, platform: KnownPlatform) -> None:
        self.issuers_relation_types = {}
        self.set_iss_has_many_clients(platform.issuer)
        self._platform = platform
        self.registration = Registration()
        self.registration.set_issuer(platform.issuer).set_client_id(platform.client_id)
        self.registration.set_auth_login_url(platform.auth_login_url)

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        return True

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> Registration:
        raise LtiException("a registration is found by issuer and client id only")

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> Registration:
        if (iss, client_id) != (self._platform.issuer, self._platform.client_id):
            raise LtiException("another platform than the one of this login")
        return self.registration

    def find_deployment(self, iss: str, deployment_id: str) -> Deployment | None:
        return None

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Deployment | None:
        return None


# The same few platforms all day; nothing of a single launch is kept in it.
_one_platform = lru_cache(maxsize=256)(_OnePlatform)


class _Session(SessionService):
    """Knows one nonce, the one derived from the state; keeps nothing."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce

    def save_nonce(self, nonce: str) -> None:
        pass

    def check_nonce(self, nonce: str) -> bool:
        return nonce == self._nonce

    def check_state_is_valid(self, state: str, id_token_hash: str) -> bool:
        return False


class _Bound(CookieService):
    """Answers with the state itself where the browser proved to be the one that began this login."""

    def __init__(self, bound: bool) -> None:
        self._bound = bound

    def get_cookie(self, name: str) -> str | None:
        return name if self._bound else None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        pass


class _Login(OIDCLogin[_Form, _OnePlatform, _Session, _Bound, str]):
    def __init__(self, values: Mapping[str, str], platform: KnownPlatform, state: str, nonce: str) -> None:
        super().__init__(_Form(values), _one_platform(platform), _Session(nonce), _Bound(False))
        self._state, self._nonce = state, nonce

    def get_redirect(self, url: str) -> Redirect[str]:
        raise NotImplementedError

    def _get_uuid(self) -> str:
        return self._state

    def _generate_nonce(self) -> str:
        return self._nonce

    def address(self, launch_url: str) -> str:
        return self._prepare_redirect_url(launch_url)


def login_address(
    values: Mapping[str, str], platform: KnownPlatform, *, state: str, nonce: str, launch_url: str
) -> str:
    """Return the platform's address to which a login goes; ``values`` are the platform's own login parameters."""
    known = {**values, "iss": platform.issuer, "client_id": platform.client_id}
    try:
        address = _Login(known, platform, state, nonce).address(launch_url)
    except LtiException as e:
        raise BadLaunch("login_incomplete", str(e)) from e
    if "?" in platform.auth_login_url:
        # The library always begins a query, also where the address has one.
        address = address.replace(f"{platform.auth_login_url}?", f"{platform.auth_login_url}&", 1)
    return address


class _Launch(MessageLaunch[_Form, _OnePlatform, _Session, _Bound]):
    def __init__(
        self,
        values: Mapping[str, str],
        platform: KnownPlatform,
        nonce: str,
        bound: bool,
        token: Token,
        key: RSAPublicKey,
    ) -> None:
        config = _one_platform(platform)
        super().__init__(_Form(values), config, _Session(nonce), _Bound(bound), requests_session=_NO_REQUESTS)
        self._client_id, self._token, self._key = platform.client_id, token, key

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def _get_id_token_hash(self) -> str:
        # Asked for only by `_Session`, which knows no state by it.
        return ""

    def get_client_id(self) -> str:
        # The library reads only the first entry of an audience array; `checks` has found ours in it.
        return self._client_id

    def validate_jwt_format(self) -> _Launch:
        # `checks` has taken the token apart already, more strictly than the library does.
        claims: Any = self._token.claims
        self._jwt = {"header": {"alg": "RS256", "kid": self._token.kid}, "body": claims}
        return self

    def get_public_key(self) -> tuple[Any, str]:
        # The library would turn a key set into text and back into a key at every launch.
        return self._key, "RS256"

    def validate_jwt_signature(self) -> _Launch:
        # The library would have PyJWT take the token apart once more, letter by letter, and then ask this algorithm.
        # `checks` has done the former, as strictly (one alphabet, one way to write it), with the times and the parties.
        if not _RS256.verify(self._token.signed, self._key, self._token.signature):
            raise LtiException("the signature is not the platform's")
        return self

    def verified_claims(self) -> dict[str, Any]:
        self.set_auto_validation(False)
        self.validate_state().validate_jwt_format().validate_nonce().validate_registration().validate_jwt_signature()
        return dict(self._get_jwt_body())


def validate_token(
    form: Mapping[str, str], platform: KnownPlatform, *, token: Token, key: RSAPublicKey, nonce: str, bound: bool
) -> dict[str, Any]:
    """Return the claims of a token whose state, nonce, parties and signature the library accepts; raises BadLaunch."""
    try:
        return _Launch(form, platform, nonce, bound, token, key).verified_claims()
    except LtiException as e:
        raise BadLaunch("library", str(e)[:300]) from e
    # Each layer below raises errors of its own; whatever ends a verification refuses the launch.
    except Exception as e:
        raise BadLaunch("library", type(e).__name__) from e


def placing_jwt(
    items: Sequence[Mapping[str, Any]],
    platform: KnownPlatform,
    *,
    deployment: str,
    data: Any,
    message: str = "",
    private_pem: str,
    kid: str,
) -> str:
    """Return the signed deep linking response; ``items`` are whole content items, ``data`` goes back unchanged.

    The platform may show ``message`` to the tutor.
    """
    config = _OnePlatform(platform)
    config.registration.set_tool_private_key(private_pem)
    config.registration.get_kid = lambda: kid  # type: ignore[method-assign]
    settings: Any = {"deep_link_return_url": "", "data": data}
    response = DeepLink(config.registration, deployment, settings)
    claims = response.get_message_jwt([_WholeItem(item) for item in items])
    if data is None:
        # An absent `data` must stay absent (deep linking 2.0, 4.5.3); the library would send null.
        del claims[f"{CLAIM}data"]
    if message:
        claims[f"{CLAIM}msg"] = message
    return str(response.encode_jwt(claims))


class _WholeItem(DeepLinkResource):
    """A content item with everything in it; the library's own drops target, frame, window, thumbnail and dates."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        self.set_type(str(item["type"])).set_url(str(item.get("url", "")))
        self._item = item

    def to_dict(self) -> dict[str, object]:
        return {**super().to_dict(), **self._item}
