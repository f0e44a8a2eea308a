"""What can be done to a ticket: one verb per change, each in the caller's transaction, each with its log row."""

from tracker.tickets.actor import TRACKER, Actor
from tracker.tickets.bulk import NewRecording, create_recordings
from tracker.tickets.byhand import (
    comment,
    delete_comment,
    edit_properties,
    set_attention,
    set_failed,
    set_priority,
    set_state,
)
from tracker.tickets.checking import accept, correct, mark_ready, reject, send_back, start_check
from tracker.tickets.chores import handle, resolve, wontfix
from tracker.tickets.claims import Offer, claim, claim_beside, claim_next
from tracker.tickets.copies import duplicate
from tracker.tickets.create import (
    create_encoding,
    create_encodings,
    create_misc,
    create_recording,
    initial_state,
    retime,
)
from tracker.tickets.cutlists import Chapter
from tracker.tickets.cutting import More, expand, finish_cut, start_cut, unable
from tracker.tickets.dispatch import (
    add_log,
    fail,
    finish,
    give_back,
    next_state,
    set_properties,
    take_back,
    withdrawn,
)
from tracker.tickets.drafts import draft_of, drop_draft, save_draft
from tracker.tickets.formats import drop_unworked, leave_out, make_anyway, settle_ladders, take_version
from tracker.tickets.holding import assign, leave, take_over
from tracker.tickets.holds import hold, lift
from tracker.tickets.leases import return_silent
from tracker.tickets.moves import get, lock, move, settle_project, switch_off
from tracker.tickets.priorities import refresh_profile as refresh_priorities
from tracker.tickets.prospects import Around, Prospect, who_would_get
from tracker.tickets.repair import finish_fix, fix, start_fix
from tracker.tickets.resets import cancel, reset, reset_to_initial
from tracker.tickets.resets import commence as commence_by_hand
from tracker.tickets.signs import heartbeat
from tracker.tickets.staging import commence
from tracker.tickets.uploaded import create_from_file
from tracker.tickets.waiting import why_waiting
from tracker.tickets.withdrawal import withdraw_talk

__all__ = [
    "TRACKER",
    "Actor",
    "Around",
    "Chapter",
    "More",
    "NewRecording",
    "Offer",
    "Prospect",
    "accept",
    "add_log",
    "assign",
    "cancel",
    "claim",
    "claim_beside",
    "claim_next",
    "commence",
    "commence_by_hand",
    "comment",
    "correct",
    "create_encoding",
    "create_encodings",
    "create_from_file",
    "create_misc",
    "create_recording",
    "create_recordings",
    "delete_comment",
    "draft_of",
    "drop_draft",
    "drop_unworked",
    "duplicate",
    "edit_properties",
    "expand",
    "fail",
    "finish",
    "finish_cut",
    "finish_fix",
    "fix",
    "get",
    "give_back",
    "handle",
    "heartbeat",
    "hold",
    "initial_state",
    "leave",
    "leave_out",
    "lift",
    "lock",
    "make_anyway",
    "mark_ready",
    "move",
    "next_state",
    "refresh_priorities",
    "reject",
    "reset",
    "reset_to_initial",
    "resolve",
    "retime",
    "return_silent",
    "save_draft",
    "send_back",
    "set_attention",
    "set_failed",
    "set_priority",
    "set_properties",
    "set_state",
    "settle_ladders",
    "settle_project",
    "start_check",
    "start_cut",
    "start_fix",
    "switch_off",
    "take_back",
    "take_over",
    "take_version",
    "unable",
    "who_would_get",
    "why_waiting",
    "withdraw_talk",
    "withdrawn",
    "wontfix",
]
