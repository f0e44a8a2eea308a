"""How log lines look, and that no secret is in them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TextIO

from tracker.settings import Settings

SECRETS = (
    re.compile(r"(/rpc/+)[^/\s?\"']+", re.IGNORECASE),  # however it is written, in percents too
    re.compile(r"()(?<![0-9A-Za-z])[0-9A-Fa-f]{32}(?![0-9A-Za-z])"),  # a login hash in a mistyped address
    re.compile(r"([?&](?:signature|secret|token|password)=)[^&\s\"']+", re.IGNORECASE),
    re.compile(r"(/(?:invitation|review)/+)[^/\s?\"']+", re.IGNORECASE),
    re.compile(r"(\bBearer\s+)[^\s\"',]+", re.IGNORECASE),
    re.compile(r"()\bfahrwerk_[0-9A-Za-z_-]{40,}"),
)
"""What looks like a login hash, a signature or a token of anybody; the first group stays."""
HIDDEN = "***"
SHORTEST = 6
"""Secrets shorter than this are not searched for: their text turns up by chance."""


class Redacting(logging.Formatter):
    """A text line; login hashes and signatures of workers and our own secrets are cut out, in tracebacks too."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        """Remember the *secrets* to look for."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = sorted((text for text in secrets if len(text) >= SHORTEST), key=len, reverse=True)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Return the moment of the record: ISO 8601, UTC."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return self.redacted(super().format(record))

    def redacted(self, line: str) -> str:
        """Return *line* without secrets."""
        for pattern in SECRETS:
            line = pattern.sub(rf"\1{HIDDEN}", line)
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        return line


class Json(Redacting):
    """One JSON object per line: time, level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self.redacted(record.getMessage()),
        }
        if record.exc_info:
            entry["traceback"] = self.redacted(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send all log lines of this process to *stream* (default: standard error), as the settings say."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter((Json if settings.log_format == "json" else Redacting)(settings.secrets))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    for talkative in ("alembic.runtime.migration", "transitions.core"):  # they say at every step what they will do
        logging.getLogger(talkative).setLevel("WARNING")
