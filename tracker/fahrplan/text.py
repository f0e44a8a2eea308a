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
    return " ".join(_CONTROL.sub("", text.replace("\r", "\n")).split())[:MAX_LINE]


def clean_text(text: str) -> str:
    """Return *text* with `\\n` line ends and no other control characters than tabs, trimmed, at most MAX_TEXT long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", lines).strip()[:MAX_TEXT]


def _encoding(xml: bytes) -> tuple[str, int]:
    """Return the codec of a document and the length of its byte order mark."""
    for mark, codec in _BOMS:
        if xml.startswith(mark):
            return codec, len(mark)
    if xml[:1] and xml[1:2] == b"\x00":
        return "utf-16-le", 0
    if xml[:1] == b"\x00":
        return "utf-16-be", 0
    declared = _DECLARED.match(xml[:1000])
    return (declared[1].decode("ascii") if declared else "utf-8"), 0


def to_utf8(xml: bytes) -> bytes:
    """Return the document in UTF-8: by its byte order mark, its declared encoding, else as it is. Raise FahrplanError.

    UTF-8 itself is not copied; the parser proves it.
    """
    if not xml or xml.isspace():
        raise FahrplanError("The Fahrplan is empty (no bytes in it); nothing was read.")
    if len(xml) > MAX_BYTES:
        raise FahrplanError(f"The Fahrplan has {len(xml)} bytes; at most {MAX_BYTES} are read.")
    name, mark = _encoding(xml)
    try:
        codec = codecs.lookup(name).name if name else ""
    except LookupError:
        codec = ""
    if not _CODECS.fullmatch(codec):
        raise FahrplanError(f"The Fahrplan's encoding '{name or 'UTF-32'}' is not read; save it as UTF-8.")
    if codec == "utf-8":
        return xml
    try:
        return xml[mark:].decode(codec).encode("utf-8")
    except UnicodeError:
        raise FahrplanError(
            f"The Fahrplan holds bytes that are no {codec}; it is damaged or declares the wrong encoding."
        ) from None


def strip_prolog(xml: bytes) -> bytes:
    """Return the document from its root element on. Raise FahrplanError for a DOCTYPE and for what is no XML.

    Schedules never need a DOCTYPE; refusing it here, before any parser runs, keeps entities and foreign files out.
    """
    at = _after_blanks(xml, 0)
    if declaration := _DECLARATION.match(xml, at):
        at = _after_blanks(xml, declaration.end())
    while opening := next((mark for mark in _MISC if xml.startswith(mark, at)), b""):
        end = xml.find(_MISC[opening], at + len(opening))
        if end < 0:
            raise FahrplanError("The Fahrplan is cut off before its first element.")
        at = _after_blanks(xml, end + len(_MISC[opening]))
    _refuse_other_things(xml[at : at + 100].lower())
    return xml[at:]


def _after_blanks(xml: bytes, at: int) -> int:
    found = _BLANKS.match(xml, at)
    return found.end() if found else at


def _refuse_other_things(head: bytes) -> None:
    if head.startswith((b"<!doctype html", b"<html")):
        raise FahrplanError("This is an HTML page, not a Fahrplan; give the address of the schedule's XML.")
    if head.startswith(b"<!doctype"):
        raise FahrplanError("The Fahrplan has a DOCTYPE; these are refused, as no schedule needs one. Remove it.")
    if head.startswith((b"{", b"[")):
        raise FahrplanError("This is JSON; give the address of the schedule's XML.")
    if not head.startswith(b"<"):
        raise FahrplanError("This is no XML: it does not begin with an element.")
