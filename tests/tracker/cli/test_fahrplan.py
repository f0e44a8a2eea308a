"""`fahrwerk fahrplan` beyond `import`: what waits, decided, undone, watched, told."""

from __future__ import annotations

import zlib

import pytest

from tests.factories import encoding, put
from tests.tracker.fahrplan.exporter import exporting
from tests.tracker.fahrplan.imports import SEVEN, talk
from tests.tracker.fahrplan.samples import event, optout, schedule
from tracker import projects, queries
from tracker.db import transaction


@pytest.fixture
def slug(fahrwerk, request, tmp_path):
    """Make a project named after the test, with seven talks of which the third is recorded."""
    name = f"f{zlib.crc32(request.node.name.encode())}"
    file = tmp_path / "schedule.xml"
    file.write_bytes(schedule(*SEVEN))
    made = fahrwerk("project", "add", name, "A project", "--profile", "hd", "--set", f"Fahrplan.XML={file}")
    assert made.exit_code == 0
    assert fahrwerk("fahrplan", "import", name).exit_code == 0
    return name


@pytest.fixture
def take(fahrwerk, slug, tmp_path):
    """Return a function that imports another version."""

    def run(*events):
        (tmp_path / "schedule.xml").write_bytes(schedule(*events))
        done = fahrwerk("fahrplan", "import", slug)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


@pytest.fixture
def recorded(app, slug):
    with transaction():
        put(talk(projects.get(slug), 3), "recorded")
    return slug


def stored(slug, number):
    with transaction():
        return talk(projects.get(slug), number).title


OTHER = [event(n, title="Other", room="Saal 2") if n == 3 else each for n, each in enumerate(SEVEN, 1)]


def number_of(fahrwerk, slug):
    return fahrwerk("fahrplan", "review", slug).stdout.split()[0].removeprefix("#")


def test_what_waits_is_shown_field_by_field(fahrwerk, recorded, take):
    assert "to be decided: 3 'Talk 3': room 'Saal 1' -> 'Saal 2'; title 'Talk 3' -> 'Other'" in take(*OTHER)
    shown = fahrwerk("fahrplan", "review", recorded).stdout.splitlines()
    assert shown[0].endswith("3 'Talk 3' (recorded): room 'Saal 1' -> 'Saal 2'; title 'Talk 3' -> 'Other'")
    assert shown[1:] == ["    room: Saal 1 -> Saal 2", "    slug: Talk_3 -> Other", "    title: Talk 3 -> Other"]


def test_one_field_is_taken_over_and_the_rest_left(fahrwerk, recorded, take):
    take(*OTHER)
    number = number_of(fahrwerk, recorded)
    done = fahrwerk("fahrplan", "apply", recorded, number, "--field", "title")
    assert done.stdout.endswith(f"{recorded}: 1 decided, 1 wait.\n")
    assert stored(recorded, 3) == "Other"
    assert fahrwerk("fahrplan", "apply", recorded, "--all", "--leave").stdout.endswith("1 decided, 0 wait.\n")
    assert fahrwerk("fahrplan", "review", recorded).stdout == f"Nothing waits in {recorded}.\n"


def test_what_changed_since_it_was_shown_is_not_taken_over(fahrwerk, recorded, take):
    take(*OTHER)
    shown = number_of(fahrwerk, recorded)
    take(*[event(n, title="Something else") if n == 3 else each for n, each in enumerate(OTHER, 1)])
    done = fahrwerk("fahrplan", "apply", recorded, shown)
    assert done.exit_code == 1 and "nothing was applied" in str(done.exception)
    assert stored(recorded, 3) == "Talk 3"
    assert fahrwerk("fahrplan", "apply", recorded, shown.partition(".")[0]).exit_code == 0
    assert stored(recorded, 3) == "Something else"


