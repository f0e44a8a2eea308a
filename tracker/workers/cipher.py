"""Secrets that are stored encrypted, because their plain text is needed: those of worker groups, to check what clients
send (design D6), and those with which the tracker itself asks for a Fahrplan and calls webhooks."""

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


@lru_cache(maxsize=8)
def _fernet(secret_key: str, purpose: bytes) -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str, secret_key: str, purpose: bytes = PURPOSE) -> bytes:
    """Encrypt a secret with the key of the settings."""
    return _fernet(secret_key, purpose).encrypt(text.encode())


def unseal(sealed: bytes, secret_key: str, purpose: bytes = PURPOSE) -> str:
    """Return the secret in clear. Raises Unreadable when it was sealed with another key or for another purpose."""
    try:
        return _fernet(secret_key, purpose).decrypt(sealed).decode()
    except InvalidToken:
        raise Unreadable() from None
