"""The boundary of a door: whatever goes wrong, the caller gets a well-formed answer; repeats are answered once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from tracker import wire, workers
from tracker.db import transaction
from tracker.errors import DatabaseError, TrackerError
from tracker.rpc.table import METHODS, Call, Method, dispatch

log = logging.getLogger(__name__)

BAD_REQUEST, INTERNAL = -32700, -32500
DISCARD = 4 * wire.MAX_BYTES
"""Bytes of a call that is too long which are taken in, so that the sender comes to read the answer."""


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


def respond_json(who: str, work: Callable[[], Any]) -> Response:
    """Answer with what *work* returns as JSON, or with the problem (RFC 9457) that it raises, under its HTTP status."""
    try:
        return _json(work(), "application/json")
    except TrackerError as error:
        log.info("%.100r: refused: %s", who, error)
        return problem(error.http_status, str(error), error.fault_code)
    except Exception:  # the boundary, as above
        log.exception("%.100r: call failed", who)
        return problem(500, "The tracker failed to answer this call; its log says why.", INTERNAL)


def problem(status: int, detail: str, code: int) -> Response:
    """Write what is wrong as JSON; *code* is the number of the fault that the XML-RPC door gives for it."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    response = _json(body, "application/problem+json")
    response.status_code = status
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response


def _json(value: Any, kind: str) -> Response:
    return Response(json.dumps(value, ensure_ascii=False) + "\n", content_type=kind)


def received() -> bytes:
    """Return the body of the request. Raises WireError when it is too long, or did not come (see tracker.patience)."""
    request.max_content_length = wire.MAX_BYTES
    try:
        found = request.stream.read()
        if request.content_length is None:
            request.stream.read(1)  # of unknown length: only now it turns out to be too long
        return found
    except RequestEntityTooLarge:
        _discard()
        raise wire.WireError(f"a message may have {wire.MAX_BYTES} bytes at most") from None
    except ClientDisconnected:
        raise wire.WireError("the call did not arrive as a whole in time") from None


def _discard() -> None:
    stream, left = request.environ["wsgi.input"], min(request.content_length or DISCARD, DISCARD)
    try:
        while left > 0 and (piece := stream.read(min(left, 1 << 16))):
            left -= len(piece)
    except OSError:
        log.debug("the sender of a call that is too long went away")


Entered = tuple[Call, str, list[Any]]
"""Who calls, which method, with which parameters."""


def once(enter: Callable[[], Entered], request_id: str, methods: Mapping[str, Method] = METHODS) -> bytes:
    """Run a call in one transaction; a request id already answered gets the same answer again (design D5).

    *enter* finds out who calls, inside of the transaction. A repeated call is carried out and undone: that it was
    answered is seen when its answer is kept. A refused one is undone, too, but that its worker lives is noted.
    """
    known = request_id if workers.REQUEST_ID.match(request_id) else ""
    entered: list[Entered] = []
    try:
        with transaction():
            entered.append(enter())
            return _answer(*entered[0], known, methods)
    except workers.AnsweredBefore:
        return _again(enter, known) or wire.fault(INTERNAL, "The answer to this request is gone; ask anew.")
    except TrackerError as refusal:
        if not entered or isinstance(refusal, DatabaseError) or not (body := _again(enter, known)):
            raise
        return body


def _answer(call: Call, name: str, params: list[Any], known: str, methods: Mapping[str, Method]) -> bytes:
    """Answer a call; what changes something is kept under its request id, what only reads may be read again."""
    body = wire.answer(dispatch(call, name, params, methods))
    if known and name.lower() in methods and methods[name.lower()].writes:
        workers.remember(call.worker, known, body)
    return body


def _again(enter: Callable[[], Entered], known: str) -> bytes | None:
    """Note that the worker lives; return what the same call was answered before."""
    with transaction():
        worker = enter()[0].worker
        return workers.remembered(worker, known) if known else None
