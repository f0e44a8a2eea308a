"""Requests that nobody would send: made by a seeded die from the tables of methods, from real calls, and from bytes.

Whatever comes, the answer has to be a well-formed value or fault with HTTP 200, the log free of tracebacks, and a fault
of API 3.0 one that its document names.
"""

from __future__ import annotations

import logging
import random
import xmlrpc.client
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask.testing import FlaskClient

from tests.tracker.rpc.conftest import path
from tracker import wire
from tracker.errors import InvalidInput
from tracker.models import Project, Ticket, User, WorkerGroup
from tracker.rpc import METHODS, boundary, mirror, table, v4
from tracker.rpc.table import Method
from tracker.rpc.v4 import signature, verbatim
from tracker.statemachine import all_states

BASE = "http://tracker.example.org"
GENERAL = {
    401,
    402,
    403,
    410,
    411,
    InvalidInput.fault_code,
    table.NO_METHOD,
    table.BAD_PARAMETERS,
    boundary.BAD_REQUEST,
}
"""Faults of API 3.0 that any call may get; 419 because a limit on texts may be met anywhere."""
WORDS = (
    *("", " ", "0", "1", "-1", "007", "4711", "2147483648", "9" * 40, "1e3", "1e400", "nan", "true", "None", "[]"),
    *("A.b", "A..b", ".", "Record.*", "*{1,}", "!a|b@*", "Record.Cutout", "Record.AVDelay", "Record.Language", "deu"),
    *("Fahrplan.DateTime", "2026-05-01T10:00:00Z", "2026-99-99", "+275760-09-13", "01:00", "25:61", "-01:-1", "∞:1"),
    *(
        "Fahrplan.Duration",
        "Fahrplan.Room",
        "Record.EndedBefore",
        "Record.StartedBefore",
        "Encoding.Basename",
        "Saal 1",
    ),
    *("recording", "encoding", "misc", "meta", "ingest", "preparing", "finalizing", "demo", "old", "nothing"),
    *("\x00", "a\x00b", "\x1b[0m\x08", "\r\n", "\ufffe", "\u2028", "ÄÖ€😀", "e\u0301", "٣", "\udfff"),
    *("%s%n", "{0}", "'; DROP TABLE ticket; --", "../../etc/passwd", "<![CDATA[", "]]>", "&#0;", "&lt;", "$(id)"),
    *("x" * 300, "é" * 5_000),
)
SCALARS = (
    "string",
    "string",
    "int",
    "i4",
    "i8",
    "double",
    "boolean",
    "base64",
    "dateTime.iso8601",
    "nil",
    "ex:nil",
    "foo",
)
PIECES = (
    *(b"<", b">", b"</value>", b"<value>", b"<struct>", b"<array><data>", b"<nil/>", b"&", b"&#0;", b"&#x110000;"),
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<?xml version='1.0' encoding='utf-16'?>", b"<!--", b"-->", b"<![CDATA["),
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"\x1b", b"\r", b"methodName", b"xmlns='urn:x'", b"9" * 50),
)


@dataclass
class Scene:
    """What the requests are about: rows that there are, and who may call."""

    tickets: Sequence[Ticket]
    projects: Sequence[Project]
    group: WorkerGroup
    secret: str
    reader: User
    token: str


@dataclass
class Tally:
    """What came back: values and faults of each method, by door."""

    values: Counter[str] = field(default_factory=Counter)
    faults: Counter[int] = field(default_factory=Counter)
    sent: int = 0
    wrong: list[str] = field(default_factory=list)


class Errors(logging.Handler):
    """Collects what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(logging.Formatter().format(record))


class Fuzzer:
    """Throws requests at an application; the same seed throws the same ones."""

    def __init__(self, client: FlaskClient, scene: Scene, seed: int) -> None:
        self.client, self.scene, self.die = client, scene, random.Random(seed)
        self.tally, self.errors = Tally(), Errors()
        self.pool: list[bytes] = []

    def run(self, count: int) -> Tally:
        """Send *count* requests."""
        logging.getLogger().addHandler(self.errors)
        try:
            for _ in range(count):
                self.die.choices((self.v3, self.v4, self.spoilt, self.json), (5, 5, 5, 1))[0]()
                self.tally.sent += 1
                if self.errors.found:
                    self.tally.wrong += self.errors.found
                    self.errors.found = []
        finally:
            logging.getLogger().removeHandler(self.errors)
        return self.tally

    # -- the kinds of requests

    def v3(self) -> None:
        """Call a method of API 3.0 with arguments that may fit."""
        method = self.die.choice(list(METHODS.values()))
        body = self.body(method.name, self.arguments(method))
        slug = self.die.choices(("demo", "old", "other", ""), (12, 1, 1, 1))[0]
        self.judge(self.post(path(slug=slug), body), body, method)

    def v4(self) -> None:
        """Call a method of API 4.0 in the same way, well signed."""
        method = self.die.choice(list(v4.METHODS.values()))
        body = self.signed(self.body(method.name, self.arguments(method)))
        self.judge(self.post(self.door_of_v4(), body), body)

    def spoilt(self) -> None:
        """Spoil a call that was sent before, by bytes; now and then its address and headers, too."""
        body = bytearray(self.die.choice(self.pool) if self.pool else b"<methodCall/>")
        for _ in range(self.die.choice((1, 1, 2, 8))):
            self.spoil(body)
        where = self.die.choice((path(), self.door_of_v4(), self.address()))
        self.judge(self.post(where, bytes(body)), bytes(body))

    def json(self) -> None:
        """Read by JSON with parameters that may fit."""
        method = self.die.choice(list(mirror.readable().values()))
        values = {each.name: self.argument(each.name) for each in method.parameters if self.die.random() < 0.9}
        values = {"project": self.die.choice(("demo", "other", "nothing")), **values}
        asked = urlencode(values, errors="surrogatepass")
        headers = {"Authorization": f"Bearer {self.scene.token}"}
        answer = self.client.get(f"/api/3/{method.name[5:]}", query_string=asked, headers=headers)
        self.tally.values[f"json {answer.status_code}"] += 1
        if answer.status_code not in (200, 400, 404, 409) or (answer.json is None and answer.data != b"null\n"):
            self.tally.wrong.append(f"{method.name} {asked}: {answer.status_code} {answer.text[:300]}")

    # -- what they are made of

    def arguments(self, method: Method) -> list[str]:
        """Return arguments as they stand in <value>; some are missing, some too many."""
        wanted = [each.name for each in method.parameters]
        if self.die.random() < 0.1:
            wanted = [*wanted, "more"][: self.die.randrange(len(wanted) + 2)]
        return [self.value(name) for name in wanted]

    def argument(self, name: str) -> str:
        """Return a text that may do for a parameter of this name."""
        die = self.die.random()
        if die < 0.15:
            return self.die.choice(WORDS)
        if name.endswith(("project_id",)):
            return str(self.die.choice(self.scene.projects).id)
        if name == "encoding_profile_id":
            return str(next((each.profile_id for each in self.scene.tickets if each.profile_id), 1))
        if name == "fahrplan_id":
            return str(self.die.choice((1, 2, self.die.randrange(10**6))))
        if name.endswith("_id"):
            return str(self.die.choice(self.scene.tickets).id)
        if "state" in name:
            return self.die.choice((*all_states(), "preparing", "14", "2"))
        if name == "ticket_type":
            return self.die.choice(("recording", "encoding"))
        if name in ("progress", "retry_after_s"):
            return self.die.choice(("0", "1", "99.5", "-3"))
        if name in ("name", "pattern"):
            return self.die.choice(("A.b", "Record.*", "Record.Cutin", "*", "Project.Slug"))
        return self.die.choice(WORDS)

    def value(self, name: str = "", depth: int = 0) -> str:
        """Return what stands in <value>: often what a parameter of this name takes, else anything."""
        die = self.die.random()
        if name in ("values", "properties", "property_filters") and die < 0.9:
            members = (
                f"<member><name>{self.text()}</name><value>{self.value('', 9)}</value></member>" for _ in range(3)
            )
            return f"<struct>{''.join(members)}</struct>"
        if name in ("calls", "ticket_types") and die < 0.9:
            inner = (self.one_of_many() if name == "calls" else self.value("ticket_type", 9) for _ in range(3))
            return f"<array><data>{''.join(f'<value>{each}</value>' for each in inner)}</data></array>"
        if die < 0.03 and depth < 3:
            return f"<array><data><value>{self.value(name, depth + 1)}</value></data></array>"
        if die < 0.1:
            tag = self.die.choice(SCALARS)
            return f"<{tag}>{self.text()}</{tag}>"
        return f"<string>{escape(self.argument(name))}</string>"

    def one_of_many(self) -> str:
        method = self.die.choice(list(METHODS.values()))
        inner = "".join(f"<value>{value}</value>" for value in self.arguments(method))
        return (
            f"<struct><member><name>methodName</name><value>{method.name}</value></member><member><name>params</name>"
            f"<value><array><data>{inner}</data></array></value></member></struct>"
        )

    def text(self) -> str:
        word = self.die.choice(WORDS)
        return word if self.die.random() < 0.05 else escape(word)

    def body(self, name: str, values: Sequence[str]) -> bytes:
        params = "".join(f"<param><value>{value}</value></param>" for value in values)
        text = f"<?xml version='1.0'?><methodCall><methodName>{name}</methodName><params>{params}</params></methodCall>"
        body = text.encode("utf-8", "surrogatepass")
        self.pool = [*self.pool[-200:], body]
        return body

    def signed(self, body: bytes) -> bytes:
        """Add the signature of API 4.0 as the last parameter; a call that cannot be read stays as it is."""
        with suppress(wire.WireError):
            name, params = verbatim.read_call(body)
            signed = signature.Signed(name, self.scene.group.token, "vm.example.org", params)
            text = signature.sign(signed, f"{BASE}/rpc", self.scene.secret)
            return body.replace(b"</params>", f"<param><value>{text}</value></param></params>".encode())
        return body

    def spoil(self, body: bytearray) -> None:
        """Change some bytes in place."""
        at = self.die.randrange(len(body) + 1)
        end = min(len(body), at + self.die.choice((1, 1, 4, 40)))
        kind = self.die.randrange(6)
        if kind == 0:
            body[at:end] = self.die.randbytes(end - at)
        elif kind == 1:
            del body[at:end]
        elif kind == 2:
            body[at:at] = self.die.choice(PIECES)
        elif kind == 3:
            body[at:at] = body[at:end] * self.die.choice((1, 2, 200))
        elif kind == 4:
            del body[at:]
        else:
            other = self.die.choice(self.pool) if self.pool else b""
            body[at:end] = other[at : at + 40]

    def address(self) -> str:
        """Return an address below /rpc that is likely none."""
        parts = [
            self.die.choice(("0" * 32, "vm", "demo", "%00", "a%20b", "%ff", "..%2f", "", "x" * 300)) for _ in range(3)
        ]
        return "/rpc/" + "/".join(parts[: self.die.randrange(4)])

    def door_of_v4(self) -> str:
        token = self.die.choices((self.scene.group.token, "scripts", "%00", ""), (30, 1, 1, 1))[0]
        host = self.die.choices(("vm.example.org", "192.0.2.1", "%00", "-", ""), (30, 1, 1, 1, 1))[0]
        return f"/rpc?group={token}&hostname={host}"

    # -- sending and judging

    def post(self, where: str, body: bytes) -> Any:
        headers = {}
        if self.die.random() < 0.2:
            headers[wire.REQUEST_ID] = self.die.choice(
                ("0f0e0d0c-0b0a", "x" * 90, "short", f"{self.die.random():.17f}")
            )
        if self.die.random() < 0.2:
            headers[wire.LEASE_SECONDS] = self.die.choice(("60", "0", "-1", "x", "9" * 30))
        kind = self.die.choice(
            ("text/xml", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "")
        )
        return self.client.post(where, data=body, headers=headers, content_type=kind, base_url=BASE)

    def judge(self, answer: Any, body: bytes, method: Method | None = None) -> None:
        """Note an answer that is none."""
        told = f"{answer.request.path!r} {body[:2000]!r}: {answer.status_code} {answer.data[:500]!r}"
        if answer.status_code == 308 and "//" in answer.request.path:
            return
        if (answer.status_code, answer.content_type) != (200, "text/xml; charset=utf-8"):
            self.tally.wrong.append(told)
            return
        try:
            (value,), _name = xmlrpc.client.loads(answer.data)
            if wire.read_answer(answer.data) != value:
                self.tally.wrong.append(told)
            self.tally.values[method.name if method else "any"] += 1
        except xmlrpc.client.Fault as fault:
            self.tally.faults[fault.faultCode] += 1
            if fault.faultString.startswith("The tracker failed") or not fault.faultString:
                self.tally.wrong.append(told)
            if method and fault.faultCode not in {*method.faults, *GENERAL}:
                self.tally.wrong.append(f"not documented: {told}")
        except Exception as error:
            self.tally.wrong.append(f"{error!r}: {told}")
