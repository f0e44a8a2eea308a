"""The boundary of a door: whatever goes wrong, the caller gets a well-formed answer; repeats are answered once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from tracker import wire, workers
from tracker.db import transaction
from tracker.errors import DatabaseError, TrackerError
from tracker.rpc.table import METHODS, Call, Method, dispatch

log = logging.getLogger(__name__)

BAD_REQUEST, INTERNAL = -32700, -32500


def respond(who: str, work: Callable[[], bytes]) -> Response:
    """Answer with what *work* returns, or with the fault it raises; *who* names the caller in the log.

    Faults come with HTTP 200 too: old clients retry anything else for half an hour. Only while the database is away
    it is 503, because then repeating is just what a client should do.
    """
    try:
        body = _guarded(who, work)
    except DatabaseError as error:
        log.error("%.100r: %s", who, error)
        return Response(str(error), status=503, headers={"Retry-After": "5"})
    return Response(body, content_type="text/xml; charset=utf-8")


def _guarded(who: str, work: Callable[[], bytes]) -> bytes:
    """Bytes of an answer or a fault. Expected refusals are faults, bugs are logged; raises DatabaseError."""
    try:
        return work()
    except wire.WireError as error:
        return wire.fault(BAD_REQUEST, str(error))
    except DatabaseError:
        raise
    except TrackerError as error:
        log.info("%.100r: refused: %s", who, error)
        return wire.fault(error.fault_code, str(error))
    except Exception:  # the boundary: whatever goes wrong inside, the client gets an answer without our internals
        log.exception("%.100r: call failed", who)
        return wire.fault(INTERNAL, "The tracker failed to answer this call; its log says why.")


def once(call: Call, name: str, params: list[Any], request_id: str, methods: Mapping[str, Method] = METHODS) -> bytes:
    """Run the call in one transaction; a request id already answered gets the same answer again (design D5)."""
    with transaction():
        known = workers.REQUEST_ID.match(request_id)
        if known and (body := workers.remembered(call.worker, request_id)) is not None:
            return body
        body = wire.answer(dispatch(call, name, params, methods))
        if known:
            workers.remember(call.worker, request_id, body)
        return body
