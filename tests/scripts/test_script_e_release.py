import dataclasses
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.publish.catalogue import Catalogue
from scripts.publish.entry import Entry
from scripts.script_e_release import ReleaseJob, release_number
from scripts.worker import loop
from scripts.worker.client import Project, TrackerClient
from scripts.worker.loop import Shift
from tests.scripts.scripted_tracker import SECRET, ScriptedTracker
from tests.scripts.worker.test_loop import until

CONTENT = b"an encoded file"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "demo-7-deu-oefen-mp4.mp4"
NOTE = Entry(NAME, "demo", 9, 1, "2021.05.01_12:00:00", SHA256, 15)


class WithoutWithdrawals(ReleaseJob):
    """A script E whose turn for withdrawals came too early."""

    def turn(self, tracker: TrackerClient, project: Project, shift: Shift) -> bool:
        return False


@pytest.fixture
def properties(mount: Path) -> dict[str, str]:
    for folder in ("output", "hidden"):
        (mount / folder).mkdir()
        (mount / folder / NAME).write_bytes(CONTENT)
    (mount / "hidden" / f"{NAME}.sha256").write_text(f"{SHA256}  {NAME}\n")
    return {
        "Project__Slug": "demo",
        "Project__TimeZone": "Europe/Berlin",
        "Processing__Path__Output": f"{mount}/output",
        "Processing__Path__Prerelease": f"{mount}/hidden",
        "Processing__Path__Release": f"{mount}/public",
        "EncodingProfile__Basename": "demo-7-deu-oefen-mp4",
        "EncodingProfile__Extension": "mp4",
        "EncodingProfile__Slug": "mp4",
        "Fahrplan__ID": "7",
        "Fahrplan__Title": "Öfen <b>",
        "Fahrplan__Person_list": "Ada, Bea",
        "Record__Language": "deu",
        "Meta__Album": "DemoConf",
        "Release__SHA256": SHA256,
    }


@pytest.fixture
def public(mount: Path) -> Path:
    return mount / "public"


Release = Callable[..., tuple[Any, ...]]


@pytest.fixture
def release(tracker: ScriptedTracker, shift: Shift, properties: dict[str, str]) -> Release:
    def turn(job: ReleaseJob | None = None, **changed: str) -> tuple[Any, ...]:
        known = {name.replace(".", "__"): value for name, value in tracker.properties.get(9, {}).items()}
        tracker.add(9, service="releasing", **(properties | known | changed))
        loop.step(job or ReleaseJob(), shift)
        return tracker.ended[-1] if tracker.ended else ()

    return turn


def visible(public: Path) -> list[str]:
    return sorted(path.name for path in public.iterdir() if not path.name.startswith("."))


def test_it_publishes_with_checksum_note_and_page(tracker: ScriptedTracker, release: Release, public: Path) -> None:
    how, ticket_id, line = release()
    assert (how, ticket_id) == ("done", 9)
    assert line.startswith(f"release 1: {public / NAME}")
    assert visible(public) == [NAME, f"{NAME}.sha256", "index.html"]
    assert (public / NAME).read_bytes() == CONTENT
    assert (public / f"{NAME}.sha256").read_text() == f"{SHA256}  {NAME}\n"
    assert "Öfen &lt;b&gt;" in (public / "index.html").read_text()
    assert tracker.properties[9]["Release.Count"] == "1"
    assert re.fullmatch(r"\d{4}\.\d\d\.\d\d_\d\d:\d\d:\d\d", tracker.properties[9]["Release.Datetime"])


def test_the_note_tells_whose_file_it_is(release: Release, public: Path) -> None:
    release()
    note = json.loads((public / ".meta" / f"{NAME}.json").read_text())
    assert (note["ticket"], note["project"], note["title"], note["persons"]) == (9, "demo", "Öfen <b>", "Ada, Bea")
    assert (note["language"], note["profile"], note["bytes"], note["sha256"]) == ("deu", "mp4", 15, SHA256)
    assert (note["album"], note["release"]) == ("DemoConf", 1)


def test_the_hidden_copy_goes_and_the_encoded_file_stays(release: Release, mount: Path) -> None:
    release()
    assert list((mount / "hidden").iterdir()) == []
    assert (mount / "output" / NAME).exists()


