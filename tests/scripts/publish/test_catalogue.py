import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.media.ffmpeg import Stopped
from scripts.publish.catalogue import Catalogue, NotOurs
from scripts.publish.entry import Entry, facts

ENTRY = Entry("a.mp4", "demo", 7, 1, "2027.05.01_12:00:00", "0" * 64, 3, title="Öfen")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    catalogue = Catalogue(tmp_path)
    with catalogue.locked(lambda: False):
        catalogue.put(ENTRY, 1)
    (tmp_path / "a.mp4").write_bytes(b"abc")
    return catalogue


def test_a_note_is_read_as_it_was_written() -> None:
    assert Entry.from_json(ENTRY.to_json()) == ENTRY


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": 1}', json.dumps(dataclasses.asdict(ENTRY) | {"ticket": "7"})]
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Entry.from_json(text)


def test_only_files_that_are_there_are_listed(catalogue: Catalogue) -> None:
    catalogue.put(dataclasses.replace(ENTRY, name="b.mp4"), 1)
    assert [entry.name for entry in catalogue.entries()] == ["a.mp4"]
    assert [entry.name for entry in catalogue.of_ticket("demo", 7)] == ["a.mp4", "b.mp4"]
    assert catalogue.of_ticket("other", 7) == []


def test_a_name_belongs_to_its_ticket(catalogue: Catalogue) -> None:
    catalogue.check_free("a.mp4", "demo", 7)
    catalogue.check_free("new.mp4", "demo", 8)
    for project, ticket in (("demo", 8), ("other", 7)):
        with pytest.raises(NotOurs, match=r"belongs to ticket 7 of demo \(Öfen\)"):
            catalogue.check_free("a.mp4", project, ticket)


def test_a_file_without_a_note_is_nobodys_to_replace(catalogue: Catalogue) -> None:
    (catalogue.folder / "b.mp4").write_bytes(b"?")
    with pytest.raises(NotOurs, match="no script put it there"):
        catalogue.check_free("b.mp4", "demo", 7)


def test_a_name_whose_file_never_appeared_is_free(catalogue: Catalogue) -> None:
    (catalogue.folder / "a.mp4").unlink()
    catalogue.check_free("a.mp4", "demo", 8)


def test_a_note_that_speaks_of_another_file_owns_nothing(catalogue: Catalogue) -> None:
    (catalogue.folder / ".meta" / "b.mp4.json").write_text(ENTRY.to_json())
    (catalogue.folder / ".meta" / "c.mp4.json").write_text(dataclasses.replace(ENTRY, name="../c.mp4").to_json())
    assert [entry.name for entry in catalogue.of_ticket("demo", 7)] == ["a.mp4"]


def test_removing_leaves_nothing(catalogue: Catalogue) -> None:
    (catalogue.folder / "a.mp4.sha256").write_text("x")
    catalogue.remove(ENTRY)
    catalogue.remove(ENTRY)
    assert sorted(path.name for path in catalogue.folder.rglob("*")) == [".lock", ".meta", ".used"]


def test_a_folder_nothing_was_released_into_is_told_from_one_that_is_empty_by_now(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)
    with catalogue.locked(lambda: False):
        assert not catalogue.is_there()
        catalogue.put(ENTRY, 1)
        catalogue.remove(ENTRY)
    assert catalogue.is_there()


def test_one_at_a_time_holds_the_lock(catalogue: Catalogue) -> None:
    code = (
        "import sys; from pathlib import Path; from scripts.publish.catalogue import Catalogue\n"
        f"with Catalogue(Path({str(catalogue.folder)!r})).locked(lambda: False): print('held', flush=True); input()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Stopped), catalogue.locked(lambda: True):
            raise AssertionError
        other.communicate("\n")
    with catalogue.locked(lambda: True):
        pass


def test_facts_prefer_what_the_cutter_chose() -> None:
    properties = {
        "Fahrplan.Language": "de",
        "Record.Language": "deu-eng",
        "Meta.License": "CC0",
        "Fahrplan.Title": "Öfen",
    }
    found = facts(properties)
    assert (found["language"], found["license"], found["title"], found["room"]) == ("deu-eng", "CC0", "Öfen", "")
