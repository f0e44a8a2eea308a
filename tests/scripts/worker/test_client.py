import threading
import time

import pytest

from scripts.worker.client import Project, Refused, Ticket, TicketLost, TrackerClient, TrackerUnavailable
from scripts.worker.transport import Patience
from tests.scripts.conftest import HOST
from tests.scripts.scripted_tracker import SECRET, ScriptedTracker, running


def test_it_reads_a_ticket_with_empty_numbers() -> None:
    struct = {
        "id": 7,
        "title": "x",
        "ticket_type": "recording",
        "ticket_state": "merging",
        "parent_id": "",
        "attempt": 3,
    }
    assert Ticket.from_wire(struct) == Ticket(7, "x", "recording", "merging", attempt=3)


def test_it_takes_a_ticket_with_a_lease(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.add(7, service="merging")
    ticket = client.in_project("demo").assign_next_unassigned_for_state("merging")
    assert ticket == Ticket(7, "talk 7")
    call = tracker.called("assignNextUnassignedForState")[0]
    assert (call.project, call.lease, len(call.request_id)) == ("demo", "60", 36)


def test_no_work_is_none(client: TrackerClient) -> None:
    assert client.assign_next_unassigned_for_state("merging") is None


def test_properties_are_text_both_ways(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.add(7)
    client.set_ticket_properties(7, {"Record.Cutin": "007", "A.B": "ü <&> \x08\r\n"})
    assert client.get_ticket_properties(7) == {"Record.Cutin": "007", "A.B": "ü <&> \ufffd\r\n"}


def test_read_only_projects_are_left_out(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.projects.append({"id": 2, "slug": "old", "read_only": True})
    assert client.get_projects() == [Project(1, "demo")]


@pytest.mark.parametrize("trouble", ["drop", "refuse", "503", "html", "internal"])
def test_a_call_is_repeated_with_the_same_request_id(
    trouble: str, tracker: ScriptedTracker, client: TrackerClient
) -> None:
    tracker.add(7, service="merging")
    tracker.add(8, service="merging")
    tracker.trouble.append(trouble)
    ticket = client.assign_next_unassigned_for_state("merging")
    assert ticket is not None
    assert ticket.id == 7
    assert tracker.waiting["merging"] == [8]
    assert len({call.request_id for call in tracker.calls}) == 1


def test_two_calls_have_two_ids_and_one_connection(tracker: ScriptedTracker, client: TrackerClient) -> None:
    client.get_version()
    socket = client._connection._http.sock
    client.get_version()
    assert client._connection._http.sock is socket
    assert len({call.request_id for call in tracker.calls}) == 2


def test_it_waits_for_a_tracker_that_is_restarted() -> None:
    with running(ScriptedTracker()) as first:
        port = int(first.url.rsplit(":", 1)[1])
        client = TrackerClient(first.url, HOST, SECRET, patience=Patience(20), timeout_s=5)
        client.get_version()
        client.close()
    second = ScriptedTracker()
    answers: list[str] = []
    caller = threading.Thread(target=lambda: answers.append(client.get_version()))
    caller.start()
    time.sleep(0.3)
    with running(second, port):
        caller.join(10)
        client.close()
    assert answers == ["3.0"]


def test_patience_ends_with_a_sentence(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.trouble.extend(["503"] * 9)
    with pytest.raises(TrackerUnavailable, match=r"http://127.0.0.1:\d+ does not answer: HTTP status 503"):
        client.patient(Patience(0.3)).get_version()


def test_patience_ends_when_asked_to_stop(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.trouble.extend(["503"] * 99)
    halt = threading.Event()
    threading.Timer(0.2, halt.set).start()
    begun = time.monotonic()
    with pytest.raises(TrackerUnavailable):
        client.patient(Patience(600, halt)).get_version()
    assert time.monotonic() - begun < 5


def test_a_fault_is_not_repeated(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.faults["getJobfile"] = (418, "no language")
    with pytest.raises(Refused, match="no language") as caught:
        client.get_jobfile(7)
    assert caught.value.code == 418
    assert len(tracker.calls) == 1


def test_another_server_is_named(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.trouble.append("404")
    with pytest.raises(Refused, match="check FAHRWERK_TRACKER_URL"):
        client.get_version()


def test_a_lost_ticket_is_noticed_by_every_report(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.lost.add(7)
    for report in (
        lambda: client.ping(7),
        lambda: client.set_ticket_done(7),
        lambda: client.set_ticket_failed(7, "x"),
        lambda: client.give_back_ticket(7, "x", 1),
    ):
        with pytest.raises(TicketLost):
            report()


def test_a_ticket_that_is_gone_is_lost(tracker: ScriptedTracker, client: TrackerClient) -> None:
    tracker.faults["ping"] = (414, "no such ticket")
    with pytest.raises(TicketLost):
        client.ping(7)


def test_secret_and_hash_appear_in_no_message(tracker: ScriptedTracker) -> None:
    stranger = TrackerClient(tracker.url, HOST, "wrong", patience=Patience(0))
    with pytest.raises(Refused) as caught:
        stranger.get_version()
    tracker.trouble.append("500")
    with pytest.raises(TrackerUnavailable) as away:
        stranger.get_version()
    stranger.close()
    said = f"{stranger!r} {caught.value} {away.value}"
    assert stranger._door.split("/")[2] not in said
    assert "wrong" not in said.replace("wrong login hash", "")