def test_without_the_hidden_copy_the_encoded_file_is_published(release: Release, mount: Path, public: Path) -> None:
    (mount / "hidden" / NAME).unlink()
    assert release()[0] == "done"
    assert (public / NAME).read_bytes() == CONTENT


def test_a_file_encoded_anew_meanwhile_is_not_published(release: Release, mount: Path, public: Path) -> None:
    (mount / "hidden" / NAME).unlink()
    (mount / "output" / NAME).write_bytes(b"another")
    how, _, sentence = release()
    assert how == "failed"
    assert "it is not the file that was postprocessed" in sentence
    assert visible(public) == []


def test_without_any_file_the_ticket_says_so(release: Release, mount: Path) -> None:
    for folder in ("hidden", "output"):
        (mount / folder / NAME).unlink()
    assert "move the ticket back to 'ready to encode'" in release()[2]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Release__SHA256", "Release.SHA256 is missing: script D writes it"),
        ("Processing__Path__Release", "Processing.Path.Release is missing"),
        ("Project__TimeZone", "Project.TimeZone is missing"),
    ],
)
def test_what_is_missing_is_named(name: str, said: str, release: Release) -> None:
    how, _, sentence = release(**{name: ""})
    assert how == "failed"
    assert said in sentence


def test_another_tickets_file_is_not_overwritten(release: Release, public: Path) -> None:
    release()
    note = public / ".meta" / f"{NAME}.json"
    note.write_text(dataclasses.replace(Entry.from_json(note.read_text()), ticket=10).to_json())
    how, _, sentence = release()
    assert how == "failed"
    assert "belongs to ticket 10 of demo" in sentence


def test_a_foreign_file_is_not_overwritten(release: Release, public: Path) -> None:
    public.mkdir()
    (public / NAME).write_bytes(b"precious")
    assert "no script put it there" in release()[2]
    assert (public / NAME).read_bytes() == b"precious"


def test_a_ticket_that_is_lost_publishes_nothing(tracker: ScriptedTracker, release: Release, public: Path) -> None:
    tracker.lost.add(9)
    assert release() == ()
    assert [path for path in public.rglob("*") if path.is_file() and path.name != ".lock"] == []


# --- counting, and attempts that were broken off -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earlier", "count", "number"), [([], "", 1), ([], "2", 3), ([], "two", 1), ([NOTE], "", 1), ([NOTE], "1", 1)]
)
def test_releases_are_counted_and_not_attempts(earlier: list[Entry], count: str, number: int) -> None:
    assert release_number(earlier, count) == number


@pytest.mark.parametrize("survivors", [("hidden", "output"), ("output",), ()])
def test_an_attempt_after_the_file_stood_already_counts_once(
    survivors: tuple[str, ...], tracker: ScriptedTracker, release: Release, mount: Path, public: Path
) -> None:
    release()
    for folder in survivors:
        (mount / folder / NAME).write_bytes(CONTENT)
    if not survivors:
        (mount / "output" / NAME).unlink()
    assert release()[0] == "done"
    assert tracker.properties[9]["Release.Count"] == "1"
    assert visible(public) == [NAME, f"{NAME}.sha256", "index.html"]


def test_an_attempt_after_the_note_alone_counts_once(tracker: ScriptedTracker, release: Release, public: Path) -> None:
    (public / ".meta").mkdir(parents=True)
    Catalogue(public).put(NOTE, 1)
    release()
    assert tracker.properties[9]["Release.Count"] == "1"


def test_parts_of_a_killed_attempt_are_swept(release: Release, public: Path) -> None:
    public.mkdir()
    (public / ".demo-7-deu-oefen-mp4.1.part.mp4").write_bytes(b"half")
    release()
    assert [path.name for path in public.iterdir() if ".part." in path.name] == []


def test_a_file_released_under_another_name_before_goes(release: Release, public: Path, mount: Path) -> None:
    release()
    other = "demo-7-eng-oefen-mp4"
    (mount / "hidden" / f"{other}.mp4").write_bytes(CONTENT)
    release(EncodingProfile__Basename=other)
    assert visible(public) == [f"{other}.mp4", f"{other}.mp4.sha256", "index.html"]


