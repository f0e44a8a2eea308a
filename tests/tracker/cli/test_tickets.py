"""`fahrwerk ticket`: every command is the verb that the pages call, done in somebody's name."""

from __future__ import annotations

import getpass
import re
import zlib

import pytest

from tests import factories
from tests.factories import encoding, log_of, make_recording, make_user, put
from tracker import projects, properties, queries, tickets, users
from tracker.db import db, transaction
from tracker.errors import Conflict
from tracker.tickets import TRACKER


@pytest.fixture
def ids(app, request):
    """Make a project of its own for each test: the numbers of its talk, its file and a task."""
    with transaction():
        for name in ("alice", "bob"):
            if queries.user_by_name(name) is None:
                make_user(name)
        slug = f"t{zlib.crc32(request.node.name.encode())}"
        project = factories.make_project(slug)
        talk = make_recording(project, "merged", title="Opening")
        task = tickets.create_misc(project, TRACKER, "Sound is bad", talk)
        return {"talk": talk.id, "file": encoding(talk).id, "task": task.id, "slug": slug}


@pytest.fixture
def run(fahrwerk, ids):
    """Return a function that runs `fahrwerk ticket ...` as alice; words like `talk` become numbers."""

    def call(line: str, *rest: str, stdin: str = "", name: str = "alice") -> str:
        words = [str(ids.get(word, word)) for word in line.split()]
        looks = words[0] in ("list", "show", "log")
        done = fahrwerk("ticket", *words, *rest, *([] if looks else ["--as", name]), stdin=stdin)
        if done.exit_code:
            raise done.exception
        db.session.rollback()
        return str(done.output)

    return call


def ticket(ids, which="talk"):
    return tickets.get(ids[which])


def test_a_ticket_is_shown_with_why_it_waits(run, ids):
    run("comment talk", "Who is this?", "--attention")
    shown = run("show talk")
    for line in ("title     Opening", "state     merged", "waits     Waits for somebody to cut it.", "attention yes"):
        assert line in shown
    assert re.search(r"comment   \d+ by alice: Who is this\?", shown) and "Fahrplan.Title = Opening" in shown
    assert "profile   hd, revision 1" in run("show file")


def test_tickets_are_listed_by_what_is_asked_for(run, ids):
    run("fail file", "broken")
    run("state talk cutting")
    slug = ids["slug"]
    assert len(run(f"list {slug}").splitlines()) == 3
    for option, which in (
        ("--failed", "file"),
        ("--type misc", "task"),
        ("--state cutting", "talk"),
    ):
        (line,) = run(f"list {slug} {option}").splitlines()
        assert line.split()[0] == str(ids[which])
    assert run(f"list {slug} --attention") == "" and len(run(f"list {slug} --limit 1").splitlines()) == 1


def test_states_by_name_and_by_neighbour(run, ids):
    assert run("state talk next") == f"Ticket {ids['talk']} is 'cutting'.\n"
    run("state talk previous")
    run("state talk", "locked", "-m", "speaker asked")
    assert (ticket(ids).state, log_of(ticket(ids))[-1].comment) == ("locked", "speaker asked")
    run("state talk initial")
    assert ticket(ids).state == "scheduled"
    run("state file commence")
    assert ticket(ids, "file").state == "ready to encode"


def test_failed_attention_and_priority(run, ids):
    assert run("fail talk", "no sound") == f"Ticket {ids['talk']} is 'merged', failed.\n"
    run("unfail talk", "-m", "found it")
    run("attention talk")
    assert run("priority talk 1.5") == f"Ticket {ids['talk']} has priority 1.5.\n"
    found = ticket(ids)
    assert (found.failed, found.needs_attention, found.own_priority, ticket(ids, "file").priority) == (
        False,
        True,
        1.5,
        1.5,
    )
    run("attention talk --off")
    assert not ticket(ids).needs_attention


