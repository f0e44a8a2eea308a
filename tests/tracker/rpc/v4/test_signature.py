"""Signatures of all clients, over what they sent; and what must not pass."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.rpc.v4.clients import SECRET, TOKEN, URL, Client, Perl, Php, Python
from tracker import wire
from tracker.rpc.v4 import signature, verbatim
from tracker.rpc.v4.signature import LEXICAL, PERL_BYTES, PHP, PYTHON_BOOL, PYTHON_NOARGS, Signed

HOST = "vm.example.org"
ADD, SET = "C3TT.addLog", "C3TT.setTicketProperties"


def form(body: bytes, *, url: str = URL, token: str = TOKEN, host: str = HOST, secret: str = SECRET) -> str | None:
    """Return the form in which a call is signed, as the tracker sees it."""
    name, params = verbatim.read_call(body)
    return signature.verify(Signed(name, token, host, params[:-1]), [url], [secret], params[-1])


ACCEPTED: list[tuple[type[Client], str, tuple[Any, ...], str]] = [
    (Perl, ADD, (5, "plain"), PHP),
    (Perl, ADD, (5, "Säle"), PHP),
    (Perl, ADD, (5, "Säle".encode()), PERL_BYTES),
    (Perl, ADD, (5, b"S\xe4le"), PERL_BYTES),
    (Perl, ADD, (5, "ä und ".encode() + b"\xff"), PERL_BYTES),
    (Perl, ADD, (5, "1.50"), LEXICAL),
    (Perl, ADD, (5, "123456789.123456789"), LEXICAL),
    (Perl, ADD, (5, "1.5"), PHP),
    (Perl, ADD, (5, "a\r\nb\tc \x1b[1m\x08"), PHP),
    (Perl, ADD, (5, "\U0001f600 ~/ %&=+ <>'\" "), PHP),
    (Perl, ADD, (5, ""), PHP),
    (Perl, ADD, (5, None), PHP),
    (Perl, ADD, (5, False), LEXICAL),
    (Perl, SET, (5, {}), PHP),
    (Perl, SET, (5, {"A.B": "Säle", "C": "Säle".encode(), "D": "1.50"}), PERL_BYTES),
    (Perl, SET, (5, {"A.B": "ä".encode(), "C": "ö".encode(), "D": True}), PERL_BYTES),
    (Perl, "C3TT.getVersion", (), PHP),
    (Perl, "C3TT.GETVERSION", (), PHP),
    (Python, "C3TT.getVersion", (), PYTHON_NOARGS),
    (Python, ADD, (5, "Säle ~/\U0001f600\n"), PHP),
    (Python, ADD, (5, "a\r\nb"), PHP),
    (Python, ADD, (5, b"bytes &#228; \x1b"), PHP),
    (Python, ADD, (5, 1.0), LEXICAL),
    (Python, ADD, (5, 0.1 + 0.2), LEXICAL),
    (Python, ADD, (5, True), PYTHON_BOOL),
    (Python, ADD, (5, False), PYTHON_BOOL),
    (Python, SET, (5, {"Ä.Ö": 1.0, "a[b]": True, "NUL": "a\0b"}), PYTHON_BOOL),
    (Python, "C3TT.assignNextUnassignedForState", ("recording", "recording", {}), PHP),
    (Php, ADD, (5, 1.0), PHP),
    (Php, ADD, (5, 0.1 + 0.2), PHP),
    (Php, ADD, (5, 1e16), PHP),
    (Php, ADD, (5, 1e-7), PHP),
    (Php, ADD, (5, 2.5e-9), PHP),
    (Php, ADD, (5, False), PHP),
    (Php, ADD, (5, None), PHP),
    (Php, SET, (5, {"a": True, "b": False, "c": None, "d": 3}), PHP),
    (Php, "C3TT.resetTicket", (2, ["encoding", "recording"]), PHP),
    (Php, SET, (5, {"a": {"b": ["x", {"c": "ü"}]}}), PHP),
]


@pytest.mark.parametrize(("client", "method", "arguments", "expected"), ACCEPTED)
def test_a_call_is_accepted_in_the_form_its_client_signs(client, method, arguments, expected):
    assert form(client().call(method, *arguments)) == expected


UNVERIFIABLE = [
    (Perl, ADD, (5, "007")),  # sent as 7
    (Perl, ADD, (5, "+5")),
    (Perl, "C3TT.ping", (None, "x")),  # signs no argument at all
    (Perl, "C3TT.ping", (None,)),
    (Python, ADD, (5, {"a": {"b": 1}})),
    (Python, ADD, (5, ["a"])),
    (Python, SET, (5, {"a": b"bytes"})),
]


@pytest.mark.parametrize(("client", "method", "arguments"), UNVERIFIABLE)
def test_what_was_sent_otherwise_than_signed_is_refused(client, method, arguments):
    assert form(client().call(method, *arguments)) is None


@pytest.mark.parametrize("client", [Python, Perl, Php])
@pytest.mark.parametrize(
    "other", [{"url": "http://else.example.org/rpc"}, {"token": "1"}, {"host": "x"}, {"secret": "0"}]
)
def test_the_address_the_group_the_host_and_the_secret_are_signed(client, other):
    assert form(client().call(ADD, 5, "x")) and form(client().call(ADD, 5, "x"), **other) is None


@pytest.mark.parametrize("client", [Python, Perl, Php])
def test_method_and_every_argument_are_signed(client):
    sent = client().call(SET, 5, {"Record.Language": "deu"})
    for piece, another in ((b"set", b"get"), (b">5<", b">6<"), (b"Language", b"Room"), (b"deu", b"eng")):
        assert piece in sent and form(sent.replace(piece, another, 1)) is None


@pytest.mark.parametrize("given", [None, 7, "", "0" * 64, "ä" * 64, ["x"], {}, True])
def test_no_signature_and_a_wrong_one_are_refused(given):
    assert signature.verify(Signed(ADD, TOKEN, HOST, []), [URL], [SECRET], given) is None


def test_hex_in_capitals_is_refused_as_by_the_original():
    signed = Signed("C3TT.getVersion", TOKEN, HOST, [])
    good = signature.sign(signed, URL, SECRET)
    assert signature.verify(signed, [URL], [SECRET], good) == PHP
    assert good != good.upper() and signature.verify(signed, [URL], [SECRET], good.upper()) is None


def test_the_secret_before_is_accepted_too():
    name, params = verbatim.read_call(Python(secret="old").call(ADD, 5, "x"))
    signed = Signed(name, TOKEN, HOST, params[:-1])
    assert signature.verify(signed, [URL], ["new", "old"], params[-1]) == PHP
    assert signature.verify(signed, [URL], ["new"], params[-1]) is None


def test_an_example_reckoned_by_hand():
    message = "http%3A%2F%2Ftracker.example.org%2Frpc%26C3TT.getVersion%260123456789abcdef%26vm.example.org"
    signed = Signed("C3TT.getVersion", TOKEN, HOST, [])
    assert (
        signature.sign(signed, URL, SECRET) == hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()
    )


# --- which address was signed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "configured",
    [
        "http://Tracker:8020/rpc",
        "https://Tracker:8020/rpc",
        "http://Tracker:8020/rpc/",
        "https://public.example.org/tracker/rpc",
        "https://public.example.org/tracker/rpc/",
    ],
)
def test_the_addresses_a_client_may_have_been_configured_with(configured):
    for path in ("/rpc", "/rpc/"):
        assert configured in signature.addresses("http", "Tracker:8020", path, "https://public.example.org/tracker")


def test_no_other_address_is_tried():
    assert signature.addresses("https", "t", "/rpc") == [
        "https://t/rpc",
        "https://t/rpc/",
        "http://t/rpc",
        "http://t/rpc/",
    ]
    assert len(signature.addresses("https", "t", "/rpc", "https://public")) == 6


# --- bounds ----------------------------------------------------------------------------------------------------


def test_the_ways_tried_are_bounded():
    values = {f"Ä{number}": "ö" for number in range(500)}
    assert len(list(signature._tails([values]))) <= signature.MOST
    few = {"A": "ö", "B": "ü", "C": "é", "D": "à", "E": 1.0, "F": True}
    assert len(list(signature._tails([few]))) == signature.MOST
    large = few | {"A": "ö" * signature.LARGE}
    assert len(list(signature._tails([large]))) == 4


_SCALAR = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


@given(arguments=st.lists(st.one_of(_SCALAR, st.dictionaries(st.text("abÄ.[] ", max_size=5), _SCALAR)), max_size=4))
def test_whatever_the_python_client_sends_is_verified(arguments):
    assert form(Python().call(ADD, *arguments)) is not None


@given(texts=st.lists(st.text("aä€😀\x1b\r\n", min_size=1, max_size=8), max_size=3), mask=st.integers(0, 7))
def test_whichever_texts_a_perl_client_holds_as_bytes(texts, mask):
    sent = [text.encode() if mask >> number & 1 else text for number, text in enumerate(texts)]
    assert form(Perl().call(ADD, 5, *sent)) is not None


# --- texts as they are sent ------------------------------------------------------------------------------------


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_every_character_is_read_as_it_was_sent(text):
    body = wire.call("C3TT.x", ["PLACE"]).replace(b"PLACE", wire.escape(text).encode())
    assert verbatim.read_call(body) == ("C3TT.x", [text])


def test_broken_bytes_stay_what_they_are_and_are_kept_as_latin_1():
    _, params = verbatim.read_call(wire.call("C3TT.x", ["PLACE"]).replace(b"PLACE", b"S\xe4le \xc3\xa4 \x00\x1b"))
    assert params == ["S\udce4le ä \x00\x1b"]
    assert verbatim.storable(params) == ["Säle ä \ufffd\ufffd"]


def test_the_declared_encoding_and_line_ends_between_elements_do_not_matter():
    body = Python().call(ADD, 5, "Säle")
    body = b"\r\n<?xml version='1.0' encoding='us-ascii'?>\r\n" + body.partition(b"?>")[2].replace(b"\n", b"\r\n")
    assert form(body + b"\r\n") == PHP


def test_base64_and_dates_are_texts():
    _, params = verbatim.read_call(
        b"<methodCall><methodName>C3TT.x</methodName><params><param><value><base64>U8OkbGU=</base64></value></param>"
        b"<param><value><dateTime.iso8601>20131227T11:35:00</dateTime.iso8601></value></param></params></methodCall>"
    )
    assert verbatim.storable(params) == ["Säle", "20131227T11:35:00"]
