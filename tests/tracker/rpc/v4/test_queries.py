"""How often a call asks the database: fixed, and the same however many tickets there are."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.tracker.gui.test_lists import counted
from tracker.db import db

QUERIES: list[tuple[str, tuple[Any, ...], int]] = [
    ("getVersion", (), 2),
    ("ping", (), 2),
    ("assignNextUnassignedForState", ("encoding", "encoding", {}), 8),
    ("assignNextUnassignedForState", ("encoding", "releasing", {}), 7),
    ("getAssignedForState", ("encoding", "encoding", {}), 6),
    ("getTicketsForState", ("encoding", "ready to encode", {}), 6),
    ("getTicketProperties", ("held",), 7),
    ("getTicketInfo", ("held",), 6),
    ("getJobfile", ("held",), 6),
    ("ping", ("held", "50 %"), 5),
    ("setTicketProperties", ("held", {"A.B": "x"}), 8),
    ("addLog", ("held", "text"), 7),
    ("setTicketDone", ("held",), 11),
]


@pytest.mark.parametrize("others", [1, 8])
def test_a_call_asks_the_database_a_fixed_number_of_times(tracker, project, others):
    for _ in range(others + 1):
        factories.make_encoding(project)
    db.session.commit()
    tracker.getVersion()
    asked, held = {}, 0
    for name, arguments, _ in QUERIES:
        with counted() as statements:
            answer = tracker.call(name, *(held if each == "held" else each for each in arguments))
        held = answer["id"] if isinstance(answer, dict) and "time_start" in answer else held
        asked[name, repr(arguments)] = len([each for each in statements if "SAVEPOINT" not in each])
    assert asked == {(name, repr(arguments)): count for name, arguments, count in QUERIES}
