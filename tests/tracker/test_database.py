"""The database as a whole: waiting, upgrade, status, export and import."""

from __future__ import annotations

import logging
import socket
import stat
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tracker import database
from tracker.errors import DatabaseError
from tracker.settings import Settings


def execute(url: str, sql: str) -> list:
    engine = create_engine(url)
    with engine.begin() as connection:
        result = connection.execute(text(sql))
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def nowhere() -> str:
    return f"postgresql+psycopg2://me:hush@127.0.0.1:{free_port()}/fahrwerk"


@pytest.fixture
def empty_db(new_database) -> str:
    return new_database("template0")


def test_waiting_says_for_what_without_the_password_and_stops_when_told(nowhere, caplog):
    stop = threading.Event()
    threading.Timer(1.5, stop.set).start()
    began = time.monotonic()
    assert database.wait(nowhere, stop) is False
    assert time.monotonic() - began < 3
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "me:***@127.0.0.1" in caplog.text and "refused" in caplog.text and "hush" not in caplog.text


def test_waiting_ends_when_the_database_answers(committed_db):
    assert database.wait(committed_db, threading.Event()) is True


def test_connected_starts_the_own_database_when_no_other_is_named(place):
    with database.connected(Settings(data_dir=place / "data")) as settings:
        assert execute(settings.database_url, "SELECT 1") == [(1,)]


def test_connected_gives_up_when_stopped(nowhere):
    stop = threading.Event()
    stop.set()
    with pytest.raises(DatabaseError), database.connected(Settings(database_url=nowhere), stop):
        pass


def test_an_upgrade_brings_an_empty_database_to_the_head_and_twice_changes_nothing(empty_db):
    assert database.status(empty_db).revision == ""
    for _ in range(2):
        database.upgrade(empty_db)
        assert database.status(empty_db).revision == database.head()
    database.check(empty_db)


def test_a_database_that_is_behind_is_refused_with_the_remedy(empty_db):
    with pytest.raises(DatabaseError, match="fahrwerk db upgrade"):
        database.check(empty_db)


@pytest.mark.parametrize("use", [database.check, database.upgrade])
def test_a_database_of_a_newer_version_is_refused(committed_db, use):
    execute(committed_db, "UPDATE alembic_version SET version_num = 'from_the_future'")
    with pytest.raises(DatabaseError, match=r"from_the_future.*newer Fahrwerk"):
        use(committed_db)


def test_status_tells_server_and_size(committed_db):
    found = database.status(committed_db)
    assert found.server.startswith("18.") and found.size > 1_000_000


def test_an_export_comes_back_as_it_was(committed_db, empty_db, tmp_path):
    title = "Ümlaut ' \\ \"\nSET transaction_timeout = 0;\n\\restrict"
    execute(committed_db, "INSERT INTO project (slug, title) VALUES ('p', $t$" + title + "$t$)")
    database.export(committed_db, tmp_path / "dump")
    database.restore(empty_db, tmp_path / "dump")
    everything = "SELECT p::text FROM project p"
    assert execute(empty_db, everything) == execute(committed_db, everything)
    assert execute(empty_db, "SELECT title FROM project") == [(title,)]
    database.check(empty_db)


def test_an_export_is_for_the_owners_eyes_and_replaces_nothing(committed_db, tmp_path):
    database.export(committed_db, tmp_path / "dump")
    assert stat.S_IMODE((tmp_path / "dump").stat().st_mode) == 0o600
    with pytest.raises(DatabaseError, match="exists already"):
        database.export(committed_db, tmp_path / "dump")
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]


def test_an_export_into_a_folder_that_is_not_there_is_a_sentence(committed_db, tmp_path):
    with pytest.raises(DatabaseError, match="cannot be written"):
        database.export(committed_db, tmp_path / "none" / "dump")


def test_an_import_needs_an_empty_database(committed_db, tmp_path):
    database.export(committed_db, tmp_path / "dump")
    with pytest.raises(DatabaseError, match="not empty"):
        database.restore(committed_db, tmp_path / "dump")


def test_an_export_of_a_newer_version_is_refused_before_anything_is_written(committed_db, empty_db, tmp_path):
    execute(committed_db, "UPDATE alembic_version SET version_num = 'from_the_future'")
    database.export(committed_db, tmp_path / "dump")
    with pytest.raises(DatabaseError, match="newer Fahrwerk"):
        database.restore(empty_db, tmp_path / "dump")
    assert database.status(empty_db).revision == ""


@pytest.mark.parametrize("share", [0.4, 0.6])
def test_a_cut_off_export_leaves_the_database_empty(committed_db, empty_db, tmp_path, share):
    fill = "INSERT INTO project (slug, title) SELECT 'p' || n, md5(n::text) FROM generate_series(1, 9999) n"
    execute(committed_db, fill)
    database.export(committed_db, tmp_path / "dump")
    whole = (tmp_path / "dump").read_bytes()
    (tmp_path / "half").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DatabaseError):
        database.restore(empty_db, tmp_path / "half")
    assert execute(empty_db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_reader_that_dies_between_two_statements_commits_nothing(empty_db):
    dying = [sys.executable, "-c", "print('CREATE TABLE left_over (n int);', flush=True); raise SystemExit('died')"]
    with pytest.raises(DatabaseError, match="died"):
        database._pipe(dying, database._psql(), database._environment(empty_db))
    assert execute(empty_db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_an_error_of_the_server_is_told_and_undone(empty_db):
    wrong = [
        sys.executable,
        "-c",
        "print('CREATE TABLE left_over (n int);\\nSELECT nonsense;\\n' + 'SELECT 1;' * 99999)",
    ]
    with pytest.raises(DatabaseError, match=r"psql failed.*nonsense"):
        database._pipe(wrong, database._psql(), database._environment(empty_db))
    assert execute(empty_db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


@pytest.mark.parametrize("content", [b"", b"no dump at all", b"PGDMP\x01\x63\x00"])
def test_a_file_that_is_no_export_is_refused(empty_db, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DatabaseError):
        database.restore(empty_db, tmp_path / "file")


def test_a_missing_file_is_named(empty_db, tmp_path):
    with pytest.raises(DatabaseError, match=r"no file .*none"):
        database.restore(empty_db, tmp_path / "none")


def test_a_server_newer_than_every_program_names_the_package_to_install():
    with pytest.raises(DatabaseError, match="postgresql-client-99"):
        database._program("pg_dump", 99)


def test_the_password_goes_through_the_environment():
    made = database._environment("postgresql+psycopg2://me:p%40ss@db:5433/x?sslmode=require")
    wanted = {"PGUSER": "me", "PGPASSWORD": "p@ss", "PGHOST": "db", "PGPORT": "5433", "PGDATABASE": "x"}
    assert wanted.items() <= made.items() and made["PGSSLMODE"] == "require"
    assert Path(made["PATH"].split(":")[0]).is_absolute()
