"""The door of API 4.0: the group and the host are in the query, the last parameter signs the call."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from flask import Response, current_app, request

from tracker import wire, workers
from tracker.models import Worker
from tracker.rpc import boundary
from tracker.rpc.door import bp, lease
from tracker.rpc.table import Call, Method
from tracker.rpc.v4 import signature, verbatim
from tracker.rpc.v4.table import FAILED, METHODS, Refused

BAD_REQUEST, NO_METHOD = -32700, -32601


@bp.post("")
@bp.post("/")
def v4() -> Response:
    """Answer one call of API 4.0. What is wrong is told in the order the original tells it."""
    return boundary.respond(request.args.get("hostname", ""), _work)


def _work() -> bytes:
    name, params = _read(boundary.received())
    found = _published(name)

    def enter() -> boundary.Entered:
        call = Call(_caller(name, params), lease_s=lease(request.headers.get(wire.LEASE_SECONDS, "")))
        return call, found.name, _fitting(found, [verbatim.storable(value) for value in params[:-1]])

    return boundary.once(enter, request.headers.get(wire.REQUEST_ID, ""), METHODS)


def _read(body: bytes) -> tuple[str, list[Any]]:
    if not body.strip():
        raise Refused(BAD_REQUEST, "empty request")
    try:
        return verbatim.read_call(body)
    except wire.WireError as error:
        raise Refused(BAD_REQUEST, f"cannot parse request: {error}") from None


def _published(name: str) -> Method:
    if not name.lower().startswith(wire.PREFIX.lower()):
        raise Refused(NO_METHOD, "request method not found, invalid prefix")
    found = METHODS.get(name.lower())
    if found is None:
        raise Refused(NO_METHOD, "request method not found")
    return found


def _caller(name: str, params: list[Any]) -> Worker:
    """Return the worker that signed the call; its first valid call registers it."""
    token, hostname = request.args.get("group", ""), request.args.get("hostname", "")
    if not token or not hostname:
        raise Refused(FAILED, "incomplete arguments")
    group = workers.groups.by_token(token)
    if group is None:
        raise Refused(FAILED, "worker group not found")
    if not params:
        raise Refused(FAILED, "signature missing")
    signed = signature.Signed(name, token, hostname, params[:-1])
    secrets = workers.groups.secrets_of(group, current_app.config["SECRET_KEY"])
    if signature.verify(signed, _addresses(), secrets, params[-1]) is None:
        raise Refused(FAILED, "invalid or missing signature")
    return workers.register(group, worker_name(hostname), request.remote_addr or "")


def _addresses() -> list[str]:
    """List the addresses under which the client may know this one; the host as it spells it."""
    host = request.headers.get("Host", "")
    return signature.addresses(request.scheme, host, request.root_path + request.path, _public_url())


def _public_url() -> str:
    return str(current_app.config["SETTINGS"].public_url)


def worker_name(hostname: str) -> str:
    """Return what a worker is called within its group: the first label of its host name, or its IP address.

    Raises Refused for what is neither.
    """
    try:
        return str(ip_address(hostname))
    except ValueError:
        if not workers.FQDN.match(hostname):
            shown = repr(hostname[:60])
            raise Refused(FAILED, f"can neither create nor find worker entry: {shown} is no host name") from None
        return hostname.partition(".")[0]


def _fitting(found: Method, arguments: list[Any]) -> list[Any]:
    """Return the arguments that a method takes; more than that are ignored. Raises Refused when some are missing."""
    wanted = found.parameters
    missing = [each.name for each in wanted[len(arguments) :] if each.default is each.empty]
    if missing:
        raise Refused(FAILED, f"{found.name.removeprefix(wire.PREFIX)}: {', '.join(missing)} missing")
    return arguments[: len(wanted)]
