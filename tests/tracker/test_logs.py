"""Log lines: two forms, and nothing secret in either."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tracker import logs
from tracker.settings import Settings

SECRET = "very secret of the workers"
HASH = "0123456789abcdef0123456789ABCDEF"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(log_format: str, message: str, *args: object, error: Exception | None = None) -> str:
    stream = io.StringIO()
    logs.configure(Settings(database_url="postgresql://me:pa55word@db/x", secret=SECRET, log_format=log_format), stream)
    logging.getLogger("some.place").warning(message, *args, exc_info=error)
    return stream.getvalue()


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("hidden", [SECRET, "pa55word", HASH, "c0ffee"])
def test_no_secret_reaches_a_line(log_format, hidden):
    error = ValueError(f"/rpc/{HASH}/h.example {SECRET}")
    line = logged(
        log_format, "%s pa55word /rpc?hostname=h&signature=c0ffee&x=1", f"GET /rpc/{HASH}/h {SECRET}", error=error
    )
    assert hidden not in line
    assert "/rpc/***/h" in line and "signature=***&x=1" in line


TOKEN = "fahrwerk_" + "aB3-_" * 8 + "xyz"


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        (f"POST /rpc//{HASH}/h", HASH),
        (f"POST http://tracker.x/rpc/{HASH}/h HTTP/1.1", HASH),
        (f"POST /RPC/{HASH}/h", HASH),
        (f"POST /rpc/%30{HASH[1:]}/h", HASH[1:]),
        (f"POST /{HASH}/h", HASH),
        (f"POST /rcp/{HASH.lower()}/h", HASH.lower()),
        ("GET /rpc?group=g&hostname=h&signature=c0ffee", "c0ffee"),
        (f"GET /api/3/getVersion?token={TOKEN}", TOKEN),
        (f"GET /api/3/{TOKEN}", TOKEN),
        ("GET /invitation/gAAAAABrAoOy_x-1= HTTP/1.1", "gAAAAABrAoOy_x-1="),
        (f"{{'Authorization': 'Bearer {TOKEN}'}}", TOKEN),
        ("authorization: bearer abc.def", "abc.def"),
    ],
)
def test_secrets_of_others_are_known_by_their_looks(line, hidden):
    assert hidden not in logged("text", line) and "***" in logged("text", line)


@pytest.mark.parametrize(
    "line",
    [
        "POST /rpc HTTP/1.1",
        "sha256 " + "0123456789abcdef" * 4,
        "0f0e0d0c-0b0a-4908-8706-050403020100",
        "fahrwerk_oldest_ticket_seconds",
        "GET /demo/ticket/12345678901234567890123456789012345",
    ],
)
def test_what_is_no_secret_stays(line):
    assert line in logged("text", line)


def test_a_json_line_is_one_object_with_its_traceback():
    entry = json.loads(logged("json", "two\nlines %s", "ä", error=ValueError("no")))
    assert (entry["level"], entry["logger"], entry["message"]) == ("WARNING", "some.place", "two\nlines ä")
    assert entry["time"].endswith("+00:00") and "ValueError: no" in entry["traceback"]


def test_a_text_line_says_when_who_and_what():
    assert logged("text", "%s talks", 3).split(" ", 1)[1] == "WARNING some.place: 3 talks\n"
