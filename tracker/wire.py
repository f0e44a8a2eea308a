"""The XML-RPC wire, for both sides: reading calls, writing answers, signing URLs; and which addresses may be asked.

Standard library only.

The rules come from what real clients of both generations send and understand: an XML declaration is always
written, null is an empty string, never ``<nil/>``, ``<i8>`` or a date; numbers keep the text they were sent with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

OK = "OK"
TICKET_LOST = "Ticket lost"
TERMINATE, TERMINATE_NOW = "terminate", "terminate now"
"""Commands that a ping brings to our scripts: end after this job, or give the ticket back and end."""

VERSION = "3.0"
PREFIX = "C3TT."
MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH, MAX_MEMBERS = 32, 10_000
"""Of a call: lists and structs inside each other, and values altogether."""

REQUEST_ID = "X-Request-ID"
LEASE_SECONDS = "X-Lease-Seconds"

_DECLARATION = re.compile(r"^[\s\ufeff]*<\?xml[^>]*\?>")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_INT = re.compile(r"\s*[-+]?[0-9]{1,40}\s*\Z")
_DOUBLE = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*\Z")


class WireError(ValueError):
    """The bytes are no XML-RPC call or answer."""


class Fault(Exception):
    """A fault answer: a number and a sentence."""

    def __init__(self, code: int, message: str) -> None:
        """Keep both parts."""
        super().__init__(message)
        self.code = code
        self.message = message


class Int(int):
    """An integer that remembers the text it was sent as (``007`` stays ``007`` as a property)."""

    text: str

    def __new__(cls, text: str) -> Int:
        """Read *text*, decimal digits with an optional sign."""
        if not _INT.match(text):
            raise WireError(f"{text[:40]!r} is no integer")
        value = super().__new__(cls, text)
        value.text = text.strip()
        return value


class Double(float):
    """A double that remembers the text it was sent as (``10.000`` stays ``10.000``)."""

    text: str

    def __new__(cls, text: str) -> Double:
        """Read *text*, a decimal number."""
        if not _DOUBLE.match(text):
            raise WireError(f"{text[:40]!r} is no number")
        value = super().__new__(cls, text)
        value.text = text.strip()
        return value


class Encoded(str):
    """Text that was sent as base64 and remembers its bytes: they are what a client signs."""

    raw: bytes

    def __new__(cls, raw: bytes) -> Encoded:
        """Read *raw* as UTF-8, without what XML cannot carry."""
        value = super().__new__(cls, clean(raw.decode("utf-8", "replace")))
        value.raw = raw
        return value


def login_hash(fqdn: str, secret: str) -> str:
    """Return MD5(FQDN . secret) in lower-case hex, the login hash of seed 003."""
    return hashlib.md5((fqdn + secret).encode(), usedforsecurity=False).hexdigest()


def same(a: str, b: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(a.encode(), b.encode())


def text_of(value: Any) -> str:
    """Return a scalar as property text exactly as it was sent; raise WireError for lists and structs."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Int | Double):
        return value.text
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str | int | float):
        return str(value)
    raise WireError(f"a {type(value).__name__} cannot be stored as text")


def clean(text: str) -> str:
    """Replace what XML 1.0 cannot carry (control characters of ffmpeg logs, lone surrogates)."""
    return _FORBIDDEN.sub("\ufffd", text)


# --- writing ---------------------------------------------------------------------------------------------------


def _write(value: Any, out: list[str]) -> None:
    if value is None:
        out.append("<value><string></string></value>")
    elif isinstance(value, bool):
        out.append(f"<value><boolean>{int(value)}</boolean></value>")
    elif isinstance(value, int) and -(2**31) <= value < 2**31:
        out.append(f"<value><int>{int(value)}</int></value>")
    elif isinstance(value, Mapping):
        out.append("<value><struct>")
        for key, member in value.items():
            out.append(f"<member><name>{escape(clean(str(key)))}</name>")
            _write(member, out)
            out.append("</member>")
        out.append("</struct></value>")
    elif isinstance(value, str | int | float):
        text = escape(clean(str(value)), {"\r": "&#13;"})
        out.append(f"<value><string>{text}</string></value>")
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        out.append("<value><array><data>")
        for item in value:
            _write(item, out)
        out.append("</data></array></value>")
    else:
        raise TypeError(f"{type(value).__name__} has no form on the wire")


def _document(body: Iterable[str]) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(body) + "\n").encode()


def answer(value: Any) -> bytes:
    """Write *value* as a method response."""
    out: list[str] = ["<methodResponse><params><param>"]
    _write(value, out)
    out.append("</param></params></methodResponse>")
    return _document(out)


def fault(code: int, message: str) -> bytes:
    """Write a fault response."""
    out: list[str] = ["<methodResponse><fault>"]
    _write({"faultCode": code, "faultString": message}, out)
    out.append("</fault></methodResponse>")
    return _document(out)


def call(method: str, params: Iterable[Any]) -> bytes:
    """Write a method call."""
    out: list[str] = [f"<methodCall><methodName>{escape(method)}</methodName><params>"]
    for value in params:
        out.append("<param>")
        _write(value, out)
        out.append("</param>")
    out.append("</params></methodCall>")
    return _document(out)


