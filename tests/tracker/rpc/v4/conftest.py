"""Callers of API 4.0 that talk to the application without a socket."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.tracker.rpc.v4.clients import Client, Php
from tracker import workers
from tracker.db import db
from tracker.models import Project, Worker, WorkerGroup

KEY, HOST = "k" * 64, "vm.example.org"


def read(answer: bytes) -> Any:
    """Read an answer as Python's own client does; raises its Fault."""
    return xmlrpc.client.loads(answer)[0][0]


@dataclass
class Caller:
    """A worker of a group; its attributes are the methods of the API."""

    browser: FlaskClient
    client: Client

    def send(self, body: bytes, **query: str) -> bytes:
        """Post bytes; the status has to be 200, whatever is answered."""
        asked = {"group": self.client.token, "hostname": self.client.hostname} | query
        url = self.client.url.removeprefix("http://tracker.example.org")
        response = self.browser.post(url, query_string=asked, data=body, base_url="http://tracker.example.org")
        assert (response.status_code, response.content_type) == (200, "text/xml; charset=utf-8")
        return response.data

    def call(self, name: str, *arguments: Any) -> Any:
        return read(self.send(self.client.call(f"C3TT.{name}", *arguments)))  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments: self.call(name, *arguments)

    def refusal(self, name: str, *arguments: Any) -> tuple[int, str]:
        with pytest.raises(xmlrpc.client.Fault) as caught:
            self.call(name, *arguments)
        return caught.value.faultCode, caught.value.faultString


def make_group(name: str = "main", *, projects: tuple[Project, ...] = (), **settings: Any) -> tuple[WorkerGroup, str]:
    """Make a worker group; return it with its secret."""
    group, secret = workers.groups.create(name, secret_key=KEY)
    workers.groups.configure(group, **settings)
    for project in projects:
        workers.groups.add_project(group, project)
    return group, secret


@pytest.fixture
def project(client: FlaskClient) -> Project:
    made = factories.make_project()
    db.session.commit()
    return made


@pytest.fixture
def enter(client: FlaskClient, project: Project) -> Callable[..., Caller]:
    """Return a function that makes a group, which works for the project, and a caller of it."""

    def make(
        name: str = "main", host: str = HOST, kind: type[Client] = Php, projects: Any = None, **settings: Any
    ) -> Caller:
        group, secret = make_group(name, projects=(project,) if projects is None else projects, **settings)
        db.session.commit()
        return Caller(client, kind(token=group.token, hostname=host, secret=secret))

    return make


@pytest.fixture
def tracker(enter: Callable[..., Caller]) -> Caller:
    """Return a caller of a group that works for the project."""
    return enter()


def worker_of(caller: Caller) -> Worker:
    """Return the row of a caller."""
    group = workers.groups.by_token(caller.client.token)
    assert group is not None
    return workers.register(group, caller.client.hostname.partition(".")[0])
