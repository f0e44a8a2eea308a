"""c3tt-rpc-client from PyPI, unmodified and in a process of its own, against a running server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests import factories
from tests.conftest import SECRET
from tests.places import scratch
from tests.tracker.rpc.v4.conftest import KEY, make_group
from tests.tracker.test_serve import tracker as serving
from tracker import properties, queries, tickets
from tracker.db import db, transaction

PROGRAM = """
import json, sys
from src.c3tt_rpc_client import C3TTClient, C3TTException

url, token, secret, project, profile = sys.argv[1:]
client = C3TTClient(url, token, "encoder7.example.org", secret)
said = {"version": client.get_version()}
said["nothing"] = client.assign_next_unassigned_for_state("encoding", "postencoding")
first = said["filtered"] = client.assign_next_unassigned_for_state(
    "encoding", "encoding", {"Fahrplan.Room": "S\\u00e4le 2"})
other = said["any"] = client.assign_next_unassigned_for_state("encoding", "encoding")
said["ignored"] = client.assign_next_unassigned_for_state("encoding", "encoding", {"EncodingProfile.Slug": "relive"})
said["assigned"] = client.get_assigned_for_state("encoding", "encoding")
said["in state"] = client.get_tickets_for_state("recording", "finalized")
said["before"] = client.get_ticket_properties(first)
said["stored"] = client.set_ticket_properties(first, {
    "Encoding.Umlaut": "h\\u00e4ll\\u00f6 <&> \\u20ac \\U0001f600", "Encoding.True": True, "Encoding.Float": 2.0,
    "Encoding.Gone": ""})
said["after"] = client.get_ticket_properties(str(first["id"]))
client.set_ticket_done(first)
client.set_ticket_done(first["id"])
client.set_ticket_failed(other, "kaputt: \\u00e4 \\x1b[31m")
meta = said["meta"] = client.create_meta_ticket(int(project), "Ein T\\u00e4st", 5001, {"Fahrplan.Room": "S\\u00e4le 2"})
said["encoding"] = client.create_encoding_ticket(meta, int(profile))
try:
    client.create_meta_ticket(int(project), "Noch einer", 5001)
except C3TTException as error:
    said["refused"] = str(error)
wrong = C3TTClient(url, token, "encoder7.example.org", "wrong")
try:
    wrong.get_version()
except C3TTException as error:
    said["stranger"] = str(error)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(new_database: Any) -> Iterator[dict[str, Any]]:
    """Return what the library's methods returned, and the tickets as they are then."""
    url = new_database()
    with (
        scratch() as folder,
        factories.committing(url) as app,
        serving(folder, DATABASE_URL=url, SECRET_KEY=KEY, SECRET=SECRET) as server,
    ):
        with app.app_context(), transaction():
            project = factories.make_project(formats=("hd", "mp3"))
            mp3 = next(used for used in queries.project_profiles(project.id) if used.version.profile.slug == "mp3")
            mp3.auto_create = False
            for room in ("Saal 1", "Säle 2"):
                talk = factories.make_recording(project, "copied", room=room)
                for child in [each for each in talk.children if each.profile_id == mp3.profile_id]:
                    db.session.delete(child)
            group, secret = make_group(projects=(project,))
            numbers = [str(project.id), str(mp3.profile_id)]
            token = group.token
        server.wait_for(lambda: server.ask() == 200)
        argv = [sys.executable, "-I", "-c", PROGRAM, f"http://127.0.0.1:{server.port}", token, secret, *numbers]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        with app.app_context():
            for name in ("filtered", "any", "meta", "encoding"):
                ticket = tickets.get(found[name]["id"])
                found[f"{name} now"] = (ticket.state, ticket.failed, ticket.waiting, properties.own(ticket))
        yield found


def test_it_is_told_the_version_it_asks_for(said):
    """With the original it never was: the library signs a call without arguments in its own way."""
    assert said["version"] == "4.0"


def test_it_gets_tickets_with_and_without_filters(said):
    assert (said["nothing"], said["ignored"]) == (None, None)
    assert (said["filtered"]["room"], said["any"]["room"]) == ("Säle 2", "Saal 1")
    assert {said["assigned"]["id"]} < {said["filtered"]["id"], said["any"]["id"]}
    assert [ticket["ticket_state"] for ticket in said["in state"]] == ["finalized"] * 2


def test_it_reads_and_writes_properties_with_umlauts(said):
    assert said["stored"] is True and "Encoding.Umlaut" not in said["before"]
    assert said["after"]["Encoding.Umlaut"] == "hällö <&> € 😀"
    assert (said["after"]["Encoding.True"], said["after"]["Encoding.Float"]) == ("1", "2.0")
    assert said["after"]["Fahrplan.Room"] == "Säle 2" and "Encoding.Gone" not in said["after"]


def test_it_finishes_and_fails_tickets(said):
    assert said["filtered now"][:2] == ("encoded", False)
    assert said["any now"][:3] == ("encoding", True, "kaputt: &#228; \ufffd[31m")


def test_it_makes_talks_and_encoding_tickets(said):
    assert said["meta now"][0] == "locked" and said["meta now"][3]["Fahrplan.Room"] == "Säle 2"
    assert (said["encoding"]["parent_id"], said["encoding now"][0]) == (said["meta"]["id"], "material needed")


def test_it_sees_why_it_is_refused(said):
    assert "1004" in said["refused"] and "already exists" in said["refused"]
    assert "-32500" in said["stranger"] and "invalid or missing signature" in said["stranger"]
