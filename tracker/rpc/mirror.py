"""The methods of API 3.0 that only read, as JSON over HTTP GET, for programs that have a token of a user."""

from __future__ import annotations

import inspect
from typing import Any

from flask import Blueprint, Response, current_app, request

from tracker import projects, tokens, users, wire
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.models import Project, User
from tracker.rpc import boundary
from tracker.rpc.table import METHODS, Call, Method, NoMethod

bp = Blueprint("mirror", __name__, url_prefix="/api/3")

PROJECT = "project"
"""The parameter that names the project."""
OTHERS = ["POST", "PUT", "PATCH", "DELETE"]


def readable() -> dict[str, Method]:
    """Return the methods that are mirrored, by their name without prefix in lower case."""
    ours = {name.removeprefix(wire.PREFIX.lower()): found for name, found in METHODS.items()}
    return {name: found for name, found in ours.items() if not found.writes and "." not in name}


@bp.get("")
@bp.get("/")
def index() -> Response:
    """List the methods with their parameters."""

    def work() -> Any:
        _reader()
        return {_bare(found): _parameters(found) for found in readable().values()}

    return _conditional(boundary.respond_json("", work))


@bp.get("/<path:name>")
def read(name: str) -> Response:
    """Answer one call."""

    def work() -> Any:
        reader = _reader()
        found = readable().get(name.lower())
        if found is None:
            raise NoMethod(f"There is no method {name[:80]!r} to read by; {bp.url_prefix} lists them.")
        values = _values(found)
        with transaction():
            return _called(found, Call(None, _project(found, reader, values), reader=reader), values)

    return _conditional(boundary.respond_json(name, work))


@bp.route("", methods=OTHERS)
@bp.route("/<path:name>", methods=OTHERS)
def refuse(name: str = "") -> Response:
    """Refuse to change anything."""
    response = boundary.problem(405, "This address only reads; what changes something goes by XML-RPC.", 405)
    response.headers["Allow"] = "GET, HEAD, OPTIONS"
    return response


def _reader() -> User:
    """Return the user whose token came with the request; raise BadToken or TooManyFailures."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    limit = current_app.config["SETTINGS"].login_max_failures
    if scheme.lower() != "bearer" or not text.strip():
        raise tokens.BadToken()
    with transaction():
        found = tokens.authenticate(text.strip(), request.remote_addr or "", limit)
    if found is None:
        raise tokens.BadToken()
    return found


def _values(method: Method) -> dict[str, str]:
    """Return the parameters in the address. Raises InvalidInput for what is none or comes twice."""
    allowed = {PROJECT, *_parameters(method)}
    for name, given in request.args.lists():
        if name not in allowed:
            raise InvalidInput(f"{_bare(method)} has no parameter {name[:40]!r}; it has: {', '.join(sorted(allowed))}.")
        if len(given) > 1:
            raise InvalidInput(f"The parameter {name!r} comes {len(given)} times.", name)
        if wire.clean(given[0]) != given[0]:
            raise InvalidInput(f"The parameter {name!r} holds characters that XML-RPC cannot carry either.", name)
    return request.args.to_dict()


def _project(method: Method, reader: User, values: dict[str, str]) -> Project | None:
    slug = values.pop(PROJECT, "")
    if not method.needs_project:
        return None
    if not slug:
        raise InvalidInput(f"{_bare(method)} needs the parameter {PROJECT!r}, a slug.", PROJECT)
    found = projects.get(slug)
    users.require_project(reader, found)
    return found


def _called(method: Method, call: Call, values: dict[str, str]) -> Any:
    try:
        bound = inspect.signature(method.function).bind(call, **values)
    except TypeError:
        needed = [each.name for each in method.parameters if each.default is each.empty]
        raise InvalidInput(f"{_bare(method)} needs: {', '.join(needed)}.") from None
    return method.function(*bound.args, **bound.kwargs)


def _parameters(method: Method) -> dict[str, str]:
    """Return the names of the parameters in the address with their types."""
    own = {each.name: kind for each, kind in zip(method.parameters, method.signature[1:], strict=True)}
    return ({PROJECT: "string"} if method.needs_project else {}) | own


def _bare(method: Method) -> str:
    return method.name.removeprefix(wire.PREFIX)


def _conditional(response: Response) -> Response:
    """Have the client ask again each time, and tell it in a word that nothing changed."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    if response.status_code == 200:
        response.add_etag()
        response.make_conditional(request)
    return response
