"""What the server is told by ``FAHRWERK_*``: one frozen dataclass, read once, all mistakes reported together."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_data_path

from tracker.errors import TrackerError

PREFIX = "FAHRWERK_"
ELSEWHERE = frozenset(
    {
        "TRACKER_URL",
        "WORKER_ROOTS",
        "WORKER_HOST",
        "PROJECT",
        "RESERVE_MB",
        "POLL_S",
        "LEASE_S",
        "RETRY_S",
        "BEAT_S",
        "NICE",
        "HOURS",
        "TOGETHER",
        "CHUNK_FROM_S",
        "CHUNK_S",
        "CHUNK_THREADS",
        "DASK_SCHEDULER",
        "DOWNLOAD_MB",
        "DOWNLOAD_PRIVATE",
        "DOWNLOAD_S",
        "FFMPEG",
        "FFPROBE",
        "PROGRAMS",
        "CORPUS",
        "WIRE",
    }
)
"""Names without the prefix that workers and tests read; the server takes no notice of them."""

RENAMED = {"PROXY_HOPS": "FAHRWERK_PROXIES, with the addresses of the reverse proxies, takes its place"}
"""Names that were understood once; passing them over in silence would change what the server does."""

DRIVER = "postgresql+psycopg2"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("text", "json")


class SettingsError(TrackerError):
    """The environment does not describe a server; the message has one line per mistake."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the *problems*, one sentence each."""
        super().__init__("\n".join(problems))
        self.problems = problems


def _database_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("postgres", "postgresql", DRIVER) or not parts.path.strip("/"):
        raise ValueError("must look like postgresql://user:password@host/database")
    return text.replace(parts.scheme, DRIVER, 1)


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must look like https://tracker.example.org, without query and fragment")
    return text.rstrip("/")


def _smtp_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must look like smtp://user:password@host:587 or smtps://host")
    return text


def _mailbox(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}", text):
        raise ValueError(f"must be the address of a mailbox, not {text!r}")
    return text


def _folder(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute() or path == Path(path.anchor):
        raise ValueError(f"must be the absolute path of a folder, not {text!r}")
    return path


def _roots(text: str) -> tuple[Path, ...]:
    roots = tuple(_folder(part) for part in text.split(os.pathsep) if part)
    missing = [str(root) for root in roots if not root.is_dir()]
    if missing:
        raise ValueError(f"names what is no folder here: {', '.join(missing)}; create or mount it")
    return roots


def _present(text: str) -> Path:
    path = _folder(text)
    if not path.is_dir():
        raise ValueError(f"names what is no folder here: {path}; create or mount it")
    return path


def _address(text: str) -> str:
    return str(ip_address(text.strip("[]")))


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"must be addresses or networks like 10.0.0.0/8, joined by commas: {error}") from None


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise ValueError(f"must be on or off, not {text!r}")
    return text.lower() == "on"


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return read


