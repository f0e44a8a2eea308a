"""The door of API 3.0: who calls by the login hash in the address. Thin: verbs live elsewhere."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from tracker import projects, wire, workers
from tracker.db import transaction
from tracker.errors import NotFound, ProjectMissing
from tracker.models import Project
from tracker.rpc import boundary
from tracker.rpc.table import Call

bp = Blueprint("rpc", __name__, url_prefix="/rpc")


@bp.post("/<login_hash>/<fqdn>")
@bp.post("/<login_hash>/<fqdn>/<slug>")
def door(login_hash: str, fqdn: str, slug: str = "") -> Response:
    """Answer one call; who calls is known before anything is said about the call."""

    def work() -> bytes:
        with transaction():
            worker = workers.identify(login_hash, fqdn, current_app.config["RPC_SECRETS"])
        name, params = wire.read_call(request.get_data())
        call = Call(worker, _project(slug), lease(request.headers.get(wire.LEASE_SECONDS, "")))
        return boundary.once(call, name, params, request.headers.get(wire.REQUEST_ID, ""))

    return boundary.respond(fqdn, work)


def _project(slug: str) -> Project | None:
    if not slug:
        return None
    try:
        return projects.get(slug)
    except NotFound as error:
        raise ProjectMissing(str(error)) from None


def lease(text: str) -> int | None:
    """Return the seconds of a lease header, None for anything that is no number of at most six digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
