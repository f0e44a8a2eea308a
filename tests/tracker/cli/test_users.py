"""`fahrwerk user`: the first admin, new passwords, accounts switched off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SECRET
from tests.factories import PASSWORD
from tracker import tokens, users
from tracker.db import db
from tracker.models import User


def log_in(name: str, password: str) -> User | None:
    return users.authenticate(name, password, "192.0.2.1", 99)


def test_a_password_comes_from_standard_input(fahrwerk, app):
    done = fahrwerk("user", "add", "alice", "--role", "admin", stdin=PASSWORD + "\n")
    assert (done.exit_code, done.output) == (0, "User alice is there, with the role admin.\n")
    assert log_in("alice", PASSWORD).role == "admin"


def test_a_password_comes_from_a_file(fahrwerk, app, tmp_path):
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD} ü\r\nsecond line\n", encoding="utf-8")
    assert fahrwerk("user", "add", "frank", "--password-file", str(file)).exit_code == 0
    assert log_in("frank", f"{PASSWORD} ü").role == "user"


def test_a_user_is_restricted_to_projects(fahrwerk, app):
    fahrwerk("project", "add", "mine", "Mine")
    assert fahrwerk("user", "add", "charlie", "--project", "mine", stdin=PASSWORD).exit_code == 0
    assert [project.slug for project in users.get("charlie").projects] == ["mine"]
    assert "charlie              user       active  mine\n" in fahrwerk("user", "list").output


def test_a_new_password_ends_the_sessions(fahrwerk, app):
    fahrwerk("user", "add", "gina", stdin=PASSWORD)
    before = users.get("gina").get_id()
    assert fahrwerk("user", "password", "gina", stdin="another long password\n").exit_code == 0
    db.session.expire_all()
    assert users.by_session(before) is None
    assert log_in("gina", PASSWORD) is None and log_in("gina", "another long password")


def test_an_account_is_switched_off_and_on(fahrwerk, app):
    fahrwerk("user", "add", "hugo", stdin=PASSWORD)
    assert fahrwerk("user", "disable", "hugo").output == "User hugo is switched off.\n"
    assert "hugo                 user       off     all projects\n" in fahrwerk("user", "list").output
    assert log_in("hugo", PASSWORD) is None
    db.session.rollback()
    fahrwerk("user", "enable", "hugo")
    assert log_in("hugo", PASSWORD) is not None


@pytest.mark.parametrize(
    ("args", "stdin", "told"),
    [
        (("add", "ines"), "short\n", "A password needs 10 characters"),
        (("add", "ines"), "", "A password needs 10 characters"),
        (("add", "a b"), PASSWORD, "User name 'a b'"),
        (("add", "ines", "--project", "nothing"), PASSWORD, "no project 'nothing'"),
        (("add", "ines", "--password-file", "/nothing"), PASSWORD, "cannot be read from /nothing"),
        (("password", "nobody"), PASSWORD, "no user 'nobody'"),
        (("disable", "nobody"), "", "no user 'nobody'"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_changes_nothing(fahrwerk, names, args, stdin, told):
    done = fahrwerk("user", *args, stdin=stdin)
    assert done.exit_code == 1 and told in str(done.exception)
    assert names("user", "name").isdisjoint({"ines", "a b"})


def test_a_role_that_there_is_not_is_refused_by_the_command(fahrwerk):
    assert fahrwerk("user", "add", "ines", "--role", "root", stdin=PASSWORD).exit_code == 2


def test_the_process_tells_a_refusal_in_one_line_without_the_password(database):
    environ = {"FAHRWERK_DATABASE_URL": database, "FAHRWERK_SECRET_KEY": "k" * 64, "FAHRWERK_SECRET": SECRET}
    done = subprocess.run(
        [Path(sys.executable).with_name("fahrwerk"), "user", "add", "no name"],
        input=PASSWORD,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("fahrwerk: User name 'no name'") and PASSWORD not in done.stderr


# --- tokens --------------------------------------------------------------------------------------------------


def test_a_token_is_printed_once_listed_and_revoked(fahrwerk, app):
    fahrwerk("user", "add", "karl", stdin=PASSWORD)
    text = fahrwerk("user", "token", "add", "karl", "statistics", "--days", "30").output.strip()
    assert tokens.authenticate(text, "192.0.2.1", 5).name == "karl"
    db.session.commit()
    listed = fahrwerk("user", "token", "list", "karl").output
    number, *words = listed.split()
    assert words[:3] == ["karl", "statistics", "used"] and text not in listed
    assert fahrwerk("user", "token", "list").output.count("\n") >= 1
    done = fahrwerk("user", "token", "revoke", number)
    assert done.output == f"Token {number} (statistics) of karl is revoked.\n"
    db.session.expire_all()
    assert tokens.authenticate(text, "192.0.2.1", 5) is None


@pytest.mark.parametrize("args", [("add", "nobody", "x"), ("list", "nobody"), ("revoke", "4711")])
def test_what_there_is_not_has_no_tokens(fahrwerk, args):
    done = fahrwerk("user", "token", *args)
    assert done.exit_code == 1 and "There is no" in str(done.exception)
