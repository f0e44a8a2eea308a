"""Credentials for a Fahrplan's source and for webhooks: stored encrypted, never shown, never in a log."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import urlsplit

from tracker import properties
from tracker.db import db
from tracker.errors import FahrplanError, InvalidInput
from tracker.fahrplan import sources
from tracker.fetch import shown_address
from tracker.models import FahrplanSource, Project
from tracker.workers import cipher

KINDS = ("none", "basic", "header", "token")
PURPOSE = b"fahrwerk: access to Fahrplan sources and webhooks"
MAX_SECRET = 4000

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_OURS = frozenset(
    (
        *("host", "connection", "content-length", "transfer-encoding", "accept-encoding"),
        *("if-none-match", "if-modified-since", "user-agent"),
    )
)
"""Headers that a request has anyway, or that would break it."""


def set_login(project: Project, kind: str, name: str, secret: str, secret_key: str) -> None:
    """Say how a project's Fahrplan is asked for.

    ``basic``: user *name* with the password *secret*; ``header``: a header *name* with the value *secret*; ``token``:
    ``Authorization: name secret``, `Bearer` without a name; ``none``: nothing. It is for the host that the project's
    Fahrplan.XML names now, and for no other. Raises InvalidInput, which never quotes the secret.
    """
    source = sources.of(project)
    if kind not in KINDS:
        raise InvalidInput(f"{kind!r} is no way to log in; there are: {', '.join(KINDS)}.", "auth")
    if kind == "none":
        source.login = None
    else:
        _check(kind, name, secret)
        host = _host(properties.own(project).get("Fahrplan.XML", ""))
        if not host:
            raise InvalidInput("First say where the Fahrplan is: the secret is for that host alone.", "auth")
        source.login = _sealed({"kind": kind, "name": name, "secret": secret, "host": host}, secret_key)
    source.etag = source.last_modified = source.fingerprint = ""
    source.next_try = None
    db.session.flush()


def _check(kind: str, name: str, secret: str) -> None:
    if not secret or len(secret) > MAX_SECRET or not secret.isprintable() or not _latin(secret):
        raise InvalidInput("The secret is empty, too long, or has characters that no HTTP header can carry.", "secret")
    if kind == "basic" and (not name or ":" in name or not name.isprintable() or not _latin(name)):
        raise InvalidInput("A user name has at least one character, and neither ':' nor others than Latin-1.", "login")
    if kind == "header" and (not _HEADER.match(name) or name.lower() in _OURS):
        raise InvalidInput(f"{name[:40]!r} is no name of a header that can be set here.", "login")
    if kind == "token" and name and not _HEADER.match(name):
        raise InvalidInput(f"{name[:40]!r} is no scheme of an Authorization header, such as Bearer or Token.", "login")


def _latin(text: str) -> bool:
    return all(ord(letter) < 256 for letter in text)


def _host(address: str) -> str:
    """Return whom a secret may be told: scheme, host and port of an address; '' for what is none."""
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".lower() if parts.hostname else ""
    except ValueError:
        return ""


def headers(source: FahrplanSource, secret_key: str, address: str) -> dict[str, str]:
    """Return the headers to ask the source at *address* with.

    Raises cipher.Unreadable, and FahrplanError if the login was given for another host: who may change the address
    need not be somebody who may know the secret.
    """
    if source.login is None:
        return {}
    stored = _opened(source.login, secret_key)
    if stored.get("host", _host(address)) != _host(address):
        raise FahrplanError(f"The login was given for {stored['host'].rstrip(':')} and is not told another host.")
    kind, name, secret = stored["kind"], stored["name"], stored["secret"]
    if kind == "header":
        return {name: secret}
    if kind == "token":
        return {"Authorization": f"{name or 'Bearer'} {secret}"}
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode('latin-1')).decode()}"}


def login_kind(source: FahrplanSource, secret_key: str) -> str:
    """Return how the source is asked, without any secret: 'basic as crew'."""
    if source.login is None:
        return "none"
    stored = _opened(source.login, secret_key)
    return f"{stored['kind']} {stored['name']}".strip()


def set_webhook(project: Project, url: str, secret: str, secret_key: str) -> None:
    """Have the crew told at *url* ('' for nowhere); with a *secret* the messages are signed. Raises InvalidInput."""
    source = sources.of(project)
    if url and (not url.startswith(("https://", "http://")) or not url.isascii() or not url.isprintable()):
        raise InvalidInput("The webhook is neither an http nor an https address.", "webhook")
    source.webhook = _sealed({"url": url, "secret": secret}, secret_key) if url else None
    db.session.flush()


def webhook(source: FahrplanSource, secret_key: str) -> tuple[str, str]:
    """Return address and secret of the webhook, '' for none. Raises cipher.Unreadable."""
    if source.webhook is None:
        return "", ""
    stored = _opened(source.webhook, secret_key)
    return stored["url"], stored["secret"]


def shown_webhook(source: FahrplanSource, secret_key: str) -> str:
    """Return the host of the webhook: its path is often a secret, too."""
    url, secret = webhook(source, secret_key)
    host = "/".join(shown_address(url).split("/")[:3])
    return f"{host}/...{' (signed)' if secret else ''}" if url else ""


def _sealed(values: dict[str, str], secret_key: str) -> bytes:
    return cipher.seal(json.dumps(values), secret_key, PURPOSE)


def _opened(sealed: bytes, secret_key: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(cipher.unseal(sealed, secret_key, PURPOSE))
    return found
