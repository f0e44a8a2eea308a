"""The table of published methods: what each takes and gives, who calls it, and how a call finds it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin

from tracker import wire
from tracker.errors import NotPermitted, ProjectMissing, ProjectReadOnly, TrackerError
from tracker.models import Project, User, Worker

NO_METHOD, BAD_PARAMETERS = -32601, -32602


@dataclass(frozen=True)
class Call:
    """Who calls, a worker or the program of a user, for which project, and how often a worker will be heard of."""

    worker_or_none: Worker | None
    project_or_none: Project | None = None
    lease_s: int | None = None
    reader: User | None = None

    @property
    def worker(self) -> Worker:
        """Return the worker that calls; only methods that change nothing are there for others."""
        if self.worker_or_none is None:
            raise NotPermitted("Only a worker may do this.")
        return self.worker_or_none

    @property
    def project(self) -> Project:
        """Return the project of the URL; methods without one never ask."""
        if self.project_or_none is None:
            raise ProjectMissing()
        return self.project_or_none


@dataclass(frozen=True)
class Method:
    """A published method: its function, whether it needs a project and changes anything, its own faults."""

    name: str
    function: Callable[..., Any]
    needs_project: bool
    writes: bool
    faults: tuple[int, ...] = ()

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """List the parameters on the wire (the first of the function is the Call)."""
        return list(inspect.signature(self.function).parameters.values())[1:]

    @property
    def results(self) -> list[str]:
        """Return the types that the result may have on the wire."""
        hint = inspect.get_annotations(self.function, eval_str=True).get("return")
        return [_wire_type(part) for part in get_args(hint)] if isinstance(hint, UnionType) else [_wire_type(hint)]

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
    name: str,
    *,
    project: bool = True,
    writes: bool = False,
    faults: tuple[int, ...] = (),
    methods: dict[str, Method] = METHODS,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Publish a function under its wire *name*; calls find methods in the table only, never by attribute.

    *faults* are the numbers of refusals of its own, besides those that any call can get; docs/api.md lists them.
    """

    def publish(function: Callable[..., Any]) -> Callable[..., Any]:
        full = name if name.startswith("system.") else wire.PREFIX + name
        methods[full.lower()] = Method(full, function, project, writes, faults)
        return function

    return publish


def published(name: str, methods: Mapping[str, Method] = METHODS) -> Method:
    """Return the method of a wire name, ``C3TT.…`` or ``system.…``; raise NoMethod."""
    found = methods.get(name.lower())
    if found is None:
        raise NoMethod(f"There is no method {name[:80]!r}; system.listMethods lists them.")
    return found


def dispatch(call: Call, name: str, params: list[Any], methods: Mapping[str, Method] = METHODS) -> Any:
    """Find the method in the table, bind its parameters, run it. Raises TrackerError."""
    found = published(name, methods)
    if found.needs_project and found.writes and call.project.read_only:
        raise ProjectReadOnly(f"Project {call.project.slug} is archived (read only).")
    if found.needs_project:
        _ = call.project
    try:
        bound = _signature(found.function).bind(call, *params)
    except TypeError:
        wanted = ", ".join(p.name for p in found.parameters)
        raise BadParameters(f"{found.name}({wanted}) got {len(params)} parameters.") from None
    return found.function(*bound.args)


_signature = cache(inspect.signature)
"""To look at a function takes longer than to bind its parameters."""


class NoMethod(TrackerError):
    """There is no such method."""

    fault_code = NO_METHOD
    http_status = 404


class BadParameters(TrackerError):
    """The parameters do not fit the method."""

    fault_code = BAD_PARAMETERS
