"""The people of the demonstration: they use the same pages as a browser does, and really look at the pictures."""

from __future__ import annotations

import json
import re
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from lxml import html

from demo.conference import SLUG, Footage
from demo.measure import frame_codes


class PageRefused(Exception):
    """A page answered with an error; the message is what it says."""


class Human:
    """Somebody with a login and a browser without scripts."""

    def __init__(self, url: str, name: str, password: str) -> None:
        """Log in at the tracker at *url*. Raises PageRefused."""
        self.url, self.name = url, name
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.post("/login", name=name, password=password)
        if "/login" in self._get("/")[1]:
            raise PageRefused(f"{name} could not log in.")

    def _open(self, request: urllib.request.Request) -> tuple[bytes, str]:
        try:
            with self._browser.open(request, timeout=60) as answer:
                return answer.read(), str(answer.url)
        except urllib.error.HTTPError as error:
            text = " ".join(html.fromstring(error.read() or b"<p/>").text_content().split())
            raise PageRefused(f"{request.full_url}: {error.code}: {text[:400]}") from error

    def _get(self, path: str) -> tuple[bytes, str]:
        return self._open(urllib.request.Request(self.url + path))

    def get(self, path: str) -> bytes:
        """Fetch a page or a file."""
        return self._get(path)[0]

    def post(self, path: str, *, page: str | None = None, **fields: object) -> None:
        """Fill in a form of the page *path* (or *page*) and send it to *path*. Raises PageRefused."""
        found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', self.get(page or path))
        if found is None:
            raise PageRefused(f"{page or path} shows no form.")
        data = urllib.parse.urlencode({"csrf_token": found[1].decode(), **fields}).encode()
        self._open(urllib.request.Request(self.url + path, data=data))

    # --- what people do with tickets

    def cut(self, ticket: int, footage: Footage) -> tuple[int, int]:
        """Take a recording, find the speaker's first and last picture, store the marks; return them (frames)."""
        page = f"/{SLUG}/ticket/{ticket}/cut"
        self.post(page, action="start")
        cut_in, cut_out = self._look(f"/{SLUG}/ticket/{ticket}/media", footage)
        talk = footage.talk
        delay = talk.av_delay_ms
        self.post(page, action="cut", cut_in=cut_in, cut_out=cut_out, language=talk.language, av_delay=delay)
        return cut_in, cut_out

    def _look(self, media: str, footage: Footage) -> tuple[int, int]:
        """Find the frames that show the first code of the talk and the one after its last."""
        segments = json.loads(self.get(f"{media}/timeline.json"))["segments"]
        where: dict[int, int] = {}
        for segment in segments:
            for index, code in self._codes(media, segment, (footage.first_code, footage.end_code)):
                where.setdefault(code, segment["first_frame"] + index)
        return where[footage.first_code], where[footage.end_code]

    def _codes(self, media: str, segment: dict[str, Any], wanted: tuple[int, int]) -> list[tuple[int, int]]:
        """Read the pictures of a segment, all of them if it may show a wanted code: (index in the file, code)."""
        with tempfile.NamedTemporaryFile(suffix=".ts") as file:
            file.write(self.get(f"{media}/{urllib.parse.quote(segment['file'])}"))
            file.flush()
            begin = frame_codes(Path(file.name), [0])[0]
            if begin is None or not any(begin <= code < begin + segment["frames"] for code in wanted):
                return []
            return [(index, code) for index, code in enumerate(frame_codes(Path(file.name))) if code is not None]

    def check(self, ticket: int) -> None:
        """Take an encoding, watch it, accept it."""
        page = f"/{SLUG}/ticket/{ticket}/check"
        self.post(page, action="start")
        if not self.get(f"/{SLUG}/ticket/{ticket}/media/encoded"):
            raise PageRefused(f"Ticket {ticket} has no encoded file to look at.")
        self.post(page, action="accept")

    def release(self, recording: int) -> None:
        """Look at all files of a talk and release those that are ready."""
        self.post(f"/{SLUG}/ticket/{recording}/release", action="release")
