"""Secrets of worker groups, stored encrypted: both doors need the plain text to check what clients send (design D6)."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tracker.errors import TrackerError

PURPOSE = b"fahrwerk: secrets of worker groups"
"""Part of the key, so that what the same setting protects elsewhere has another one."""


class Unreadable(TrackerError):
    """A stored secret was encrypted with another FAHRWERK_SECRET_KEY."""


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str, secret_key: str) -> bytes:
    """Encrypt a secret with the key of the settings."""
    return _fernet(secret_key).encrypt(text.encode())


def unseal(sealed: bytes, secret_key: str) -> str:
    """Return the secret in clear. Raises Unreadable when it was sealed with another key."""
    try:
        return _fernet(secret_key).decrypt(sealed).decode()
    except InvalidToken:
        raise Unreadable() from None
