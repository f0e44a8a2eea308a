"""The static page that lists what is public: one file without anything from elsewhere, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby
from string import Template
from urllib.parse import quote

from scripts.media.files import partial
from scripts.publish.catalogue import Catalogue
from scripts.publish.entry import Entry

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$heading</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #777; --accent: #b3420b; }
@media (prefers-color-scheme: dark) { :root { --soft: #aaa; --accent: #ffa366; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 52rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.1rem; color: var(--soft); }
article { padding: 1rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
h3 { margin: 0; font-size: 1.15rem; line-height: 1.3; }
p { margin: .15rem 0; }
.soft, small { color: var(--soft); font-weight: 400; }
ul { display: flex; flex-wrap: wrap; gap: .5rem; margin: .6rem 0 0; padding: 0; list-style: none; }
li { padding: .35rem .7rem; border: 1px solid var(--line); border-radius: .5rem; }
a { color: var(--accent); }
li a:first-child { font-weight: 600; text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
</style>
</head>
<body>
<h1>$heading</h1>
<p class="soft">$summary</p>
$days
</body>
</html>
""")

_TALK = Template("""<article id="$anchor">
<h3>$title</h3>
$about<ul>
$files
</ul>
</article>
""")


def write_page(catalogue: Catalogue, attempt: str | int) -> None:
    """Write index.html anew; the caller holds the catalogue's lock."""
    with partial(catalogue.folder / "index.html", attempt) as part:
        part.write_text(page(catalogue.entries()), encoding="utf-8")


def page(entries: Iterable[Entry]) -> str:
    """Return the page: by album, day and talk, with all files of a talk side by side."""
    listed = sorted(entries, key=_order)
    talks = [list(files) for _, files in groupby(listed, key=_talk_key)]
    albums = list(dict.fromkeys(entry.album or entry.project for entry in listed))
    return _PAGE.substitute(
        heading=escape(albums[0] if len(albums) == 1 else "Recordings"),
        summary=escape(f"{_count(len(talks), 'recording')}, {_count(len(listed), 'file')}."),
        days="\n".join(
            _day(heading, list(of_day)) for heading, of_day in groupby(talks, key=lambda talk: _heading(talk, albums))
        ),
    )


def _order(entry: Entry) -> tuple[str, ...]:
    return (
        entry.album,
        entry.project,
        entry.date,
        entry.start,
        entry.fahrplan_id,
        entry.title,
        entry.profile,
        entry.name,
    )


def _talk_key(entry: Entry) -> tuple[str, str, str]:
    return entry.project, entry.fahrplan_id, entry.title


def _heading(talk: list[Entry], albums: list[str]) -> str:
    parts = (talk[0].album or talk[0].project if len(albums) > 1 else "", talk[0].date)
    return " · ".join(part for part in parts if part)


def _day(heading: str, talks: list[list[Entry]]) -> str:
    title = f"<h2>{escape(heading)}</h2>\n" if heading else ""
    return title + "".join(_talk(files) for files in talks)


def _talk(files: list[Entry]) -> str:
    first = files[0]
    facts = " · ".join(part for part in (first.start, first.room, first.language, first.license) if part)
    about = [("", first.subtitle), ("", first.persons), (' class="soft"', facts)]
    return _TALK.substitute(
        anchor=escape(f"{first.project}-{first.fahrplan_id}"),
        title=escape(first.title or first.name),
        about="".join(f"<p{css}>{escape(text)}</p>\n" for css, text in about if text),
        files="\n".join(_file(entry) for entry in files),
    )


def _file(entry: Entry) -> str:
    link = escape(quote(entry.name))
    extension = entry.name.rpartition(".")[2]
    about = size(entry.bytes) if extension == entry.profile else f"{extension.upper()}, {size(entry.bytes)}"
    return (
        f'<li><a href="{link}">{escape(entry.profile or entry.name)} <small>{escape(about)}</small></a> '
        f'<a href="{link}.sha256"><small>SHA-256</small></a></li>'
    )


def size(count: int) -> str:
    """Return a number of bytes as people read it, like "12.3 MB"."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
