"""Encryption at rest for the secrets that the database holds: LMS tokens and our own private keys."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unreadable(Exception):
    """A sealed text cannot be opened: it was sealed under another REGISTA_SECRET_KEY, or damaged."""


def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(hashes.SHA256(), 32, salt=b"regista", info=b"at-rest-1").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def seal_text(text: str, secret_key: str) -> str:
    """Return ``text`` encrypted under a key derived from ``secret_key``."""
    return _fernet(secret_key).encrypt(text.encode()).decode()


def open_text(sealed: str, secret_key: str) -> str:
    """Return the text that `seal_text` sealed; raises Unreadable under another key."""
    try:
        return _fernet(secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken as e:
        raise Unreadable("sealed under another REGISTA_SECRET_KEY, or damaged") from e
