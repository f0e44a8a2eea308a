"""An admin who has logged in, and asks for one page after the other."""

from __future__ import annotations

import http.client
import re
import time
from urllib.parse import urlencode

from bench.dispatch import SECRET, Place
from tracker import users
from tracker.app import create_app
from tracker.db import db, transaction
from tracker.settings import Settings

NAME, PASSWORD = "bench", "correct horse battery"


def add_admin(place: Place) -> None:
    """Give the database of *place* the account that looks at its pages."""
    app = create_app(Settings(database_url=place.url, secret_key="k" * 64, secret=SECRET))
    with app.app_context():
        with transaction():
            users.create(NAME, PASSWORD, "admin")
        db.engine.dispose()


class Visitor:
    """Asks a server for pages, compressed as for a browser."""

    def __init__(self, port: int) -> None:
        """Connect and log in."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookie = ""
        form = self._ask("GET", "/login")
        token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', form)[1].decode()  # type: ignore[index]
        self._ask("POST", "/login", urlencode({"name": NAME, "password": PASSWORD, "csrf_token": token}), 303)

    def seconds(self, path: str) -> tuple[float, int]:
        """Return the seconds until a page is there to its last byte, and how many bytes travelled."""
        self._connection.close()  # the server closes what it does not hear of for two seconds
        self._connection.connect()
        begin = time.perf_counter()
        body = self._ask("GET", path)
        return time.perf_counter() - begin, len(body)

    def _ask(self, method: str, path: str, form: str = "", wanted: int = 200) -> bytes:
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        packed = {} if path == "/login" else {"Accept-Encoding": "gzip"}
        self._connection.request(method, path, form or None, {"Cookie": self._cookie, **kind, **packed})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != wanted:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.reason}")
        if said := answer.headers.get("Set-Cookie"):
            self._cookie = said.partition(";")[0]
        return body

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
