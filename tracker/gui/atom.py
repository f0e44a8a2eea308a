"""Feeds (Atom, RFC 4287), for readers that have a login session or the token of a user."""

from __future__ import annotations

from flask import Response, current_app, request
from flask_login import current_user
from lxml import etree

from tracker import tokens
from tracker.db import transaction
from tracker.gui.access import me
from tracker.models import User

NAMESPACE = "http://www.w3.org/2005/Atom"
NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)])


def reader() -> User | None:
    """Return who reads: the user who is logged in, or the one whose token came along."""
    return me() if current_user.is_authenticated else _by_token()


def _by_token() -> User | None:
    """Return the user whose token came along: as a bearer, or as the password that feed readers can send."""
    given = request.authorization
    text = (given.token or given.password) if given is not None else None
    if not text:
        return None
    with transaction():
        limit = current_app.config["SETTINGS"].login_max_failures
        return tokens.authenticate(text, request.remote_addr or "", limit)


def unknown() -> Response:
    """Answer a reader that did not say who it is."""
    return Response("Log in, or send a token.", 401, {"WWW-Authenticate": 'Basic realm="Fahrwerk"'})


def begin(page: str, title: str, updated: str) -> etree._Element:
    """Begin a feed about the *page*."""
    feed = etree.Element(f"{{{NAMESPACE}}}feed", nsmap={None: NAMESPACE})
    add(feed, "id", page)
    add(feed, "title", title)
    add(feed, "updated", updated)
    etree.SubElement(feed, f"{{{NAMESPACE}}}link", rel="alternate", href=page)
    return feed


def entry(feed: etree._Element, link: str, title: str, updated: str, author: str, content: str) -> None:
    """Add an entry."""
    made = etree.SubElement(feed, f"{{{NAMESPACE}}}entry")
    add(made, "id", link)
    add(made, "title", title)
    add(made, "updated", updated)
    add(etree.SubElement(made, f"{{{NAMESPACE}}}author"), "name", author)
    etree.SubElement(made, f"{{{NAMESPACE}}}link", rel="alternate", href=link)
    add(made, "content", content)


def add(parent: etree._Element, name: str, text: str) -> None:
    """Add an element with a text, without what XML cannot say."""
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = text.translate(NOT_XML)


def answer(feed: etree._Element) -> Response:
    """Send a feed, or 304 to a reader that has it."""
    made = Response(bytes(etree.tostring(feed, encoding="utf-8")), mimetype="application/atom+xml")
    made.add_etag()
    made.make_conditional(request)
    return made
