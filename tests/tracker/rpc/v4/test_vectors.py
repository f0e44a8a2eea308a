"""Captured requests of real clients: FAHRWERK_WIRE names a folder of them. Without it nothing here is collected."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tracker import wire
from tracker.rpc.v4 import signature, verbatim
from tracker.rpc.v4.signature import Signed

FILE = Path(os.environ.get("FAHRWERK_WIRE") or "/nonexistent") / "signature_vectors.jsonl"
VECTORS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_bytes().splitlines()] if FILE.is_file() else []


def form(vector: dict[str, Any]) -> str | None:
    """Return the form in which a captured request is signed, None when it is refused."""
    sent_to = urlsplit(vector["url"])
    try:
        name, params = verbatim.read_call(base64.b64decode(vector["body_base64"]))
    except wire.WireError:
        return None
    signed = Signed(name, vector["group"], vector["hostname"], params[:-1])
    urls = signature.addresses(sent_to.scheme, sent_to.netloc, sent_to.path)
    return signature.verify(signed, urls, [vector["secret"]], params[-1])


if VECTORS:

    @pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['client']}: {vector['label']}")
    def test_a_captured_request_gets_its_verdict(vector: dict[str, Any]) -> None:
        assert form(vector) == (vector["form"] if vector["accept"] else None)
