"""What can be done to a ticket: one verb per change, each in the caller's transaction, each with its log row."""

from tracker.tickets.actor import TRACKER, Actor
from tracker.tickets.create import create_encodings, create_misc, create_recording, retime
from tracker.tickets.dispatch import (
    add_log,
    claim_next,
    fail,
    finish,
    give_back,
    heartbeat,
    next_state,
    return_silent,
    withdrawn,
)
from tracker.tickets.human import (
    abandon,
    accept,
    comment,
    edit_properties,
    expand,
    finish_cut,
    mark_ready,
    reject,
    send_back,
    set_failed,
    set_state,
    start_check,
    start_cut,
    unable,
)
from tracker.tickets.moves import get, lock, move
from tracker.tickets.waiting import why_waiting

__all__ = [
    "TRACKER",
    "Actor",
    "abandon",
    "accept",
    "add_log",
    "claim_next",
    "comment",
    "create_encodings",
    "create_misc",
    "create_recording",
    "edit_properties",
    "expand",
    "fail",
    "finish",
    "finish_cut",
    "get",
    "give_back",
    "heartbeat",
    "lock",
    "mark_ready",
    "move",
    "next_state",
    "reject",
    "retime",
    "return_silent",
    "send_back",
    "set_failed",
    "set_state",
    "start_check",
    "start_cut",
    "unable",
    "why_waiting",
    "withdrawn",
]