@pytest.mark.parametrize("moment", ["ping", "setTicketProperties", "setTicketDone"])
def test_a_script_killed_before_it_could_report_is_made_good(
    moment: str, tracker: ScriptedTracker, release: Release, properties: dict[str, str], mount: Path, public: Path
) -> None:
    tracker.add(9, service="releasing", **properties)
    tracker.stuck.add(moment)
    environ = {
        "FAHRWERK_TRACKER_URL": tracker.url,
        "FAHRWERK_SECRET": SECRET,
        "FAHRWERK_WORKER_ROOTS": str(mount),
        "FAHRWERK_RESERVE_MB": "1",
        "XDG_RUNTIME_DIR": str(mount),
    }
    with subprocess.Popen([sys.executable, "-m", "scripts.script_e_release", "--once"], env=environ) as script:
        until(lambda: tracker.called(moment))
        script.kill()
    assert ((public / NAME).exists(), tracker.ended) == (moment != "ping", [])
    tracker.stuck.clear()
    assert release()[0] == "done"
    assert tracker.properties[9]["Release.Count"] == "1"
    assert visible(public) == [NAME, f"{NAME}.sha256", "index.html"]
    assert list((mount / "hidden").iterdir()) == []
    assert [path.name for path in public.iterdir() if ".part." in path.name] == []


# --- withdrawal ----------------------------------------------------------------------------------------------------


def test_a_withdrawal_removes_everything_of_the_ticket(
    tracker: ScriptedTracker, release: Release, shift: Shift, public: Path
) -> None:
    release()
    tracker.withdrawals.append(9)
    assert loop.step(ReleaseJob(), shift) is True
    assert tracker.withdrawals == []
    assert tracker.called("setWithdrawn")[0].params == [9, f"Withdrawn: {NAME}"]
    assert visible(public) == ["index.html"]
    assert NAME not in (public / "index.html").read_text()


def test_the_next_release_is_number_two(tracker: ScriptedTracker, release: Release, shift: Shift, mount: Path) -> None:
    release()
    tracker.withdrawals.append(9)
    (mount / "hidden" / NAME).write_bytes(CONTENT)
    release()
    assert tracker.properties[9]["Release.Count"] == "2"
    assert tracker.ended[-1][2].startswith("release 2: ")


def test_a_withdrawal_that_comes_while_the_ticket_is_taken_is_served_first(
    tracker: ScriptedTracker, release: Release, shift: Shift, mount: Path
) -> None:
    release()
    tracker.withdrawals.append(9)
    (mount / "hidden" / NAME).write_bytes(CONTENT)
    release(job=WithoutWithdrawals())
    assert tracker.withdrawals == []
    assert tracker.properties[9]["Release.Count"] == "2"
    assert (mount / "public" / NAME).exists()


def test_a_withdrawal_of_nothing_is_reported(
    tracker: ScriptedTracker, shift: Shift, properties: dict[str, str], public: Path
) -> None:
    public.mkdir()
    tracker.add(9, **properties)
    tracker.withdrawals.append(9)
    loop.step(ReleaseJob(), shift)
    assert tracker.called("setWithdrawn")[0].params == [9, f"It was never released, and nothing is in {public}."]
    assert list(public.iterdir()) == []


def test_a_folder_that_is_not_mounted_acknowledges_nothing(
    tracker: ScriptedTracker, release: Release, shift: Shift, public: Path, mount: Path
) -> None:
    release()
    public.rename(mount / "away")
    public.mkdir()
    tracker.withdrawals.append(9)
    job = ReleaseJob()
    for _ in range(2):
        loop.step(job, shift)
    assert tracker.withdrawals == [9]
    assert list(public.iterdir()) == []
    ((ticket, sentence),) = tracker.logs
    assert (ticket, f"{public} is empty: is the folder mounted?" in sentence) == (9, True)
    public.rmdir()
    (mount / "away").rename(public)
    loop.step(job, shift)
    assert (tracker.withdrawals, visible(public)) == ([], ["index.html"])


def test_a_file_that_is_gone_with_its_folder_is_acknowledged_when_a_person_says_so(
    tracker: ScriptedTracker, release: Release, shift: Shift, public: Path, mount: Path
) -> None:
    release()
    public.rename(mount / "away")
    public.mkdir()
    del tracker.properties[9]["Release.Datetime"]
    tracker.withdrawals.append(9)
    loop.step(ReleaseJob(), shift)
    assert tracker.withdrawals == []


