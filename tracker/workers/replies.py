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
    body, overdue = queries.reply(worker.id, request_id, SWEEP_AFTER)
    if overdue:
        queries.forget_replies(KEEP)
    return body


def remember(worker: Worker, request_id: str, body: bytes) -> None:
    """Keep an answer for repetitions of the call.

    Waits for the same call, made twice at once, that is about to be answered elsewhere; raises AnsweredMeanwhile when
    it was, because then this one has to be undone.
    """
    if not queries.add_reply(worker.id, request_id, body):
        raise AnsweredMeanwhile()


class AnsweredMeanwhile(Exception):
    """The same call, made twice at once, was answered elsewhere first."""
