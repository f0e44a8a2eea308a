"""A standard XML-RPC client that talks to the application without a socket."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.conftest import SECRET
from tracker import wire
from tracker.db import db
from tracker.models import Project, Ticket

HOST = "vm-encoder1.example.org"


class Door(xmlrpc.client.Transport):
    """Carries calls to a test client; the status has to be 200, whatever is answered."""

    def __init__(self, client: FlaskClient, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.client = client
        self.extra = dict(headers)

    def request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> Any:
        response = self.client.post(handler, data=request_body, headers=self.extra, content_type="text/xml")
        assert (response.status_code, response.content_type) == (200, "text/xml; charset=utf-8")
        parser, target = self.getparser()
        parser.feed(response.data)
        parser.close()
        return target.close()


def path(name: str = HOST, slug: str = "demo", secret: str = SECRET) -> str:
    return f"/rpc/{wire.login_hash(name, secret)}/{name}" + (f"/{slug}" if slug else "")


@pytest.fixture
def connect(client: FlaskClient) -> Callable[..., Any]:
    """Return a function that opens a client for a worker."""

    def make(name: str = HOST, slug: str = "demo", headers: Mapping[str, str] | None = None) -> Any:
        url = f"http://tracker{path(name, slug)}"
        return xmlrpc.client.ServerProxy(url, transport=Door(client, headers or {}))

    return make


@pytest.fixture
def project(client: FlaskClient) -> Project:
    made = factories.make_project()
    db.session.commit()
    return made


@pytest.fixture
def ticket(project: Project) -> Ticket:
    made = factories.make_encoding(project)
    db.session.commit()
    return made


@pytest.fixture
def tracker(connect: Callable[..., Any], project: Project) -> Any:
    """Return the methods of the project's API, called by one worker."""
    return connect().C3TT


def fresh(ticket: Ticket) -> Ticket:
    """Return the ticket as calls left it."""
    db.session.refresh(ticket)
    return ticket
