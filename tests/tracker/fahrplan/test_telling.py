"""Messages to the crew: by mail, and through the death of whoever sends them."""

from __future__ import annotations

import email
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask

from tests.factories import committing
from tests.tracker.fahrplan.exporter import Exporter, exporting
from tests.tracker.fahrplan.imports import SEVEN, but
from tests.tracker.fahrplan.samples import schedule
from tracker import projects, properties, queries
from tracker.cli.fahrplan.watch import deliver
from tracker.db import transaction
from tracker.fahrplan import access, import_fahrplan, watching
from tracker.settings import Settings
from tracker.tickets import TRACKER

FAHRWERK = Path(sys.executable).with_name("fahrwerk")
NOON = datetime(2036, 12, 21, 12, tzinfo=UTC)
KEY = "k" * 64


class Postbox(socketserver.ThreadingTCPServer):
    """A mail server that takes everything, or nothing."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        """Have no letters yet."""
        super().__init__(("127.0.0.1", 0), Talk)
        self.letters: list[EmailMessage] = []
        self.taking = True


class Talk(socketserver.StreamRequestHandler):
    """One conversation over SMTP (RFC 5321), no more of it than a sender needs."""

    server: Postbox

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 postbox")
        while line := self.rfile.readline().strip().upper():
            if line.startswith(b"DATA"):
                self.say("354 go on")
                self.take()
            elif line.startswith(b"QUIT"):
                self.say("221 bye")
                return
            else:
                self.say("250 ok" if self.server.taking or not line.startswith(b"RCPT") else "550 no such box")

    def take(self) -> None:
        lines = []
        while (line := self.rfile.readline()).rstrip(b"\r\n") != b".":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        letter = email.message_from_bytes(b"".join(lines), policy=default)
        assert isinstance(letter, EmailMessage)
        self.server.letters.append(letter)
        self.say("250 taken")


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    server = Postbox()
    with running(server):
        yield server


@pytest.fixture
def app(committed_db: str) -> Iterator[Flask]:
    with committing(committed_db) as made, made.app_context():
        with transaction():
            watching.configure(projects.create("conf", "Conf"), mail_to=["crew@example.org", "voc@example.org"])
        yield made


def mailing(app: Flask, postbox: Postbox) -> Settings:
    port = postbox.server_address[1]
    own = {
        "smtp_url": f"smtp://127.0.0.1:{port}",
        "mail_from": "tracker@example.org",
        "public_url": "https://t.example",
    }
    return Settings(**{**vars(app.config["SETTINGS"]), **own})


def take(*events: str) -> None:
    with transaction():
        import_fahrplan(projects.get("conf"), schedule(*events), TRACKER, source="test.xml")


def test_a_change_set_is_one_letter_to_all(app: Flask, postbox: Postbox) -> None:
    take(*SEVEN)
    take(*but(3, title="Größe \N{ROCKET}"))
    deliver(NOON, mailing(app, postbox))
    deliver(NOON, mailing(app, postbox))
    assert len(postbox.letters) == 2
    letter = postbox.letters[1]
    assert (letter["Subject"], letter["To"]) == ("[conf] Fahrplan: 1 changed", "crew@example.org, voc@example.org")
    assert letter["From"] == "tracker@example.org" and letter["Message-ID"].endswith("@example.org>")
    text = letter.get_content()
    assert "- 3 'Talk 3': title 'Talk 3' -> 'Größe \N{ROCKET}'" in text
    assert "https://t.example/conf/fahrplan" in text


def test_a_letter_that_is_not_taken_is_handed_in_again(app: Flask, postbox: Postbox) -> None:
    take(*SEVEN)
    postbox.taking = False
    ((_, error),) = deliver(NOON, mailing(app, postbox))
    assert error == "The mail server did not take it: SMTPRecipientsRefused."
    postbox.taking = True
    assert deliver(NOON.replace(minute=2), mailing(app, postbox))[0][1] == ""
    assert len(postbox.letters) == 1


def test_without_a_mail_server_the_letter_waits_and_says_why(app: Flask) -> None:
    take(*SEVEN)
    deliver(NOON, app.config["SETTINGS"])
    (message,) = queries.unsent_messages(projects.get("conf").id)
    assert "FAHRWERK_SMTP_URL is not set" in message.error


class Killer(Exporter):
    """Kills whoever tells it something, after it has understood."""

    victim: subprocess.Popen[str] | None = None

    def on_post(self) -> None:
        """Kill the sender before it gets an answer."""
        if self.victim is not None:
            os.kill(self.victim.pid, signal.SIGKILL)
            self.victim.wait(60)


def environment(database: str) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("FAHRWERK_")}
    given = {"FAHRWERK_DATABASE_URL": database, "FAHRWERK_SECRET_KEY": KEY, "FAHRWERK_SECRET": "worker"}
    return env | given | {"FAHRWERK_PROCESSES": "1"}


def test_the_server_delivers_what_was_decided_on_its_pages(app: Flask, committed_db: str) -> None:
    env = environment(committed_db)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        env["FAHRWERK_PORT"] = str(probe.getsockname()[1])
    with exporting(Told()) as receiver:
        assert isinstance(receiver, Told)
        with transaction():
            watching.configure(projects.get("conf"), mail_to=[], allow_private=True)
            access.set_webhook(projects.get("conf"), f"{receiver.url}/hook", "", KEY)
        take(*SEVEN)
        with subprocess.Popen([str(FAHRWERK), "serve"], env=env, stderr=subprocess.DEVNULL) as server:
            heard = receiver.heard.wait(180)
            server.send_signal(signal.SIGTERM)
            assert (heard, server.wait(180)) == (True, 0)


class Told(Exporter):
    """Remembers that something was told."""

    def __init__(self) -> None:
        """Have heard nothing."""
        super().__init__()
        self.heard = threading.Event()

    def on_post(self) -> None:
        """Hear it."""
        self.heard.set()


def test_who_dies_between_sending_and_noting_sends_the_same_again(app: Flask, committed_db: str) -> None:
    env = environment(committed_db)
    argv = [str(FAHRWERK), "fahrplan", "watch", "--once"]
    with exporting(Killer()) as receiver:
        assert isinstance(receiver, Killer)
        with transaction():
            watching.configure(projects.get("conf"), mail_to=[], allow_private=True)
            access.set_webhook(projects.get("conf"), f"{receiver.url}/hook", "", KEY)
        take(*SEVEN)
        receiver.victim = subprocess.Popen(argv, env=env, text=True, stdout=subprocess.PIPE)
        assert receiver.victim.wait(60) == -signal.SIGKILL
        receiver.victim.stdout.close()
        receiver.victim = None
        assert subprocess.run(argv, env=env, timeout=60).returncode == 0
    keys = [headers["X-Fahrwerk-Delivery"] for headers, _ in receiver.posted]
    assert (len(keys), len(set(keys))) == (2, 1)


def test_a_watch_goes_on_until_it_is_told_to_stop(app: Flask, committed_db: str) -> None:
    env = environment(committed_db)
    with exporting() as server:
        server.file = schedule(*SEVEN)
        with transaction():
            project = projects.get("conf")
            properties.write(project, {"Fahrplan.XML": f"{server.url}/schedule.xml"})
            watching.configure(project, mail_to=[], allow_private=True)
        argv = [str(FAHRWERK), "fahrplan", "watch"]
        with subprocess.Popen(argv, env=env, text=True, stdout=subprocess.PIPE) as watch:
            assert watch.stdout is not None
            assert "created: 1 'Talk 1'" in watch.stdout.readline()
            watch.send_signal(signal.SIGTERM)
            assert watch.wait(180) == 0
    with transaction():
        assert len(queries.scheduled_talks(projects.get("conf").id)) == 7
