"""The database as a whole: waited for, upgraded, looked at, exported, imported. What is in it belongs to others."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

import migrations
from tracker import embedded
from tracker.cluster import programs
from tracker.errors import DatabaseError
from tracker.settings import Settings

log = logging.getLogger(__name__)

RETRY_S = 1.0
OLDEST = 14
"""Major version of the oldest PostgreSQL that is known to do."""

LOCK = 0x46616872
"""Number of the advisory lock that keeps two upgrades apart."""

NOT_IN_OLD_SERVERS = b"SET transaction_timeout = 0;\n"
"""Written by pg_restore 17 and newer; older servers do not know it, and for us it changes nothing."""


@dataclass(frozen=True)
class Status:
    """What `fahrwerk db status` tells; *revision* is empty for an empty database, *size* is in bytes."""

    revision: str
    head: str
    server: str
    size: int


@contextmanager
def connected(settings: Settings, stop: threading.Event | None = None) -> Iterator[Settings]:
    """Yield settings whose database_url answers: the own PostgreSQL is started, another one is waited for.

    Raises DatabaseError; when *stop* is set during the wait, too.
    """
    if settings.embedded:
        with embedded.running(settings) as url:
            yield replace(settings, database_url=url)
        return
    if not wait(settings.database_url, stop or threading.Event()):
        raise DatabaseError("Stopped while waiting for the database.")
    yield settings


def wait(url: str, stop: threading.Event) -> bool:
    """Try about every second until the database answers; return False when *stop* was set before it did."""
    tries = 0
    while not stop.is_set():
        if not (reason := refusal(url)):
            return True
        if tries % 10 == 0:
            log.warning("waiting for the database %s: %s", shown(url), reason)
        tries += 1
        stop.wait(RETRY_S)
    return False


def refusal(url: str) -> str:
    """Return why the database does not answer, or '' when it does."""
    try:
        psycopg2.connect(**_arguments(url), connect_timeout=5).close()
    except psycopg2.OperationalError as error:
        return " ".join(str(error).split())
    return ""


def shown(url: str) -> str:
    """Return *url* without its password."""
    return make_url(url).render_as_string(hide_password=True)


def upgrade(url: str) -> None:
    """Bring the tables to the newest revision, in one transaction; does nothing when they are there.

    Raises DatabaseError for a database of a newer Fahrwerk.
    """
    with _connection(url) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        before = _revision(connection)
        _refuse_newer(before)
        if before != head():
            command.upgrade(_config(connection), "head")
            log.info("upgraded the database from revision %s to %s", before or "none", head())


def check(url: str) -> None:
    """Raise DatabaseError, with the remedy, when the tables are not those of this version."""
    with _connection(url) as connection:
        revision = _revision(connection)
    _refuse_newer(revision)
    if revision != head():
        raise DatabaseError(
            f"The database is at revision {revision or 'none'}, this Fahrwerk needs {head()}: make a copy with "
            "`fahrwerk db export FILE`, then run `fahrwerk db upgrade`."
        )


def status(url: str) -> Status:
    """Look at the database."""
    with _connection(url) as connection:
        size = connection.scalar(text("SELECT pg_database_size(current_database())"))
        server = connection.scalar(text("SHOW server_version"))
        return Status(_revision(connection) or "", head(), str(server), int(size or 0))


def head() -> str:
    """Return the newest revision that this version knows."""
    return _script().get_current_head() or ""


def export(url: str, file: Path) -> None:
    """Write all tables to the new *file* (pg_dump's custom format, for the owner's eyes only).

    Raises DatabaseError when the file exists or the dump fails; a half file is never left under its name.
    """
    if file.exists():
        raise DatabaseError(f"{file} exists already: name a new file.")
    part = file.with_name(f".{file.name}.part")
    with _connection(url) as connection:
        program = _program("pg_dump", _server_major(connection))
    try:
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            argv = [program, "--format=custom", "--no-owner", "--no-privileges", "--no-password"]
            _run(argv, _environment(url), stdout=output)
            os.fsync(output.fileno())
        part.rename(file)
    except OSError as error:
        raise DatabaseError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Read what export() wrote into an empty database, all or nothing.

    Raises DatabaseError: not empty, no export of ours, of a newer Fahrwerk, or not readable.
    """
    if not file.is_file():
        raise DatabaseError(f"There is no file {file}.")
    _refuse_newer(_archived_revision(file))
    with _connection(url) as connection:
        tables = connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"))
    if tables:
        raise DatabaseError(
            f"The database {shown(url)} is not empty, an import needs an empty one: create a new database, or for the "
            "embedded one move the folder `postgres` out of FAHRWERK_DATA_DIR."
        )
    _pipe([_program("pg_restore"), "--file=-", "--no-owner", "--no-privileges", str(file)], _psql(), _environment(url))