def _choice(options: tuple[str, ...], change: Callable[[str], str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if change(text) not in options:
            raise ValueError(f"must be one of {', '.join(options)}, not {text!r}")
        return change(text)

    return read


def _key(text: str) -> str:
    if len(text) < 32:
        raise ValueError("must have at least 32 characters; `openssl rand -hex 32` makes a good one")
    return text


def _token(text: str) -> str:
    if len(text) < 16 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must have at least 16 printable ASCII characters without blanks")
    return text


def _data_dir() -> Path:
    # Root's home is closed to the user that the database runs as.
    return Path("/var/lib/fahrwerk") if os.geteuid() == 0 else user_data_path("fahrwerk", appauthor=False)


def _setting(default: Any, read: Callable[[str], Any], doc: str, *, secret: bool = False, shown: str = "") -> Any:
    """Declare one setting: its default (or a callable for it), how its text is read, and its line in the docs."""
    metadata = {"read": read, "doc": doc, "secret": secret, "shown": shown or str(default)}
    if callable(default):
        return field(default_factory=default, repr=not secret, metadata=metadata)
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """All settings of the server; a field ``port`` is read from ``FAHRWERK_PORT``, secrets also from ``…_FILE``."""

    database_url: str = _setting(
        "",
        _database_url,
        "PostgreSQL (14 or newer) to use; empty: an own PostgreSQL in the data folder, started with the first process "
        "that needs it; when that one ends, another that uses it keeps it running within seconds",
        secret=True,
    )
    data_dir: Path = _setting(
        _data_dir,
        _folder,
        "folder of the own PostgreSQL and of generated secrets",
        shown="`/var/lib/fahrwerk` for root, else `~/.local/share/fahrwerk`",
    )
    secret_key: str = _setting(
        "",
        _key,
        "signs sessions and encrypts stored secrets, at least 32 characters; made once and kept in the data folder "
        "when the database is there too, required otherwise",
        secret=True,
    )
    secret: str = _setting(
        "",
        str,
        "secret that workers sign their address with; made once and kept in the data folder (`worker-secret`) when "
        "the database is there too, required otherwise",
        secret=True,
    )
    secret_previous: str = _setting("", str, "the secret before, also accepted while workers change over", secret=True)
    bind: str = _setting("127.0.0.1", _address, "address to listen on; `0.0.0.0` or `::` for all")
    port: int = _setting(8020, _number(1, 65535), "TCP port to listen on")
    public_url: str = _setting(
        "", _public_url, "address under which people reach the pages; with `https` cookies are sent over TLS only"
    )
    proxies: tuple[IPv4Network | IPv6Network, ...] = _setting(
        (),
        _networks,
        "addresses or networks, joined by commas, of the reverse proxies whose `X-Forwarded-*` headers are believed",
        shown="none",
    )
    rpc_v3: bool = _setting(True, _switch, "whether the door of API 3.0 (`/rpc/<hash>/<name>`) is open", shown="on")
    worker_dns: str = _setting(
        "off",
        _choice(("off", "log", "enforce"), str.lower),
        "whether the name of a v3 worker has to have the address it calls from in DNS: off, log, enforce",
    )
    metrics_token: str = _setting(
        "",
        _token,
        "bearer token with which `/metrics` is read from elsewhere; empty: only this machine may read it",
        secret=True,
    )
    media_roots: tuple[Path, ...] = _setting(
        (),
        _roots,
        f"folders, joined by `{os.pathsep}`, that pages may play media from; `Processing.Path.*` must lie there",
        shown="none",
    )
    uploads: Path | None = _setting(
        None,
        _present,
        "folder, on the mount and under the roots of the workers, that uploads are stored in; empty: none are taken",
        shown="none",
    )
    upload_max_mb: int = _setting(50_000, _number(1, 10_000_000), "size of the largest upload, in MB")
    upload_quota_mb: int = _setting(
        200_000, _number(1, 100_000_000), "what the uploads of one person may take in all, in MB"
    )
    processes: int = _setting(2, _number(1, 64), "server processes")
    threads: int = _setting(8, _number(1, 256), "threads of each server process")
    log_level: str = _setting("INFO", _choice(LEVELS, str.upper), f"least level to log: {', '.join(LEVELS)}")
    log_format: str = _setting("text", _choice(FORMATS, str.lower), f"form of a log line: {', '.join(FORMATS)}")
    session_hours: int = _setting(12, _number(1, 720), "hours after which an idle login ends")
    login_max_failures: int = _setting(
        5, _number(1, 1000), "failed logins in 15 minutes, per address and name, after which more are refused"
    )
    smtp_url: str = _setting(
        "",
        _smtp_url,
        "where mail is handed in, like `smtp://user:password@host:587` (with STARTTLS where there is a login) or "
        "`smtps://host`; empty: no mail is sent",
        secret=True,
    )
    mail_from: str = _setting("fahrwerk@localhost", _mailbox, "sender of mail to the crew")

    @property
    def embedded(self) -> bool:
        """Whether the database is our own, in the data folder."""
        return not self.database_url

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every secret text that must never reach a log."""
        passwords = [urlsplit(url).password for url in (self.database_url, self.smtp_url)]
        own = (self.secret_key, self.secret, self.secret_previous, self.metrics_token)
        return tuple(text for text in (*own, *passwords) if text)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings from *environ*; with the own database, missing secrets are made and kept in data_dir.

        Raises SettingsError with every mistake at once.
        """
        problems = _typos(environ)
        values: dict[str, Any] = {}
        for name in (item.name for item in fields(cls)):
            _read(name, environ, values, problems)
        settings = cls(**values)
        if not settings.embedded:
            problems += _missing(settings, problems)
        if problems:
            raise SettingsError(problems)
        return settings._with_kept_secrets() if settings.embedded else settings

    def _with_kept_secrets(self) -> Settings:
        try:
            make_data_dir(self.data_dir)
            return replace(
                self,
                secret_key=self.secret_key or _kept(self.data_dir / "secret-key"),
                secret=self.secret or _kept(self.data_dir / "worker-secret"),
            )
        except OSError as error:
            raise SettingsError([f"FAHRWERK_DATA_DIR: {error.strerror}: {error.filename}; name another"]) from error


def make_data_dir(folder: Path) -> None:
    """Create the data *folder* if need be: closed, except that root lets the database's user pass through it."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def variable(name: str) -> str:
    """Return the environment variable of the field *name*."""
    return PREFIX + name.upper()


def _meta(name: str) -> Mapping[str, Any]:
    return next(item.metadata for item in fields(Settings) if item.name == name)


def _read(name: str, environ: Mapping[str, str], values: dict[str, Any], problems: list[str]) -> None:
    """Put the value of the field *name* into *values*, unless it is unset; a mistake goes to *problems*."""
    meta, variable_name = _meta(name), variable(name)
    try:
        text = _secret_text(variable_name, environ) if meta["secret"] else environ.get(variable_name, "")
        if text.strip():
            values[name] = meta["read"](text.strip())
    except ValueError as error:
        problems.append(f"{variable_name} {error}")


def _secret_text(variable_name: str, environ: Mapping[str, str]) -> str:
    """Return the text of a secret, from the variable or from the file that ``…_FILE`` names."""
    text, file = environ.get(variable_name, ""), environ.get(f"{variable_name}_FILE", "")
    if not file:
        return text
    if text:
        raise ValueError(f"and {variable_name}_FILE are both set; keep one")
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read from {file} (named by {variable_name}_FILE): {error}") from error


def _missing(settings: Settings, problems: list[str]) -> list[str]:
    """Name the secrets that a server with a database elsewhere lacks; several hosts must share them."""
    unset = [variable(name) for name in ("secret_key", "secret") if not getattr(settings, name)]
    named = {line.split()[0] for line in problems}
    return [f"{name} is missing: with FAHRWERK_DATABASE_URL it must be set" for name in unset if name not in named]


def _typos(environ: Mapping[str, str]) -> list[str]:
    """Name variables that are unknown but look like a known one, or were one."""
    renamed = [f"{PREFIX}{name} is no more: {hint}" for name, hint in RENAMED.items() if f"{PREFIX}{name}" in environ]
    own = {item.name.upper() for item in fields(Settings)}
    files = {f"{item.name.upper()}_FILE" for item in fields(Settings) if item.metadata["secret"]}
    known = own | files | ELSEWHERE
    unknown = sorted(name.removeprefix(PREFIX) for name in environ if name.startswith(PREFIX))
    guesses = ((name, get_close_matches(name, known, 1, 0.7)) for name in unknown if name not in known | RENAMED.keys())
    return renamed + [
        f"{PREFIX}{name} is unknown; did you mean {PREFIX}{guess[0]}?" for name, guess in guesses if guess
    ]


def _kept(path: Path) -> str:
    """Return the secret kept in *path* (mode 0600), made at random the first time; safe with several processes."""
    if not path.exists():
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(part)  # the first process wins, the others read what it wrote
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_text(encoding="ascii").strip()


def table() -> str:
    """Write the table of all settings for docs/configuration.md."""
    lines = ["| variable | default | what it does |", "|---|---|---|"]
    for item in fields(Settings):
        meta = item.metadata
        default = meta["shown"] if meta["shown"] in ("", "none") or "`" in meta["shown"] else f"`{meta['shown']}`"
        also = f" (or `{variable(item.name)}_FILE`)" if meta["secret"] else ""
        lines.append(f"| `{variable(item.name)}`{also} | {default} | {meta['doc']} |")
    return "\n".join(lines) + "\n"
