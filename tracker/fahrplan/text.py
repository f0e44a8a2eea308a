"""Cleaning of texts from outside, and from bytes to the one document that is parsed."""

from __future__ import annotations

import codecs
import re

from tracker.errors import FahrplanError

MAX_BYTES = 256 * 1024 * 1024
MAX_LINE = 2_000
MAX_TEXT = 200_000
"""Characters kept of a one-line field, and of an abstract or a description."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")
_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CODECS = re.compile(r"utf-8|utf-16(-[lb]e)?|ascii|iso8859-[0-9]+|cp125[0-9]|koi8-[ru]")
_BLANKS = re.compile(rb"(?:\xef\xbb\xbf|[ \t\r\n])*")
_MISC = {b"<!--": b"-->", b"<?": b"?>"}
_BOMS = (
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def clean_line(text: str) -> str:
    """Return *text* on one line: no control characters, blanks collapsed and trimmed, at most MAX_LINE characters."""
    if text.isprintable() and "  " not in text:  # most are; and then no copy is made
        return text.strip()[:MAX_LINE]
    return " ".join(_CONTROL.sub("", text.replace("\r", "\n")).split())[:MAX_LINE]


def clean_text(text: str) -> str:
    """Return *text* with `\\n` line ends and no other control characters than tabs, trimmed, at most MAX_TEXT long."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return (_CONTROL.sub("", text) if _CONTROL.search(text) else text).strip()[:MAX_TEXT]


def _encoding(data: bytes) -> tuple[str, int, bool]:
    """Return the codec of a document, the length of its byte order mark, and whether the document only claims it."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return codec, len(mark), False
    if data[:1] and data[1:2] == b"\x00":
        return "utf-16-le", 0, False
    if data[:1] == b"\x00":
        return "utf-16-be", 0, False
    declared = _DECLARED.match(data[:1000])
    return (declared[1].decode("ascii") if declared else "utf-8"), 0, True


def to_utf8(data: bytes) -> tuple[bytes, str]:
    """Return the document in UTF-8, and a note where it is not in the encoding it declares.

    A byte order mark counts, then what is declared; unless the bytes are UTF-8 all the same, as of programs that write
    one encoding and declare another. UTF-8 itself is not copied; the parser proves it. Raises FahrplanError.
    """
    if not data or data.isspace():
        raise FahrplanError("The Fahrplan is empty (no bytes in it); nothing was read.")
    if len(data) > MAX_BYTES:
        raise FahrplanError(f"The Fahrplan has {len(data)} bytes; at most {MAX_BYTES} are read.")
    name, mark, claimed = _encoding(data)
    try:
        codec = codecs.lookup(name).name if name else ""
    except LookupError:
        codec = ""
    if not _CODECS.fullmatch(codec):
        raise FahrplanError(f"The Fahrplan's encoding '{name or 'UTF-32'}' is not read; save it as UTF-8.")
    if codec == "utf-8":
        return data, ""
    if claimed and codec != "ascii" and _is_utf8(data, codec):
        return data, f"The Fahrplan declares {name} but is in UTF-8; it was read as UTF-8."
    try:
        return data[mark:].decode(codec).encode("utf-8"), ""
    except UnicodeError:
        raise FahrplanError(
            f"The Fahrplan holds bytes that are no {codec}; it is damaged or declares the wrong encoding."
        ) from None


def _is_utf8(data: bytes, codec: str) -> bool:
    """Tell whether bytes that claim another encoding are UTF-8.

    The declaration itself could be read byte by byte, so they are no UTF-16; and letters that Latin-1 makes of the
    bytes beyond ASCII hardly ever happen to be UTF-8, too.
    """
    if data.isascii():
        return codec.startswith("utf-16")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def find_root(data: bytes) -> int:
    """Return where the root element, or the JSON, begins. Raise FahrplanError for a DOCTYPE and for what is neither.

    Schedules never need a DOCTYPE; refusing it here, before any parser runs, keeps entities and foreign files out.
    """
    at = _after_blanks(data, 0)
    if declaration := _DECLARATION.match(data, at):
        at = _after_blanks(data, declaration.end())
    while opening := next((mark for mark in _MISC if data.startswith(mark, at)), b""):
        end = data.find(_MISC[opening], at + len(opening))
        if end < 0:
            raise FahrplanError("The Fahrplan is cut off before its first element.")
        at = _after_blanks(data, end + len(_MISC[opening]))
    _refuse_other_things(data[at : at + 100].lower())
    return at


def _after_blanks(data: bytes, at: int) -> int:
    found = _BLANKS.match(data, at)
    return found.end() if found else at


def _refuse_other_things(head: bytes) -> None:
    if head.startswith((b"<!doctype html", b"<html")):
        raise FahrplanError("This is an HTML page, not a Fahrplan; give the address of the schedule's XML or JSON.")
    if head.startswith(b"<!doctype"):
        raise FahrplanError("The Fahrplan has a DOCTYPE; these are refused, as no schedule needs one. Remove it.")
    if not head.startswith((b"<", b"{", b"[")):
        raise FahrplanError("This is neither XML nor JSON: it begins with neither an element nor a bracket.")
