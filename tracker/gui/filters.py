"""How values are written on pages: times in the project's zone, durations, percents, sizes, languages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Flask
from flask_login import current_user

from tracker import users, veil
from tracker.db import now
from tracker.gui import speech
from tracker.gui.looks import next_steps, tone
from tracker.gui.speech.phrases import phrased
from tracker.gui.speech.spoken import say
from tracker.gui.spoken import SHORT
from tracker.models import LogEntry, Project, Ticket

LANGUAGES = {
    "ara": "Arabic",
    "ces": "Czech",
    "dan": "Danish",
    "deu": "German",
    "ell": "Greek",
    "eng": "English",
    "fin": "Finnish",
    "fra": "French",
    "gsw": "Swiss German",
    "hun": "Hungarian",
    "ita": "Italian",
    "jpn": "Japanese",
    "nld": "Dutch",
    "nor": "Norwegian",
    "pol": "Polish",
    "por": "Portuguese",
    "ron": "Romanian",
    "rus": "Russian",
    "spa": "Spanish",
    "swe": "Swedish",
    "tur": "Turkish",
    "ukr": "Ukrainian",
    "zho": "Chinese",
}
"""Names of the ISO 639-3 codes that conferences use most; others show as their code."""

TWO_LETTERS = {long: short for short, long in SHORT.items()}
DAY_BEGINS = timedelta(hours=5)
"""A talk at half past midnight belongs to the evening before."""


def local(moment: datetime | None, project: Project, form: str = "%Y-%m-%d %H:%M") -> str:
    """Write a moment in the project's time zone; names of days and months in the reader's language."""
    return day(moment.astimezone(ZoneInfo(project.time_zone)), form) if moment else ""


def day(moment: date, form: str) -> str:
    """Write a date or a moment as `strftime` does, with the names of the reader's language."""
    locale = Locale(speech.language())
    names = {
        "%A": locale.days["format"]["wide"][moment.weekday()],
        "%a": locale.days["format"]["abbreviated"][moment.weekday()].rstrip("."),
        "%B": locale.months["format"]["wide"][moment.month],
        "%b": locale.months["format"]["abbreviated"][moment.month].rstrip("."),
    }
    for directive, name in names.items():
        form = form.replace(directive, name)
    return moment.strftime(form)


def conference_day(talk: Ticket) -> date | None:
    """Return the day a talk belongs to in the project's zone; days change at five in the morning."""
    if talk.start is None:
        return None
    return (talk.start.astimezone(ZoneInfo(talk.project.time_zone)) - DAY_BEGINS).date()


def ago(moment: datetime | None) -> str:
    """Write how long ago a moment was, roughly."""
    if moment is None:
        return say("never")
    seconds = (now() - moment).total_seconds()
    if seconds >= 2 * 86400:
        return say("{1} d ago", f"{seconds // 86400:.0f}")
    if seconds >= 2 * 3600:
        return say("{1} h ago", f"{seconds // 3600:.0f}")
    if seconds >= 60:
        return say("{1} min ago", f"{seconds // 60:.0f}")
    return say("{1} s ago", f"{max(seconds, 0):.0f}")


def duration(seconds: Any) -> str:
    """Write seconds (also as text) as h:mm:ss or m:ss; '' for what is no number."""
    try:
        whole = round(float(seconds))
    except (TypeError, ValueError):
        return ""
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def percent(value: float) -> str:
    """Write a percentage without needless digits."""
    return f"{value:.0f} %"


def size(count: Any) -> str:
    """Write a number of bytes (also as text) with a unit; '' for what is no number."""
    try:
        number = float(count)
    except (TypeError, ValueError):
        return ""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "bytes" or number >= 100 else f"{number:.1f} {unit}"


def tongue(code: str) -> str:
    """Write a language code with its name, several joined by '-'."""
    return f" {say('and')} ".join(map(_named, code.split("-")))


def _named(code: str) -> str:
    """Write a language as its speakers' reader calls it, with its code."""
    if code not in LANGUAGES:
        return code
    name = Locale(speech.language()).languages.get(TWO_LETTERS.get(code, code)) or LANGUAGES[code]
    return f"{name} ({code})"


def discreet(entry: LogEntry) -> str:
    """Return the comment of a row of the log without passwords and keys."""
    return veil.log(entry.event, entry.comment)


def may(role: str) -> bool:
    """Tell whether the user who looks has at least *role*."""
    return bool(current_user.is_authenticated) and users.may(current_user, role)


def init_app(app: Flask) -> None:
    """Make the filters known to templates."""
    for function in (local, ago, duration, percent, size, day, tone, phrased, discreet):
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.filters["language"] = tongue
    app.jinja_env.globals.update(may=may, next_steps=next_steps, current_user=current_user)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
