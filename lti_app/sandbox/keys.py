"""The practice LMS's own signing key, made once and kept."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lti_app.sandbox.ledger import Ledger


class Keys:
    """An RSA key: signs id_tokens, and shows its public half as a JWKS."""

    def __init__(self, ledger: Ledger) -> None:
        kept = ledger.setting("private_key")
        if kept is None:
            kept = ledger.keep_first("private_key", _new_key())
        loaded = serialization.load_pem_private_key(kept.encode(), password=None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise ValueError("the practice LMS signs with RSA")
        self._private = loaded
        numbers = loaded.public_key().public_numbers()
        self._n, self._e = _base64url(numbers.n), _base64url(numbers.e)
        self.kid = hashlib.sha256(self._n.encode()).hexdigest()[:20]

    def sign(self, claims: dict[str, Any]) -> str:
        """Return the claims as a compact RS256 JWS."""
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": self.kid})

    def verify_own(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that was signed here; raises jwt.PyJWTError."""
        return dict(jwt.decode(token, self._private.public_key(), algorithms=["RS256"], options={"verify_aud": False}))

    def jwks(self) -> dict[str, Any]:
        """Return the public half, in the shape in which Moodle shows its own."""
        key = {"kty": "RSA", "alg": "RS256", "kid": self.kid, "e": self._e, "n": self._n, "use": "sig"}
        return {"keys": [key]}


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
