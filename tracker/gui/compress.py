"""Answers compressed with gzip, and tokens that cannot be guessed from the length of what is sent (BREACH)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import secrets
from functools import lru_cache

from flask import Flask, Response, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf

KINDS = frozenset(
    (
        *("text/html", "text/css", "text/javascript", "application/javascript", "text/csv", "image/svg+xml"),
        *("application/json", "application/atom+xml"),
    )
)
LEAST = 1000
"""Bytes; less is not worth the work."""
LEVEL = 6
DOORS = frozenset(("rpc", "mirror", "health"))


class MaskedCSRF(CSRFProtect):
    """CSRF tokens that look different in every answer.

    A compressed answer that repeats what somebody else wrote tells by its length how much of that is like the rest of
    the page. A session's token would be found so, letter by letter; under random bytes, it is never the same twice.
    """

    def _get_csrf_token(self) -> str | None:
        sent = super()._get_csrf_token()
        return unmasked(sent) if sent else sent


def masked() -> str:
    """Return the CSRF token of the session under a fresh mask."""
    token = generate_csrf().encode()
    mask = secrets.token_bytes(len(token))
    return base64.urlsafe_b64encode(mask + _xor(token, mask)).decode()


def unmasked(text: str) -> str:
    """Return the token under a mask; nonsense stays nonsense, that no signature fits."""
    try:
        both = base64.urlsafe_b64decode(text.encode("ascii"))
        half = len(both) // 2
        return _xor(both[half:], both[:half]).decode("ascii")
    except ValueError:
        return "nonsense"


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def init_app(app: Flask) -> None:
    """Have answers compressed, and pages draw masked tokens."""
    app.jinja_env.globals["csrf_token"] = masked
    app.context_processor(lambda: {"csrf_token": masked})  # Flask-WTF says it in both ways
    app.after_request(compress)


def compress(response: Response) -> Response:
    """Compress an answer that is worth it for a browser that understands it; media and answers to scripts stay."""
    if response.mimetype not in KINDS or request.blueprint in DOORS or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    is_file = response.direct_passthrough and (request.endpoint or "").endswith("static")
    if response.status_code != 200 or not request.accept_encodings["gzip"] or response.is_streamed > is_file:
        return response
    response.direct_passthrough = False
    data = response.get_data()
    if len(data) < LEAST:
        return response
    packed = _file(hashlib.sha256(data).digest(), data) if is_file else _packed(data)
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)
    return response


def _packed(data: bytes) -> bytes:
    return gzip.compress(data, LEVEL, mtime=0)


@lru_cache(maxsize=64)
def _file(_digest: bytes, data: bytes) -> bytes:
    return _packed(data)
