"""The system.* methods: what there is, how it is called, several calls at once."""

from __future__ import annotations

import inspect
from typing import Any

from tracker import queries
from tracker.errors import TrackerError
from tracker.rpc.table import BAD_PARAMETERS, METHODS, BadParameters, Call, dispatch, method, published
from tracker.rpc.values import read_text

MAX_CALLS = 100
"""Calls in one system.multicall."""


@method("system.listMethods", project=False)
def list_methods(call: Call) -> list[Any]:
    """Return the names of all methods."""
    return sorted(found.name for found in METHODS.values())


@method("system.methodHelp", project=False)
def method_help(call: Call, name: str) -> str:
    """Return what a method does."""
    return inspect.getdoc(published(read_text(name)).function) or ""


@method("system.methodSignature", project=False)
def method_signature(call: Call, name: str) -> list[Any]:
    """Return the types of a method: a list of one list, result first, then the parameters."""
    return [published(read_text(name)).signature]


@method("system.multicall", project=False, writes=True)
def multicall(call: Call, calls: list[Any]) -> list[Any]:
    """Make up to 100 calls, structs of `methodName` and `params`, in one request and one transaction.

    Each answer is a list of one, or a struct of `faultCode` and `faultString`; a refused call undoes itself alone.
    """
    if not isinstance(calls, list) or len(calls) > MAX_CALLS:
        raise BadParameters(f"system.multicall takes a list of at most {MAX_CALLS} calls.")
    return [_one_of_many(call, item) for item in calls]


def _one_of_many(call: Call, item: Any) -> Any:
    if not isinstance(item, dict) or not isinstance(item.get("params", []), list):
        return {"faultCode": BAD_PARAMETERS, "faultString": "A call is a struct of methodName and params."}
    name = str(item.get("methodName", ""))
    if name.lower() == "system.multicall":
        return {"faultCode": BAD_PARAMETERS, "faultString": "system.multicall does not call itself."}
    try:
        return [_isolated(call, name, item.get("params", []))]
    except TrackerError as error:
        return {"faultCode": error.fault_code, "faultString": str(error)}


def _isolated(call: Call, name: str, params: list[Any]) -> Any:
    """Run one of several calls so that its refusal undoes its own changes only."""
    with queries.savepoint():
        return dispatch(call, name, params)
