"""What machines ask the tracker about itself (design D14): is it alive, is it ready, and numbers for Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from ipaddress import ip_address

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from tracker import database
from tracker.db import now, transaction
from tracker.errors import DatabaseError
from tracker.queries import metrics

bp = Blueprint("health", __name__)

ALIVE = timedelta(minutes=2)
"""A worker that was heard of so recently is alive."""
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@bp.get("/health/live")
def live() -> ResponseReturnValue:
    """Say that this process answers; it asks nobody."""
    return jsonify(status="ok")


@bp.get("/health/ready")
def ready() -> ResponseReturnValue:
    """Say whether calls can be answered: the database is there and has the tables of this version; 503 otherwise."""
    try:
        with transaction():
            found = metrics.revision()
    except DatabaseError as error:
        return jsonify(status="unavailable", reason=str(error)), 503
    if found != _head():
        return jsonify(status="unavailable", reason=f"The database is at revision {found}, not {_head()}."), 503
    return jsonify(status="ok")


@bp.get("/metrics")
def numbers() -> ResponseReturnValue:
    """Return the numbers in the text format of Prometheus."""
    if not _may_read():
        reason = "This needs the token in FAHRWERK_METRICS_TOKEN; without one, only this machine may read it.\n"
        return Response(reason, 401, {"WWW-Authenticate": "Bearer"}, content_type="text/plain; charset=utf-8")
    with transaction():
        lines = [*_tickets(), *_workers()]
    return Response("\n".join(lines) + "\n", content_type=TEXT)


@cache
def _head() -> str:
    return database.head()


def _may_read() -> bool:
    token = current_app.config["SETTINGS"].metrics_token
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    # A proxy on this machine passes on calls from anywhere.
    passed_on = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not passed_on and ip_address(request.remote_addr or "0.0.0.0").is_loopback


def _tickets() -> Iterator[str]:
    found = metrics.standings()
    yield from _head_of("tickets", "gauge", "Tickets by project, type, state and failed flag.")
    for row in found:
        yield _line("tickets", row.count, project=row.project, type=row.type, state=row.state, failed=int(row.failed))
    yield from _head_of("oldest_ticket_seconds", "gauge", "How long the oldest ticket has been in its state.")
    for row in found:
        age = round(max(0.0, (now() - row.oldest).total_seconds()), 1)
        name = "oldest_ticket_seconds"
        yield _line(name, age, project=row.project, type=row.type, state=row.state, failed=int(row.failed))
    yield from _head_of("claims_total", "counter", "How often tickets of a project were handed to workers.")
    for project in dict.fromkeys(row.project for row in found):
        claims = sum(row.claims for row in found if row.project == project)
        yield _line("claims_total", claims, project=project)


def _workers() -> Iterator[str]:
    found = metrics.crews(now() - ALIVE)
    yield from _head_of("workers_alive", "gauge", "Workers heard of in the last two minutes, by group.")
    yield from (_line("workers_alive", alive, group=group) for group, alive, _busy in found)
    yield from _head_of("workers_busy", "gauge", "Those of them that hold a ticket.")
    yield from (_line("workers_busy", busy, group=group) for group, _alive, busy in found)


def _head_of(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP fahrwerk_{name} {text}"
    yield f"# TYPE fahrwerk_{name} {kind}"


def _line(name: str, value: float, **labels: str | int) -> str:
    parts = ",".join(f'{label}="{_escaped(str(text))}"' for label, text in labels.items())
    return f"fahrwerk_{name}{{{parts}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
