"""The door of API 3.0: who calls by the login hash in the address. Thin: verbs live elsewhere."""

from __future__ import annotations

import re

from flask import Blueprint, Response, current_app, request

from tracker import hosts, projects, wire, workers
from tracker.errors import BadLogin, ProjectMissing, TrackerError
from tracker.models import Project
from tracker.queries import Caller
from tracker.rpc import boundary
from tracker.rpc.table import Call

bp = Blueprint("rpc", __name__, url_prefix="/rpc")


HASH = re.compile(r"[0-9a-fA-F]{32}\Z")
ADDRESS = "The address has to be /rpc/<login hash>/<FQDN>[/<project slug>]."


@bp.post("/<login_hash>/<fqdn>")
@bp.post("/<login_hash>/<fqdn>/<slug>")
def door(login_hash: str, fqdn: str, slug: str = "") -> Response:
    """Answer one call; who calls is known before anything is said about the call."""

    def work() -> bytes:
        _refuse_if_closed()
        workers.check_login(login_hash, fqdn, current_app.config["RPC_SECRETS"])
        _look_at_host(fqdn)
        name, params = wire.read_call(boundary.received())

        def enter() -> boundary.Entered:
            caller = workers.caller(fqdn, slug if projects.SLUG.match(slug) else "", request.remote_addr or "")
            return Call(caller.worker, _project(caller, slug), _lease()), name, params

        return boundary.once(enter, request.headers.get(wire.REQUEST_ID, ""))

    return boundary.respond(fqdn, work)


@bp.post("/<path:rest>")
def lost(rest: str) -> Response:
    """Answer a call to an address that has too little or too much, so that its author sees what is wrong."""

    def work() -> bytes:
        if rest.count("/"):
            raise BadLogin(ADDRESS)
        raise NoHost() if HASH.match(rest) else NoHash()

    return boundary.respond("", work)


class NoHash(TrackerError):
    """The address has no login hash: it has to be /rpc/<login hash>/<FQDN>[/<project slug>]."""

    fault_code = 401


class NoHost(TrackerError):
    """The address has no host name: it has to be /rpc/<login hash>/<FQDN>[/<project slug>]."""

    fault_code = 402


class NoSecret(TrackerError):
    """The tracker has no secret for scripts; its admin has to set FAHRWERK_SECRET."""

    fault_code = 500


class Closed(TrackerError):
    """API 3.0 is switched off on this tracker (FAHRWERK_RPC_V3); its admin can switch it on, or give you API 4.0."""

    fault_code = 403


def _refuse_if_closed() -> None:
    if not current_app.config["SETTINGS"].rpc_v3:
        raise Closed()
    if not current_app.config["RPC_SECRETS"]:
        raise NoSecret()


def _look_at_host(fqdn: str) -> None:
    """Compare the caller's address with its name in DNS, as FAHRWERK_WORKER_DNS says; raise BadLogin."""
    mode, known = current_app.config["SETTINGS"].worker_dns, current_app.extensions["hosts"]
    if mode == hosts.LOG:
        known.note(fqdn, request.remote_addr or "")
    elif mode == hosts.ENFORCE and (reason := known.objection(fqdn, request.remote_addr or "")):
        raise BadLogin(reason)


def _project(caller: Caller, slug: str) -> Project | None:
    """Return the project in the address; one that the worker's group does not work for is as good as none."""
    if not slug:
        return None
    if caller.project is None:
        raise ProjectMissing(f"There is no project {slug!r}.")
    if not (caller.worker.group.all_projects or caller.listed):
        raise ProjectMissing(f"There is no project {slug!r} for the workers of {caller.worker.group.name}.")
    return caller.project


def _lease() -> int | None:
    return lease(request.headers.get(wire.LEASE_SECONDS, ""))


def lease(text: str) -> int | None:
    """Return the seconds of a lease header, None for anything that is no number of at most six digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