def test_another_talk_is_made(fahrwerk, recorded, take):
    take(*OTHER)
    done = fahrwerk("fahrplan", "apply", recorded, number_of(fahrwerk, recorded), "--another")
    assert "created: 8 'Other'" in done.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "or --all"),
        (["x7"], "'x7' is no number"),
        (["9999999"], "does not wait any more"),
        (["--all", "--field", "colour"], "has no 'colour'"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(fahrwerk, recorded, take, args, says):
    take(*OTHER)
    done = fahrwerk("fahrplan", "apply", recorded, *args)
    assert done.exit_code == 1 and says in str(done.exception)
    assert stored(recorded, 3) == "Talk 3"


def test_an_import_is_listed_saved_and_undone(fahrwerk, slug, take, tmp_path):
    take(*SEVEN, event(8))
    newest, *_ = fahrwerk("fahrplan", "history", slug).stdout.splitlines()
    number = newest.split()[0]
    assert "import by importer" in newest
    assert fahrwerk("fahrplan", "history", slug, "--save", number, str(tmp_path / "out.xml")).exit_code == 0
    assert (tmp_path / "out.xml").read_bytes() == schedule(*SEVEN, event(8))
    done = fahrwerk("fahrplan", "undo", slug)
    assert done.stdout.splitlines() == ["removed: 8 'Talk 8'", f"{slug}: import {number} is undone."]
    assert "Everything waits: command line undid import" in fahrwerk("fahrplan", "review", slug).stdout
    assert "everything waits" not in fahrwerk("fahrplan", "policy", slug, "--resume").stdout
    assert "undone by command line" in fahrwerk("fahrplan", "history", slug).stdout


def test_policies_are_shown_and_changed(fahrwerk, slug, take):
    shown = fahrwerk("fahrplan", "policy", slug, "--set", "new=ask", "--set", "gone = ask,ignore", "--loss-count", "5")
    assert "new                ask     once recording has begun: ask" in shown.stdout
    assert "gone               ask     once recording has begun: ignore" in shown.stdout
    assert "outage: 5 talks and 10% of them" in shown.stdout
    assert "to be decided: 'Talk 8': new" in take(*SEVEN, event(8))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("colour=ask", "classes: new"),
        ("new", "write CLASS=ACTION"),
        ("new=perhaps", "'perhaps' is no action"),
        ("retitled=apply,apply", "never retitled without asking"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(fahrwerk, slug, rule, says):
    done = fahrwerk("fahrplan", "policy", slug, "--set", rule)
    assert done.exit_code == 1 and says in str(done.exception)


def test_a_talk_is_taken_back_from_the_public(fahrwerk, app, recorded, take):
    with transaction():
        file = put(encoding(put(talk(projects.get(recorded), 3), "copied")), "released").id
    said = take(*SEVEN[:2], event(3, extra=optout("true")), *SEVEN[3:])
    assert "ALARM: 3 'Talk 3' is public although its speakers opted out" in said
    assert f"fahrwerk fahrplan withdraw {recorded} 3" in fahrwerk("fahrplan", "review", recorded).stdout
    done = fahrwerk("fahrplan", "withdraw", recorded, "3", "--reason", "they asked")
    assert done.stdout == "1 file of talk 3 will be withdrawn by script E.\n"
    with transaction():
        assert [row.id for row in queries.withdrawals(projects.get(recorded).id)] == [file]
    assert fahrwerk("fahrplan", "withdraw", recorded, "99").exit_code == 1


def test_only_some_rooms_are_recorded(fahrwerk, slug, take):
    shown = fahrwerk("fahrplan", "source", slug, "--room", "Saal 1", "--room", "Foyer")
    assert "rooms         foyer, saal1" in shown.stdout
    said = take(*SEVEN[:6], event(7, room="Keller"), event(8, room="Keller"))
    assert "locked: 7 'Talk 7': To be clarified: its room is not recorded." in said
    assert "1 in rooms that are not recorded" in said
    fahrwerk("fahrplan", "source", slug, "--room", "all")
    assert "unlocked: 7 'Talk 7'" in take(*SEVEN[:6], event(7, room="Keller"), event(8, room="Keller"))


def test_a_source_is_watched_with_a_login_that_nobody_sees(fahrwerk, slug):
    with exporting() as server:
        server.mood, server.wants, server.file = "locked", "Token s3cret", schedule(*SEVEN, event(8))
        fahrwerk("project", "set", slug, "--set", f"Fahrplan.XML={server.url}/schedule.xml")
        fahrwerk("fahrplan", "source", slug, "--allow-private", "--every", "60")
        failed = fahrwerk("fahrplan", "watch", slug, "--once")
        shown = fahrwerk("fahrplan", "source", slug, "--auth", "token", "--login", "Token", stdin="s3cret\n")
        assert (failed.exit_code, "token Token" in shown.stdout, "s3cret" in shown.stdout) == (1, True, False)
        assert "last failure" in shown.stdout and "answers 401" in shown.stdout
        done = fahrwerk("fahrplan", "watch", slug, "--once")
        assert (done.exit_code, f"{slug}: created: 8 'Talk 8'" in done.stdout) == (0, True)
        assert fahrwerk("fahrplan", "watch", slug, "--once", "--now").stdout == ""
        assert fahrwerk("fahrplan", "import", slug).exit_code == 0


def test_the_crew_is_told_where_it_wants_to_be(fahrwerk, slug, take, tmp_path):
    with exporting() as server:
        hook = f"{server.url}/hook/s3cret"
        (tmp_path / "key").write_text("shared\n")
        fahrwerk("fahrplan", "source", slug, "--allow-private", "--pause")
        args = ("--signed", "--secret-file", str(tmp_path / "key"), "--mail", "crew@example.org")
        shown = fahrwerk("fahrplan", "tell", slug, "--webhook", "-", *args, stdin=f"{hook}\n").stdout
        assert "s3cret" not in shown and "/... (signed)" in shown
        assert "crew@example.org (FAHRWERK_SMTP_URL is not set)" in shown
        take(*SEVEN, event(8))
        assert fahrwerk("fahrplan", "watch", slug, "--once").exit_code == 0
        assert [body["subject"] for _, body in server.posted] == [f"[{slug}] Fahrplan: 1 new"]
    assert "not delivered" in fahrwerk("fahrplan", "tell", slug).stdout
    ended = fahrwerk("fahrplan", "tell", slug, "--webhook", "none", "--mail", "none").stdout
    assert "webhook  none" in ended and "nobody" in ended


def test_a_project_that_is_not_there_is_named(fahrwerk):
    done = fahrwerk("fahrplan", "watch", "nowhere", "--once")
    assert done.exit_code == 1 and "There is no project 'nowhere'" in str(done.exception)