# -- alembic


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config()
    folder = str(Path(migrations.__file__).parent)
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in _script().walk_revisions()}
    if revision and revision not in known:
        raise DatabaseError(f"The database is at revision {revision}, made by a newer Fahrwerk: update this one.")


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """Open one connection and commit at the end. Raises DatabaseError for a server that is too old."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if (major := _server_major(connection)) < OLDEST:
                raise DatabaseError(f"The server is PostgreSQL {major}; Fahrwerk needs {OLDEST} or newer.")
            yield connection
    finally:
        engine.dispose()


# -- the programs of PostgreSQL


def _arguments(url: str) -> dict[str, Any]:
    """Return what psycopg2.connect needs."""
    parsed = make_url(url)
    return dict(parsed.query) | parsed.translate_connect_args(username="user", database="dbname")


def _environment(url: str) -> dict[str, str]:
    """Return the environment for a program of PostgreSQL: the password is not for the list of processes."""
    names = {"dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD", "host": "PGHOST", "port": "PGPORT"}
    names |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}
    given = {names[name]: str(value) for name, value in _arguments(url).items() if name in names}
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGCLIENTENCODING": "UTF8"} | given


def _server_major(connection: Connection) -> int:
    return int((connection.dialect.server_version_info or (0,))[0])


def _program(name: str, least_major: int = 0) -> str:
    """Find a program of PostgreSQL, of *least_major* version or newer: the wheel's, else one in PATH."""
    for found in (str(programs() / name), shutil.which(name)):
        if found and _major(found) >= least_major:
            return found
    raise DatabaseError(
        f"The server is PostgreSQL {least_major}, which needs {name} {least_major} or newer: install the package "
        f"postgresql-client-{least_major}."
    )


def _major(program: str) -> int:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[2].split(".")[0])


def _run(argv: list[str], environment: Mapping[str, str], stdout: IO[bytes] | int) -> bytes:
    """Run a program of PostgreSQL and return its output, if it is piped. Raises DatabaseError with its words."""
    done = subprocess.run(
        argv, env=dict(environment), stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise DatabaseError(_complaint(argv, done.stderr))
    return done.stdout or b""


def _complaint(argv: list[str], stderr: bytes) -> str:
    return f"{Path(argv[0]).name} failed: {' '.join(stderr.decode('utf-8', 'replace').split())[:2000]}"


def _archived_revision(file: Path) -> str:
    """Return the revision of the tables in an export, without importing it."""
    argv = [_program("pg_restore"), "--data-only", "--table=alembic_version", "--file=-", str(file)]
    script = _run(argv, _environment("postgresql://"), stdout=subprocess.PIPE).decode("utf-8", "replace").splitlines()
    start = next((number for number, line in enumerate(script) if line.startswith("COPY ")), None)
    if start is None:
        raise DatabaseError(f"{file} is no export of Fahrwerk.")
    return script[start + 1]


def _psql() -> list[str]:
    argv = [_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    return [*argv, "--no-password"]


def _pipe(source: list[str], target: list[str], environment: Mapping[str, str]) -> None:
    """Feed the SQL that *source* writes to *target*, in one transaction that ends well only if both did."""
    env = dict(environment)
    with (
        subprocess.Popen(source, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader,
        subprocess.Popen(target, env=env, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as writer,
    ):
        assert reader.stderr and writer.stderr
        taken = _transfer(reader, writer)
        complaints = writer.stderr.read(), reader.stderr.read()
    if not taken or writer.returncode:
        raise DatabaseError(_complaint(target, complaints[0]))
    if reader.returncode:
        raise DatabaseError(_complaint(source, complaints[1]))


def _transfer(reader: subprocess.Popen[bytes], writer: subprocess.Popen[bytes]) -> bool:
    """Hand over the script, COMMIT only after its good end; return False when the *writer* stopped listening."""
    assert reader.stdout and writer.stdin
    try:
        with writer.stdin as target:
            target.write(b"BEGIN;\n")
            _feed(reader.stdout, target)
            target.write(b"COMMIT;\n" if reader.wait() == 0 else b"")
    except BrokenPipeError:
        reader.stdout.close()
        return False
    return True


def _feed(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy the script, less the one setting old servers do not know; only its head: data may look like anything."""
    for line in source:
        if line != NOT_IN_OLD_SERVERS:
            target.write(line)
        if line.startswith((b"CREATE ", b"COPY ")):
            break
    shutil.copyfileobj(source, target)
