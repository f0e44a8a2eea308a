import os
from pathlib import Path

import pytest

from scripts.worker.settings import SettingsError, WorkerSettings, own_name


def environment(root: Path, **more: str) -> dict[str, str]:
    return {
        "FAHRWERK_TRACKER_URL": "http://tracker:8020/",
        "FAHRWERK_SECRET": "hush",
        "FAHRWERK_WORKER_ROOTS": str(root),
        **more,
    }


def test_it_reads_everything(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    roots = os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")])
    more = {"FAHRWERK_PROJECT": "demo", "FAHRWERK_RESERVE_MB": "0", "FAHRWERK_POLL_S": "0.5", "FAHRWERK_LEASE_S": "9"}
    settings = WorkerSettings.from_env(
        environment(tmp_path, FAHRWERK_WORKER_HOST="cube.example.org", **more) | {"FAHRWERK_WORKER_ROOTS": roots}
    )
    assert settings == WorkerSettings(
        "http://tracker:8020",
        "hush",
        (tmp_path.resolve() / "a", tmp_path.resolve() / "b"),
        "cube.example.org",
        "demo",
        0,
        0.5,
        9,
    )


def test_it_reports_all_mistakes_at_once(tmp_path: Path) -> None:
    environ = {
        "FAHRWERK_TRACKER_URL": "ftp://tracker",
        "FAHRWERK_WORKER_ROOTS": os.pathsep.join(["video", str(tmp_path / "gone"), "/"]),
        "FAHRWERK_WORKER_HOST": "my host/../x",
        "FAHRWERK_POLL_S": "soon",
        "FAHRWERK_LEASE_S": "1",
        "FAHRWERK_PROGRAMS": "./lame",
    }
    with pytest.raises(SettingsError) as caught:
        WorkerSettings.from_env(environ)
    assert [mistake.split(" ", 1)[0] for mistake in caught.value.mistakes] == [
        "FAHRWERK_TRACKER_URL",
        "FAHRWERK_SECRET",
        "FAHRWERK_WORKER_ROOTS",
        "FAHRWERK_WORKER_ROOTS",
        "FAHRWERK_WORKER_ROOTS",
        "FAHRWERK_WORKER_HOST",
        "FAHRWERK_POLL_S",
        "FAHRWERK_LEASE_S",
        "FAHRWERK_PROGRAMS",
    ]


def test_the_secret_is_not_shown(tmp_path: Path) -> None:
    assert "hush" not in repr(WorkerSettings.from_env(environment(tmp_path)))


def test_a_script_without_files_needs_no_roots() -> None:
    environ = {"FAHRWERK_TRACKER_URL": "http://tracker", "FAHRWERK_SECRET": "hush"}
    assert WorkerSettings.from_env(environ, needs_roots=False).roots == ()


@pytest.mark.parametrize(
    "url", ["", "tracker:8020", "http://", "http://u:p@tracker", "http://tracker:99999", "http://t/?a"]
)
def test_it_refuses_an_address_like(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FAHRWERK_TRACKER_URL"):
        WorkerSettings.from_env(environment(tmp_path) | {"FAHRWERK_TRACKER_URL": url})


def test_the_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    environ = environment(tmp_path) | {"FAHRWERK_SECRET": "", "FAHRWERK_SECRET_FILE": str(tmp_path / "secret")}
    assert WorkerSettings.from_env(environ).secret == "hush"


@pytest.mark.parametrize("host", ["localhost", "localhost.localdomain", "LOCALHOST6"])
def test_a_name_every_machine_has_is_refused(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set FAHRWERK_WORKER_HOST to this machine's name"):
        WorkerSettings.from_env(environment(tmp_path, FAHRWERK_WORKER_HOST=host))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8020", "http://localhost:8020", "http://[::1]:8020/rpc"])
def test_it_will_do_where_the_tracker_runs_on_the_same_machine(url: str, tmp_path: Path) -> None:
    environ = environment(tmp_path, FAHRWERK_WORKER_HOST="localhost") | {"FAHRWERK_TRACKER_URL": url}
    assert WorkerSettings.from_env(environ).host == "localhost"


@pytest.mark.parametrize(
    ("full", "short", "host"), [("cube.example.org", "cube", "cube.example.org"), ("localhost", "f3a9", "f3a9")]
)
def test_a_container_is_known_by_its_short_name(full: str, short: str, host: str) -> None:
    assert own_name(full, short) == host


@pytest.mark.parametrize(("secret", "file"), [("hush", "secret"), ("", "gone")])
def test_a_secret_that_is_given_twice_or_not_readable_is_refused(secret: str, file: str, tmp_path: Path) -> None:
    environ = environment(tmp_path) | {"FAHRWERK_SECRET": secret, "FAHRWERK_SECRET_FILE": str(tmp_path / file)}
    with pytest.raises(SettingsError, match="FAHRWERK_SECRET_FILE"):
        WorkerSettings.from_env(environ)
