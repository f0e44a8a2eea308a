"""``fahrwerk fahrplan watch``: ask every source for what is new, and deliver what the crew is to be told."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import click

from tracker import projects, queries
from tracker.cli.fahrplan.imports import IMPORTER, counted, lines
from tracker.cli.settings import application
from tracker.db import now, transaction
from tracker.errors import TrackerError
from tracker.fahrplan import Report, telling, watching
from tracker.fahrplan.telling import Post
from tracker.fetch import TIMEOUT_S, Answer, FetchError
from tracker.settings import Settings

log = logging.getLogger(__name__)
REST_S = 30.0
"""A watch looks at least so often whether there is something to be done: somebody may have changed what it watches."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking one source: the *report* of what was new, or what went *wrong*; neither: nothing new."""

    slug: str
    report: Report | None = None
    wrong: str = ""


@click.command()
@click.argument("slugs", metavar="[PROJECT]...", nargs=-1)
@click.option("--once", is_flag=True, help="Ask what is due and end, for cron and timers.")
@click.option("--now", "at_once", is_flag=True, help="Ask also what is not due yet.")
def watch(slugs: tuple[str, ...], once: bool, at_once: bool) -> None:
    """Watch the Fahrplan of the named projects, by default of all that have one (property Fahrplan.XML).

    With --once the exit code is 1 if a source could not be had or used; it is asked again later, less and less often.
    """
    with application() as app:
        settings: Settings = app.config["SETTINGS"]
        for slug in slugs:
            projects.get(slug)
        if once:
            outcomes = list(look(now(), settings, slugs, at_once=at_once))
            if any(outcome.wrong for outcome in outcomes):
                raise SystemExit(1)
            return
        _forever(settings, slugs)


def _forever(settings: Settings, slugs: Collection[str]) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    while not stop.is_set():
        try:
            for _outcome in look(now(), settings, slugs):
                if stop.is_set():
                    break
            rest_s = _rest_s(slugs)
        except TrackerError as error:
            log.warning("%s", error)
            rest_s = REST_S
        stop.wait(rest_s)


def _rest_s(slugs: Collection[str]) -> float:
    with transaction():
        following = watching.next_due(slugs)
    return min(max(((following or now() + timedelta(days=1)) - now()).total_seconds(), 1.0), REST_S)


def look(
    moment: datetime,
    settings: Settings,
    slugs: Collection[str] = (),
    *,
    at_once: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> Iterator[Outcome]:
    """Ask each source that is due at *moment*, one after the other, and deliver the messages that are; tell of it."""
    with transaction():
        due = watching.due(moment + timedelta(days=400) if at_once else moment, slugs)
    for slug in due:
        outcome = poll(slug, moment, settings, timeout_s)
        for line in _said(outcome):
            click.echo(line)
        yield outcome
    deliver(moment, settings)


def poll(slug: str, moment: datetime, settings: Settings, timeout_s: float = TIMEOUT_S) -> Outcome:
    """Ask one source and import what is new. Nothing of the database is held while the source answers.

    Two runs over one Fahrplan never interleave: the second one leaves it to the first.
    """
    with queries.only_run(projects.get(slug).id) as mine:
        if not mine:
            return Outcome(slug)
        try:
            with transaction():
                wanted = watching.plan(projects.get(slug), settings.secret_key)
            answer = watching.ask_for(wanted, timeout_s)
            return Outcome(slug, _take(slug, wanted, answer, moment))
        except TrackerError as error:
            wait_s = error.retry_after_s if isinstance(error, FetchError) else 0
            with transaction():
                again = watching.failed(projects.get(slug), str(error), moment, wait_s)
            return Outcome(slug, wrong=f"{error} Next try at {again:%Y-%m-%d %H:%M} UTC.")


def _take(slug: str, wanted: watching.Plan, answer: Answer, moment: datetime) -> Report | None:
    with transaction():
        return watching.succeeded(projects.get(slug), wanted, answer, IMPORTER, moment)


def _said(outcome: Outcome) -> list[str]:
    """Return what is worth a line: cron sends mail for every one."""
    if outcome.wrong:
        log.warning("%s: %s", outcome.slug, outcome.wrong)
    report = outcome.report
    if report is None or not report.import_id:
        return []
    return [*(f"{outcome.slug}: {line}" for line in lines(report)), f"{outcome.slug}: {counted(report)}"]


def deliver(moment: datetime, settings: Settings) -> list[tuple[str, str]]:
    """Send every message that is due at *moment*, each in a transaction of its own; return key and error of each."""
    way = Post(settings.secret_key, settings.smtp_url, settings.mail_from, settings.public_url)
    tried: list[tuple[str, str]] = []
    while True:
        with transaction():
            message = telling.deliver_next(moment, way)
            if message is None:
                return tried
            tried.append((message.key, message.error))
        if message.error:
            log.warning("message %s was not delivered: %s", message.key, message.error)
