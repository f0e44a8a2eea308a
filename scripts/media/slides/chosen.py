"""Which slides a talk gets, by the properties of its project and of the recording (docs/slides.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scripts.media.slides.draw import SlideError
from scripts.media.slides.fill import KINDS, SHIPPED

SECONDS = "5"
"""How long a slide is shown when the project does not say."""
SHORTEST_S, LONGEST_S = 0.2, 120.0
_SECONDS = re.compile(r"\d{1,4}(\.\d{1,6})?")


@dataclass(frozen=True)
class Chosen:
    """A slide: its kind (intro, apology, outro), its template (`shipped` or a file), how long it is shown."""

    kind: str
    template: str
    seconds: float


def chosen(properties: Mapping[str, str]) -> Iterator[Chosen]:
    """List the slides of a talk in their order. Raise SlideError for a duration that is none.

    An apology is shown when there is one, by the shipped template if the project has none of its own.
    """
    for kind in KINDS:
        where = properties.get(f"Processing.File.{kind.capitalize()}", "").strip()
        if kind == "apology":
            where = (where or SHIPPED) if properties.get("Record.Apology", "").strip() else ""
        if where:
            yield Chosen(kind, where, seconds_of(kind, properties))


def seconds_of(kind: str, properties: Mapping[str, str]) -> float:
    """Return how long a slide of this kind is shown. Raise SlideError for a duration that is none."""
    name = f"Processing.{kind.capitalize()}.Duration"
    text = properties.get(name, "").strip() or SECONDS
    if not _SECONDS.fullmatch(text) or not SHORTEST_S <= float(text) <= LONGEST_S:
        raise SlideError(f"{name} is {text[:40]!r}; a slide is shown for {SHORTEST_S} to {LONGEST_S:.0f} seconds.")
    return float(text)