def test_tickets_are_given_to_people_and_workers_and_taken_away(run, ids):
    assert run("assign talk bob") == f"Ticket {ids['talk']} is 'cutting', held by bob.\n"
    assert ticket(ids).user.name == "bob" and log_of(ticket(ids))[-1].actor == "alice"
    run("assign talk")
    assert (ticket(ids).state, ticket(ids).user_id) == ("merged", None)
    with transaction():
        name = factories.make_worker(f"e-{ids['slug']}.example.org").name
        put(tickets.lock(ids["talk"]), "copied")
    run(f"assign file {name} --worker")
    assert ticket(ids, "file").worker.name == name


def test_a_fix_a_reset_and_a_flaw(run, ids):
    run("fix talk", "repaired/opening.ts")
    assert ticket(ids).state == "recorded"
    assert properties.own(ticket(ids))["Record.SourceReplacement"] == "repaired/opening.ts"
    run("state talk copied")
    run("send-back talk", "begins too late")
    assert (ticket(ids).state, ticket(ids).failed) == ("cutting", True)
    told = run("reset talk --type recording", "-m", "again")
    assert told == f"Ticket {ids['talk']} is 'scheduled'.\n" and run("reset task") == "Nothing had to move.\n"


def test_work_is_cancelled_and_publishing_only_when_confirmed(run, ids):
    run("state file releasing")
    with pytest.raises(Conflict, match="is being published"):
        run("cancel file")
    with pytest.raises(SystemExit):
        run("cancel file --force", stdin="n\n")
    assert ticket(ids, "file").state == "releasing"
    run("cancel file --force", stdin="y\n")
    assert (ticket(ids, "file").state, ticket(ids, "file").withdraw) == ("postprocessed", True)
    run("state talk merging")
    assert run("cancel talk --requeue") == f"Ticket {ids['talk']} is 'recorded'.\n"


def test_a_talk_is_duplicated(run, ids):
    assert "'Duplicate of Opening'" in run("duplicate talk --id 77 --with-cut")
    assert queries.recording_by_fahrplan_id(projects.get(ids["slug"]).id, 77) is not None


def test_comments_come_and_go_and_the_log_tells_of_all(run, ids):
    number = run("comment file", "Too loud").split()[1]
    run(f"delete-comment {number}")
    run("fail talk", "one\ntwo")
    log = run("log talk --children")
    assert "alice Comment.Delete: of alice: Too loud" in log and "Edit.failed failed=True: one\n    two" in log
    assert "new -> scheduled" in log and "Comment" not in run("log talk --limit 1")


def test_tasks_are_made_and_resolved(run, ids):
    told = run(f"add {ids['slug']}", "Check the licence", "--talk", str(ids["talk"]))
    number = told.split()[1]
    assert told == f"Ticket {number} is 'open'.\n" and ticket({"x": int(number)}, "x").parent_id == ids["talk"]
    assert run(f"resolve {number}", "done") == f"Ticket {number} is 'resolved'.\n"
    assert "'wontfix'" in run("resolve task", "cannot be heard", "--wontfix")


def test_without_a_name_the_system_user_does_it(fahrwerk, ids, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "bob")
    assert fahrwerk("ticket", "attention", str(ids["talk"])).exit_code == 0
    assert log_of(ticket(ids))[-1].actor == "bob"
    monkeypatch.setattr(getpass, "getuser", lambda: "nobody-here")
    done = fahrwerk("ticket", "attention", str(ids["talk"]))
    assert "no user 'nobody-here'" in str(done.exception) and "--as NAME" in str(done.exception)


def test_an_account_that_is_off_changes_nothing(fahrwerk, ids):
    with transaction():
        name = make_user(f"off-{ids['slug']}").name
        users.set_active(users.get(name), False)
    done = fahrwerk("ticket", "attention", str(ids["talk"]), "--as", name)
    assert done.exit_code == 1 and f"account {name} is switched off" in str(done.exception)


def test_what_changed_since_it_was_seen_is_refused(run, ids):
    version = str(ticket(ids).version)
    run("attention talk", "--seen", version)
    with pytest.raises(Conflict, match="changed meanwhile"):
        run("state talk cut", "--seen", version)
    assert ticket(ids).state == "merged"
