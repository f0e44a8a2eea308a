"""Telling the crew: one message for each change set and channel, kept until it is delivered.

A message is written in the transaction of the change that it tells of, so that neither is there without the other. It
is sent under a key that stays the same: who was killed between sending and noting that sends it again, and the receiver
can tell by the key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import ssl
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from tracker import queries
from tracker.db import db
from tracker.errors import TrackerError
from tracker.fahrplan import access, sources
from tracker.fahrplan.report import Report
from tracker.fahrplan.words import counted
from tracker.fetch import FetchError, post, shown_address
from tracker.models import FahrplanImport, FahrplanSource, Message, Project

SHOWN = 100
"""So many sentences of each kind are in a message; the review has all."""
FIRST_WAIT_S, LONGEST_WAIT_S = 60, 6 * 3600
ATTEMPTS = 20
"""So often a message is tried, which takes three days."""
TIMEOUT_S = 30.0
MAX_ERROR = 500
SIGNATURE, KEY = "X-Fahrwerk-Signature", "X-Fahrwerk-Delivery"


class Undelivered(TrackerError):
    """The message was not taken."""


@dataclass(frozen=True, slots=True)
class Post:
    """What is needed to send: the key of stored secrets, the way for mail and its sender, where pages are."""

    secret_key: str
    smtp_url: str = ""
    mail_from: str = "fahrwerk@localhost"
    public_url: str = ""


# --- what is told ----------------------------------------------------------------------------------------------


def queue(project: Project, run: FahrplanImport, news: Sequence[str], report: Report, back: bool) -> None:
    """Write the messages of a change set, one for each channel the project has.

    *news* is what waits for the crew since this run, *back* that an outage is over.
    """
    source = sources.of(project)
    body = compose(project, run, news, report, back)
    channels = {"webhook": source.webhook is not None, "mail": bool(source.mail_to)}
    for channel, wanted in channels.items():
        if wanted and body["text"]:
            message = Message(
                project_id=project.id, import_id=run.id, channel=channel, key=str(uuid.uuid4()), body=body
            )
            message.subject = body["subject"]
            db.session.add(message)
    db.session.flush()


def compose(project: Project, run: FahrplanImport, news: Sequence[str], report: Report, back: bool) -> dict[str, Any]:
    """Return a message as it is stored; `text` is '' when there is nothing to tell."""
    parts = {
        "alarms": list(report.alarms),
        "waits": [] if report.loss else counted(news, SHOWN),
        "applied": counted(report.words, SHOWN),
        "overtaken": [] if back else counted(report.overtaken, SHOWN),
    }
    lines = [report.loss] if report.loss else [_BACK] if back else []
    for heading, name in _HEADINGS:
        lines += [heading, *(f"- {text}" for text in parts[name])] if parts[name] else []
    return {
        "project": project.slug,
        "title": project.title,
        "import": run.id,
        "version": run.version,
        "source": run.source,
        "outage": report.loss,
        **parts,
        "subject": f"[{project.slug}] {_subject(report, news, back)}",
        "text": "\n".join(lines),
    }


_BACK = "The talks that were missing from the Fahrplan are there again."
_HEADINGS = (
    ("ALARM: public although the speakers opted out", "alarms"),
    ("Waits for you:", "waits"),
    ("Changed:", "applied"),
    ("Waits no longer:", "overtaken"),
)


def _subject(report: Report, news: Sequence[str], back: bool) -> str:
    if report.alarms:
        return f"ALARM: {len(report.alarms)} opted out, but public"
    if report.loss:
        return "Fahrplan: many talks are missing, nothing was changed"
    counts = {
        "new": len(report.created),
        "changed": len(report.changed),
        "gone": len(report.gone),
        "to decide": len(news),
        "no longer to decide": 0 if back else len(report.overtaken),
    }
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"Fahrplan: {said or ('complete again' if back else 'nothing new')}"


# --- how it gets there -----------------------------------------------------------------------------------------


def deliver_next(moment: datetime, way: Post) -> Message | None:
    """Send the message that waits longest at *moment*; None when none does. What fails is tried again later."""
    message = queries.lock_next_message(moment)
    if message is None:
        return None
    project = db.session.get_one(Project, message.project_id)
    message.attempts += 1
    try:
        _send(message, sources.of(project), way)
    except TrackerError as error:
        _put_off(message, str(error), moment)
    else:
        message.sent, message.error = moment, ""
    db.session.flush()
    return message


def _put_off(message: Message, error: str, moment: datetime) -> None:
    message.error = error[:MAX_ERROR]
    wait_s = min(FIRST_WAIT_S * 2 ** min(message.attempts - 1, 20), LONGEST_WAIT_S)
    message.next_try = moment + timedelta(seconds=wait_s)
    if message.attempts >= ATTEMPTS:
        message.given_up = moment


def _send(message: Message, source: FahrplanSource, way: Post) -> None:
    link = f"{way.public_url}/{message.body['project']}/fahrplan" if way.public_url else ""
    if message.channel == "webhook":
        _call(message, source, way, link)
    else:
        _mail(message, source, way, link)


def _call(message: Message, source: FahrplanSource, way: Post, link: str) -> None:
    url, secret = access.webhook(source, way.secret_key)
    if not url:
        raise Undelivered("The project has no webhook any more.")
    text = f"{message.subject}\n{message.body['text']}" + (f"\n{link}" if link else "")
    values = {**message.body, "link": link, "text": text, "delivery": message.key}
    body = json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")
    headers = {"Content-Type": "application/json; charset=utf-8", KEY: message.key}
    if secret:
        headers[SIGNATURE] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    try:
        post(url, body, headers, allow_private=source.allow_private, timeout_s=TIMEOUT_S)
    except FetchError as error:
        # The path of a webhook is often its secret: only its host is told.
        reason = str(error).replace(shown_address(url), access.shown_webhook(source, way.secret_key))
        raise Undelivered(reason) from None


def _mail(message: Message, source: FahrplanSource, way: Post, link: str) -> None:
    if not way.smtp_url or not source.mail_to:
        raise Undelivered("No mail is sent: FAHRWERK_SMTP_URL is not set, or nobody is to get it.")
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = message.subject, way.mail_from, ", ".join(source.mail_to)
    letter["Date"] = message.created
    letter["Message-ID"] = f"<{message.key}@{way.mail_from.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.body["text"] + (f"\n\n{link}\n" if link else "\n"))
    try:
        _hand_in(letter, way)
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"The mail server did not take it: {type(error).__name__}.") from None


def _hand_in(letter: EmailMessage, way: Post) -> None:
    parts = urlsplit(way.smtp_url)
    host, context = parts.hostname or "", ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_S)
    with server:
        if parts.username:
            if parts.scheme == "smtp":
                server.starttls(context=context)
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(letter)
