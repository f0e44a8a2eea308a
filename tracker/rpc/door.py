"""The XML-RPC door for scripts: who calls, which method, one transaction, one answer. Thin: verbs live elsewhere."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any, get_args, get_origin

from flask import Blueprint, Response, current_app, request
from werkzeug.datastructures import Headers

from tracker import projects, wire, workers
from tracker.db import transaction
from tracker.errors import DatabaseError, NotFound, ProjectMissing, ProjectReadOnly, TrackerError
from tracker.models import Project, Worker

log = logging.getLogger(__name__)
bp = Blueprint("rpc", __name__, url_prefix="/rpc")

NO_METHOD, BAD_PARAMETERS, BAD_REQUEST, INTERNAL = -32601, -32602, -32700, -32500


@dataclass(frozen=True)
class Call:
    """Who calls, for which project, and how often the caller will be heard of."""

    worker: Worker
    project_or_none: Project | None = None
    lease_s: int | None = None

    @property
    def project(self) -> Project:
        """Return the project of the URL; methods without one never ask."""
        if self.project_or_none is None:
            raise ProjectMissing()
        return self.project_or_none


@dataclass(frozen=True)
class Method:
    """A published method: its function, whether it needs a project, and whether it changes anything."""

    name: str
    function: Callable[..., Any]
    needs_project: bool
    writes: bool

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """List the parameters on the wire (the first of the function is the Call)."""
        return list(inspect.signature(self.function).parameters.values())[1:]

    @property
    def signature(self) -> list[str]:
        """Return the types on the wire: result first, then the parameters."""
        hints = inspect.get_annotations(self.function, eval_str=True)
        return [_wire_type(hints.get("return")), *(_wire_type(hints.get(p.name)) for p in self.parameters)]


def _wire_type(hint: Any) -> str:
    names = {int: "int", str: "string", bool: "boolean", float: "double", dict: "struct", list: "array"}
    kinds = [get_origin(part) or part for part in (get_args(hint) if isinstance(hint, UnionType) else (hint,))]
    return next((names[kind] for kind in kinds if kind in names), "string")


METHODS: dict[str, Method] = {}


def method(
    name: str, *, project: bool = True, writes: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Publish a function under its wire *name*; calls find methods in the table only, never by attribute."""

    def publish(function: Callable[..., Any]) -> Callable[..., Any]:
        full = name if name.startswith("system.") else wire.PREFIX + name
        METHODS[full.lower()] = Method(full, function, project, writes)
        return function

    return publish


# --- the door --------------------------------------------------------------------------------------------------


@bp.post("/<login_hash>/<fqdn>")
@bp.post("/<login_hash>/<fqdn>/<slug>")
def door(login_hash: str, fqdn: str, slug: str = "") -> Response:
    """Answer one call. Faults come with HTTP 200 too: old clients retry anything else for half an hour.

    Only while the database is away it is 503, because then repeating is just what a client should do.
    """
    try:
        body = respond(request.get_data(), login_hash, fqdn, slug, request.headers)
    except DatabaseError as error:
        log.error("%.100r: %s", fqdn, error)
        return Response(str(error), status=503, headers={"Retry-After": "5"})
    return Response(body, content_type="text/xml; charset=utf-8")


def respond(payload: bytes, login_hash: str, fqdn: str, slug: str, headers: Headers) -> bytes:
    """Authenticate, dispatch and encode: bytes in, bytes out. Expected refusals are faults, bugs are logged.

    Raises DatabaseError while the database is away.
    """
    try:
        with transaction():
            worker = workers.identify(login_hash, fqdn, current_app.config["RPC_SECRETS"])
        name, params = wire.read_call(payload)
        call = Call(worker, _project(slug), _lease(headers))
        return _once(call, name, params, headers.get(wire.REQUEST_ID, ""))
    except wire.WireError as error:
        return wire.fault(BAD_REQUEST, str(error))
    except DatabaseError:
        raise
    except TrackerError as error:
        log.info("%.100r: refused: %s", fqdn, error)
        return wire.fault(error.fault_code, str(error))
    except Exception:  # the boundary: whatever goes wrong inside, the client gets an answer without our internals
        log.exception("%.100r: call failed", fqdn)
        return wire.fault(INTERNAL, "The tracker failed to answer this call; its log says why.")


def _project(slug: str) -> Project | None:
    if not slug:
        return None
    try:
        return projects.get(slug)
    except NotFound as error:
        raise ProjectMissing(str(error)) from None


def _lease(headers: Headers) -> int | None:
    text = headers.get(wire.LEASE_SECONDS, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _once(call: Call, name: str, params: list[Any], request_id: str) -> bytes:
    """Run the call in one transaction; a request id already answered gets the same answer again (design D5)."""
    with transaction():
        known = workers.REQUEST_ID.match(request_id)
        if known and (body := workers.remembered(call.worker, request_id)) is not None:
            return body
        body = wire.answer(dispatch(call, name, params))
        if known:
            workers.remember(call.worker, request_id, body)
        return body


def published(name: str) -> Method:
    """Return the method of a wire name, ``C3TT.…`` or ``system.…``; raise NoMethod."""
    found = METHODS.get(name.lower())
    if found is None:
        raise NoMethod(f"There is no method {name[:80]!r}; system.listMethods lists them.")
    return found


def dispatch(call: Call, name: str, params: list[Any]) -> Any:
    """Find the method in the table, bind its parameters, run it. Raises TrackerError or wire.Fault-like refusals."""
    found = published(name)
    if found.needs_project and found.writes and call.project.read_only:
        raise ProjectReadOnly(f"Project {call.project.slug} is archived (read only).")
    if found.needs_project:
        _ = call.project
    try:
        bound = inspect.signature(found.function).bind(call, *params)
    except TypeError:
        wanted = ", ".join(p.name for p in found.parameters)
        raise BadParameters(f"{found.name}({wanted}) got {len(params)} parameters.") from None
    return found.function(*bound.args)


class NoMethod(TrackerError):
    """There is no such method."""

    fault_code = NO_METHOD


class BadParameters(TrackerError):
    """The parameters do not fit the method."""

    fault_code = BAD_PARAMETERS
