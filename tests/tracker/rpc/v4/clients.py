"""How clients of both languages write and sign a call, each by its own rules and without the tracker's code."""

from __future__ import annotations

import hashlib
import hmac
import re
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

URL, TOKEN, SECRET = "http://tracker.example.org/rpc", "0123456789abcdef", "fedcba9876543210"


def _hex(secret: str, message: str) -> str:
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Client:
    """Signs for one address, group and host; ``call`` writes the request, ``signature`` its last parameter."""

    url: str = URL
    token: str = TOKEN
    hostname: str = "vm.example.org"
    secret: str = SECRET


class Python(Client):
    """As the library on PyPI: everything joined by & and quoted; a struct by its members; standard XML-RPC."""

    def call(self, method: str, *arguments: Any) -> bytes:
        return xmlrpc.client.dumps((*arguments, self.signature(method, arguments)), method).encode()

    def signature(self, method: str, arguments: Sequence[Any]) -> str:
        message = quote("&".join((self.url, method, self.token, self.hostname, "")), "~")
        return _hex(self.secret, message + quote("&").join(self._part(argument) for argument in arguments))

    @staticmethod
    def _part(value: Any) -> str:
        if isinstance(value, dict):
            pairs = (f"{quote(f'[{key}]', '~')}={quote(str(item), '~')}" for key, item in value.items())
            return "&".join(pairs)
        return quote(value.decode() if isinstance(value, bytes) else str(value), "~")


class Perl(Client):
    """As XML::RPC::Fast: what looks like a number is sent as one; what is bytes (here: bytes) is signed bytewise."""

    _number = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?$")

    def call(self, method: str, *arguments: Any) -> bytes:
        values = "".join(
            f"<param><value>{self._xml(argument)}</value></param>"
            for argument in (*arguments, self.signature(method, arguments))
        )
        text = f'<?xml version="1.0" encoding="utf-8"?>\n<methodCall><methodName>{method}</methodName><params>{values}'
        return f"{text}</params></methodCall>".encode("utf-8", "surrogateescape")

    def signature(self, method: str, arguments: Sequence[Any]) -> str:
        parts = [quote(self.url, "~"), method, self.token, self.hostname]
        if arguments and arguments[0] is not None:
            parts += [self._part(argument) for argument in arguments]
        return _hex(self.secret, "%26".join(parts))

    def _part(self, value: Any) -> str:
        if isinstance(value, dict):
            return "&".join(f"%5B{quote(key, '~')}%5D={self._part(item)}" for key, item in value.items())
        if isinstance(value, bytes):
            return quote(value.decode("latin-1"), "~")
        return "" if value is None else quote(str(int(value) if isinstance(value, bool) else value), "~")

    def _xml(self, value: Any) -> str:
        if isinstance(value, dict):
            members = (f"<member><name>{k}</name><value>{self._xml(v)}</value></member>" for k, v in value.items())
            return f"<struct>{''.join(members)}</struct>"
        if isinstance(value, bool):
            return f"<boolean>{int(value)}</boolean>"
        text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value or "")
        if self._number.match(text):
            return f"<double>{text}</double>" if "." in text else f"<i4>{int(text)}</i4>"
        return f"<string>{escape(text, {chr(13): '&#13;'})}</string>"


_PHP_FLOATS = {1.0: "1", 2.0: "2", 0.1 + 0.2: "0.3", 1e16: "1.0E%2B16", 1e-7: "1.0E-7", 2.5e-9: "2.5E-9"}
"""Numbers that PHP writes otherwise than Python."""


class Php(Client):
    """As the original server reckons: numbers shortened, false nothing, members that are null left out."""

    def call(self, method: str, *arguments: Any) -> bytes:
        signature = self.signature(method, arguments)
        return xmlrpc.client.dumps((*arguments, signature), method, allow_none=True).encode()

    def signature(self, method: str, arguments: Sequence[Any]) -> str:
        parts = [quote(part, "~") for part in (self.url, method, self.token, self.hostname)]
        return _hex(self.secret, "%26".join(parts + [self._part(argument) for argument in arguments]))

    def _part(self, value: Any) -> str:
        if isinstance(value, dict | list):
            return "&".join(self._pairs(value, ""))
        return "" if value is None or value is False else self._scalar(value)

    def _pairs(self, value: Any, start: str) -> list[str]:
        found: list[str] = []
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            name = f"{start}%5B{quote(str(key), '~')}%5D"
            if isinstance(item, dict | list):
                found += self._pairs(item, name)
            elif item is not None:
                found.append(f"{name}={self._scalar(item)}")
        return found

    @staticmethod
    def _scalar(value: Any) -> str:
        if isinstance(value, bytes):
            return quote(value, "~")
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, float):
            return _PHP_FLOATS.get(value, str(value))
        return quote(str(value), "~")
