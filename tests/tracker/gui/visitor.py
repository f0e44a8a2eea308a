"""A person with a browser: logs in, reads a page, fills in its form and sends it."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import lxml.html
from flask.testing import FlaskClient
from lxml.html import HtmlElement
from werkzeug.test import TestResponse

from tests.factories import PASSWORD, make_user, states
from tracker.db import db
from tracker.models import Ticket


def page(response: TestResponse) -> HtmlElement:
    """Parse what came back."""
    return lxml.html.document_fromstring(response.get_data(as_text=True))


def words(response: TestResponse) -> str:
    """Return the text of a page with single spaces."""
    return " ".join(page(response).text_content().split())


def token(client: FlaskClient) -> str:
    """Return the CSRF token of the session, as every page with a form carries it."""
    found: str = page(client.get("/login", follow_redirects=True)).xpath("//input[@name='csrf_token']/@value")[0]
    return found


_tokens: WeakKeyDictionary[FlaskClient, str] = WeakKeyDictionary()


def send(client: FlaskClient, path: str, fields: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
    """Post a form with the CSRF token of the session."""
    if client not in _tokens:
        _tokens[client] = token(client)
    method = kwargs.pop("method", "POST")
    return client.open(path, method=method, data={"csrf_token": _tokens[client], **(fields or {})}, **kwargs)


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Log in with the form."""
    _tokens.pop(client, None)
    sent = {"csrf_token": token(client), "name": name, "password": password, **fields}
    return client.post("/login", data=sent)


def forget(client: FlaskClient) -> None:
    """Begin a new session, as another browser would."""
    client.delete_cookie("session")
    _tokens.pop(client, None)


def enter(client: FlaskClient, name: str = "alice", role: str = "") -> None:
    """Make a user who is logged in; the password is not asked for, because hashing takes its time."""
    user = make_user(name, role)
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = user.get_id(), True


def now_in(talk: Ticket) -> dict[str, str]:
    """Return the states of a talk's files as the database has them, after a request changed them."""
    db.session.expire_all()
    return states(talk)


def filled(form: HtmlElement) -> dict[str, list[str]]:
    """Return what a browser sends when nobody touches a form, without its buttons."""
    sent: dict[str, list[str]] = {}
    for field in form.xpath(".//input[@name] | .//textarea[@name] | .//select[@name]"):
        if field.tag == "input" and field.get("type") in ("checkbox", "radio") and field.get("checked") is None:
            continue
        sent.setdefault(field.get("name"), []).append(_value(field))
    return sent


def _value(field: HtmlElement) -> str:
    if field.tag == "select":
        chosen = (field.xpath("./option[@selected]") or field.xpath("./option"))[0]
        return str(chosen.get("value", chosen.text))
    if field.tag == "textarea":
        return (field.text or "").removeprefix("\n").replace("\n", "\r\n")
    return str(field.get("value") or "")