def test_a_catalogue_of_others_without_the_ticket_acknowledges(
    tracker: ScriptedTracker, release: Release, shift: Shift, public: Path
) -> None:
    release()
    note = public / ".meta" / f"{NAME}.json"
    note.write_text(dataclasses.replace(Entry.from_json(note.read_text()), ticket=10).to_json())
    tracker.withdrawals.append(9)
    loop.step(ReleaseJob(), shift)
    assert tracker.called("setWithdrawn")[0].params == [9, f"Nothing of it was in {public}."]
    assert (public / NAME).exists()


def test_a_withdrawal_killed_before_it_was_acknowledged_is_finished_in_a_folder_of_one_talk(
    tracker: ScriptedTracker, release: Release, shift: Shift, public: Path
) -> None:
    release()
    Catalogue(public).remove(Entry.from_json((public / ".meta" / f"{NAME}.json").read_text()))
    tracker.withdrawals.append(9)
    loop.step(ReleaseJob(), shift)
    assert tracker.withdrawals == []
    assert NAME not in (public / "index.html").read_text()


def test_a_release_into_an_empty_mount_point_waits_while_a_withdrawal_is_open(
    tracker: ScriptedTracker, release: Release, public: Path, mount: Path
) -> None:
    release()
    public.rename(mount / "away")
    tracker.withdrawals.append(9)
    (mount / "hidden" / NAME).write_bytes(CONTENT)
    assert release(job=WithoutWithdrawals())[0] == "given back"
    assert tracker.withdrawals == [9]
    assert visible(public) == []


def test_a_withdrawal_broken_off_half_way_is_finished(
    tracker: ScriptedTracker, release: Release, shift: Shift, public: Path
) -> None:
    release()
    (public / NAME).unlink()
    tracker.withdrawals.append(9)
    loop.step(ReleaseJob(), shift)
    assert visible(public) == ["index.html"]
    assert not (public / ".meta" / f"{NAME}.json").exists()


def test_what_keeps_a_file_public_is_told_once(
    tracker: ScriptedTracker, shift: Shift, properties: dict[str, str]
) -> None:
    tracker.add(9, **(properties | {"Processing__Path__Release": "/etc"}))
    tracker.withdrawals.append(9)
    job = ReleaseJob()
    for _ in range(2):
        loop.step(job, shift)
    assert tracker.withdrawals == [9]
    assert [ticket for ticket, _ in tracker.logs] == [9]
    assert tracker.logs[0][1].startswith("Still public: Processing.Path.Release")


def test_a_withdrawal_is_served_when_the_disk_is_full(
    tracker: ScriptedTracker, release: Release, shift: Shift, public: Path
) -> None:
    release()
    tracker.withdrawals.append(9)
    object.__setattr__(shift.settings, "reserve_mb", 10**8)
    loop.step(ReleaseJob(), shift)
    assert visible(public) == ["index.html"]


def test_subtitles_become_public_and_go_with_the_file(
    release: Release, tracker: ScriptedTracker, properties: dict[str, str], mount: Path, public: Path
) -> None:
    for language in ("deu", "eng"):
        (mount / "output" / f"demo-7-deu-oefen-mp4.{language}.vtt").write_text(f"WEBVTT\n\n{language}")
    names = [f"demo-7-deu-oefen-mp4.{language}.vtt" for language in ("deu", "eng")]
    assert release(Encoding__Subtitles=" ".join(names))[0] == "done"
    assert [name for name in visible(public) if name.endswith(".vtt")] == names
    assert (public / names[1]).read_text() == "WEBVTT\n\neng"
    Catalogue(public).remove(Catalogue(public).of_ticket("demo", 9)[0])
    assert not [name for name in visible(public) if name.startswith("demo-7")]


@pytest.mark.parametrize("name", ["../../etc/passwd", "other.deu.vtt", "demo-7-deu-oefen-mp4.fra.vtt"])
def test_odd_names_of_subtitles_publish_nothing(name: str, release: Release, public: Path) -> None:
    assert release(Encoding__Subtitles=name)[0] == "failed"
    assert not public.exists() or not [each for each in visible(public) if each.startswith("demo")]
