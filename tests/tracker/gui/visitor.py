"""A person with a browser: logs in, reads a page, fills in its form and sends it."""

from __future__ import annotations

from typing import Any

import lxml.html
from flask.testing import FlaskClient
from lxml.html import FormElement, HtmlElement
from werkzeug.test import TestResponse

from tests.factories import PASSWORD, make_user


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


def send(client: FlaskClient, path: str, fields: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
    """Post a form with its CSRF token."""
    return client.post(path, data={"csrf_token": token(client), **(fields or {})}, **kwargs)


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Log in with the form."""
    return send(client, "/login", {"name": name, "password": password, **fields})


def enter(client: FlaskClient, name: str = "alice", role: str = "") -> None:
    """Make a user and log in."""
    make_user(name, role)
    assert log_in(client, name).status_code == 303


def form_of(response: TestResponse, action: str) -> FormElement:
    """Return the form of a page whose hidden or button `action` field has this value."""
    found: FormElement = page(response).xpath(f"//form[.//*[@name='action'][@value='{action}']]")[0]
    return found