# --- reading ---------------------------------------------------------------------------------------------------


def _text_of_body(body: bytes) -> str:
    """Decode *body* as UTF-8 whatever its declaration says, and drop what XML cannot carry."""
    if len(body) > MAX_BYTES:
        raise WireError(f"a message may have {MAX_BYTES} bytes at most")
    return _DECLARATION.sub("", clean(body.decode("utf-8", "replace")), count=1)


class _Reader:
    """An expat handler that builds values on a stack; no DTD, bounded depth and number."""

    def __init__(self, most: float) -> None:
        self.most = most
        self.count = 0
        self.method: str | None = None
        self.params: list[Any] = []
        self.fault: Any = None
        self.stack: list[Any] = []
        self.names: list[str] = []
        self.path: list[str] = []
        self.text: list[str] = []
        self.typed: list[bool] = []

    def start(self, tag: str, _attributes: Any) -> None:
        if len(self.path) > _LEVELS:
            raise WireError(f"values nest deeper than {MAX_DEPTH}")
        if self.path and self.path[-1] == "value":
            self._type(tag)
        self.path.append(tag)
        self.text = []
        if tag == "value":
            self.typed.append(False)
            self.count += 1
            if self.count > self.most:
                raise WireError(f"a call may have {self.most} values at most")
        elif tag == "array":
            self.stack.append([])
        elif tag == "struct":
            self.stack.append({})

    def _type(self, tag: str) -> None:
        """Note that a <value> has a type; it has one only."""
        if self.typed[-1] or tag not in (*_SCALARS, "array", "struct"):
            raise WireError(f"<{tag[:40]}> is out of place in a <value>")
        self.typed[-1] = True

    def data(self, text: str) -> None:
        self.text.append(text)

    def end(self, tag: str) -> None:
        self.path.pop()
        text = "".join(self.text)
        if tag in _SCALARS:
            self.stack.append(_SCALARS[tag](text))
        elif tag == "value":
            if not self.typed.pop():
                self.stack.append(text)
            self._place()
        elif tag == "name":
            self.names.append(text)
        elif tag == "methodName":
            self.method = text.strip()
        self.text = []

    def _place(self) -> None:
        """Put the finished value where it belongs: a parameter, the fault, a list or a struct."""
        value = self.stack.pop()
        home = self.path[-1] if self.path else ""
        if home == "param":
            self.params.append(value)
        elif home == "fault":
            self.fault = value
        elif home == "data":
            self.stack[-1].append(value)
        elif home == "member":
            self.stack[-1][self.names.pop()] = value
        else:
            raise WireError(f"<value> inside <{home}>")


def _boolean(text: str) -> bool:
    if text.strip() not in ("0", "1"):
        raise WireError(f"{text[:20]!r} is no boolean")
    return text.strip() == "1"


def _base64(text: str) -> Encoded:
    try:
        return Encoded(base64.b64decode(text))
    except ValueError:
        raise WireError("broken base64") from None


_SCALARS: dict[str, Any] = {
    "int": Int,
    "i4": Int,
    "i8": Int,
    "double": Double,
    "boolean": _boolean,
    "string": str,
    "base64": _base64,
    "dateTime.iso8601": str,
    "nil": lambda _text: None,
    "ex:nil": lambda _text: None,
}


_LEVELS = 4 + 3 * MAX_DEPTH
"""Elements inside each other: methodCall, params, param, value, then three for each list or struct."""


def _refuse_doctype(*_arguments: Any) -> None:
    raise WireError("a DOCTYPE is not accepted")


def _read(body: bytes, most: float = math.inf) -> _Reader:
    reader = _Reader(most)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    try:
        parser.Parse(_text_of_body(body), True)
    except expat.ExpatError as error:
        raise WireError(f"not well-formed XML: {error}") from None
    except (IndexError, TypeError, AttributeError):
        raise WireError("the elements are not those of XML-RPC") from None
    return reader


def read_call(body: bytes) -> tuple[str, list[Any]]:
    """Read a method call; return its name and parameters. Raises WireError, also for one beyond the limits."""
    reader = _read(body, MAX_MEMBERS)
    if not reader.method:
        raise WireError("no <methodName>")
    return reader.method, reader.params


def read_answer(body: bytes) -> Any:
    """Read a method response; return its value. Raises Fault for a fault, WireError for anything else."""
    reader = _read(body)
    if isinstance(reader.fault, dict):
        raise Fault(int(reader.fault.get("faultCode", 0)), str(reader.fault.get("faultString", "")))
    if not reader.params:
        raise WireError("no value in the answer")
    return reader.params[0]


# --- foreign addresses ------------------------------------------------------------------------------------------------


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def public_address(text: str) -> bool:
    """Tell whether a numeric address may be asked for what somebody else named: no private, local or mapped one.

    Raises ValueError for what is no address.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None and not inner.is_global:
            return False
        if address in _NAT64:
            return ipaddress.IPv4Address(address.packed[-4:]).is_global
    return address.is_global and not address.is_multicast
