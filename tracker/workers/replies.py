"""Answers kept for repeated calls: the same request id gets the same answer, once carried out (design D5)."""

from __future__ import annotations

import re
from datetime import timedelta

from tracker import queries
from tracker.models import Worker

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,80}\Z")
KEEP, SWEEP_AFTER = timedelta(hours=6), timedelta(hours=7)
"""Answers are good for so long; they go when there is one that is older still, about once an hour."""


def remembered(worker: Worker, request_id: str) -> bytes | None:
    """Return the answer already given to this request id."""
    return queries.reply(worker.id, request_id)


def remember(worker: Worker, request_id: str, body: bytes) -> None:
    """Keep an answer for repetitions of the call.

    Raises AnsweredBefore when the call was answered: then all it did now has to be undone, and the answer is the one
    remembered. Waits for the same call, made twice at once, that is about to be answered elsewhere.
    """
    overdue = queries.add_reply(worker.id, request_id, body, SWEEP_AFTER)
    if overdue is None:
        raise AnsweredBefore()
    if overdue:
        queries.forget_replies(KEEP)


class AnsweredBefore(Exception):
    """The call was answered before."""
