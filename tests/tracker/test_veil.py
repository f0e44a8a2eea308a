"""What people are not shown."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tracker import veil
from tracker.db import db

HIDDEN = {
    "https://bob:geheim@host/x": "https://••••••@host/x",
    "https://bob:pa/ss@host/x": "https://••••••@host/x",
    "https://bob:p@ss@host": "https://••••••@host",
    "https://bob:1/p@host": "https://bob:1/p@host",  # a host with a port and a path, also for browsers
    "https://token@host/a": "https://••••••@host/a",
    "a rtmp://:k@h, b ftp://x:y@h": "a rtmp://••••••@h, b ftp://••••••@h",
    "http://one:p@h1,http://two:q@h2": "http://••••••@h1,http://••••••@h2",
    "<o>http://a:b</o><o>c@d</o>": "<o>http://a:b</o><o>c@d</o>",
    "http://host:8080/talks/@ada": "http://host:8080/talks/@ada",
    "http://host/?mail=a@b": "http://host/?mail=a@b",
    "bob@example.org": "bob@example.org",
}


@pytest.mark.parametrize("text", HIDDEN)
def test_logins_in_addresses_are_hidden_by_python_and_by_the_database_alike(db_session, text):
    shown = func.regexp_replace(text, veil.LOGIN, veil.VEIL, "g")
    assert (veil.veiled("A.B", text), db.session.scalar(select(shown))) == (HIDDEN[text], HIDDEN[text])


@pytest.mark.parametrize(
    ("name", "secret"),
    [("Project.Secret", True), ("Publishing.Token", True), ("Stream.Key", True), ("Room.Key", False), ("A.B", False)],
)
def test_names_tell_what_is_secret(name, secret):
    assert veil.is_secret(name) is secret


def test_a_secret_is_hidden_in_xml_and_in_other_values():
    values = {"A.Token": 'geh&e"im<1', "B.C": 'x geh&e"im<1 y'}
    assert veil.shown(values) == {"A.Token": veil.VEIL, "B.C": f"x {veil.VEIL} y"}
    assert "im" not in veil.veil("<a b='geh&amp;e&quot;im&lt;1'>geh&amp;e\"im&lt;1</a>", values)


def test_the_log_names_what_was_written_but_no_secret():
    written = {"A.Token": "geheim", "A.Key": "", "A.Url": "https://a:b@c/", "A.B": "1"}
    told = "A.Token=(secret)\ndeleting A.Key\nA.Url=https://••••••@c/\nA.B=1"
    assert veil.written(written) == veil.log("Edit.properties", veil.written(written)) == told


def test_old_rows_of_the_log_are_shown_without_secrets():
    old = "A.B=1\nA.Token=geheim\nQUJD==\nmore geheim\ndeleting C.D\nE.F=2"
    assert veil.log("Edit.properties", old) == "A.B=1\nA.Token=(secret)\ndeleting C.D\nE.F=2"
    assert veil.log("RPC.addLog", "token=geheim\nframe=12") == "token=(secret)\nframe=12"
