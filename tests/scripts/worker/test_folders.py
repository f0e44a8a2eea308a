from pathlib import Path

import pytest

from scripts.worker import folders
from scripts.worker.outcomes import JobFailed, Wait

RAW = "Processing.Path.Raw"


def test_it_returns_the_folder(mount: Path) -> None:
    (mount / "raw").mkdir()
    assert folders.folder({RAW: f"{mount}/raw/"}, RAW, [mount]) == mount / "raw"


def test_it_makes_a_folder_inside_its_root(mount: Path) -> None:
    assert folders.folder({RAW: f"{mount}/a/b"}, RAW, [mount], make=True).is_dir()


@pytest.mark.parametrize(
    ("name", "where"),
    [
        (RAW, "project's page"),
        ("Fahrplan.Start", "import the Fahrplan again"),
        ("Record.Cutin", "cut page"),
        ("Record.Starttime", "script B writes it"),
        ("EncodingProfile.Extension", "encoding profile"),
        ("Release.SHA256", "script D writes it"),
    ],
)
def test_a_missing_property_is_named_with_its_place(name: str, where: str) -> None:
    with pytest.raises(JobFailed, match=rf"The property {name} is missing: .*{where}"):
        folders.needed({name: " "}, name)


@pytest.mark.parametrize("path", ["/etc", "{mount}/../elsewhere", "{mount}x", "{mount}/link"])
def test_it_refuses_a_folder_outside_of_the_roots(path: str, mount: Path) -> None:
    (mount / "link").symlink_to("/etc")
    with pytest.raises(JobFailed, match=rf"{RAW}: .* outside of .*{mount}.*add it to FAHRWERK_WORKER_ROOTS"):
        folders.folder({RAW: path.format(mount=mount)}, RAW, [mount], make=True)


def test_it_refuses_a_relative_path(mount: Path) -> None:
    with pytest.raises(JobFailed, match="no absolute path"):
        folders.folder({RAW: "raw"}, RAW, [mount])


def test_it_waits_for_a_folder_that_is_not_mounted(mount: Path) -> None:
    with pytest.raises(Wait, match="there is no such folder: mount or create it"):
        folders.folder({RAW: f"{mount}/raw"}, RAW, [mount])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", ".hidden", "a\nb", "a\0b"])
def test_it_refuses_a_file_name_like(name: str) -> None:
    with pytest.raises(JobFailed, match="no plain file name"):
        folders.plain_name(name, "EncodingProfile.Basename")
