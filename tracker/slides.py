"""The slides of a talk, drawn before the event: what the encoder will put around the recording (docs/slides.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.media.slides import KINDS, SHIPPED, SlideError, chosen, draw, filled, seconds_of, template, without_value
from tracker import properties
from tracker.errors import InvalidInput
from tracker.models import Ticket

SIZE = (1280, 720)


def drawn(talk: Ticket, roots: Sequence[Path], size: tuple[int, int] = SIZE) -> Iterator[tuple[str, bytes]]:
    """Draw the slides of a recording ticket: kind (intro, apology, outro) and PNG of *size* (pixels), in their order.

    Templates are read from under *roots*. Raises InvalidInput for a template that cannot be used.
    """
    values = properties.merged(talk)
    try:
        for each in chosen(values):
            yield each.kind, draw(filled(template(each.kind, each.template, roots), values), *size)
    except SlideError as error:
        raise InvalidInput(str(error)) from error


@dataclass(frozen=True)
class Preview:
    """A slide as it would be: its kind, PNG (empty: there is none), how long it is shown.

    *problem* says what is wrong with its template, *remedy* what to do about it.

    *used* tells whether the talk gets it as things stand; the others are drawn for a look. *empty* are the properties
    that its template names and that have no value.
    """

    kind: str
    png: bytes
    seconds: float
    used: bool
    problem: str = ""
    remedy: str = ""
    empty: Sequence[str] = ()

    @property
    def setting(self) -> str:
        """Return the property that names the template."""
        return f"Processing.File.{self.kind.capitalize()}"


def previews(talk: Ticket, roots: Sequence[Path], apology: str, size: tuple[int, int] = SIZE) -> list[Preview]:
    """Draw all kinds of slides of a recording ticket, also those it does not get: the shipped ones then.

    *apology* is the sentence to show where the recording has none. A template that cannot be used raises nothing.
    """
    values = properties.merged(talk)
    return [_preview(kind, values, apology, roots, size) for kind in KINDS]


def _preview(
    kind: str, values: Mapping[str, str], apology: str, roots: Sequence[Path], size: tuple[int, int]
) -> Preview:
    setting = f"Processing.File.{kind.capitalize()}"
    where, said = values.get(setting, "").strip(), values.get("Record.Apology", "").strip()
    used = bool(said if kind == "apology" else where)
    try:
        text, told = template(kind, where or SHIPPED, roots), {**values, "Record.Apology": said or apology}
        png = draw(filled(text, told), *size)
        return Preview(kind, png, seconds_of(kind, values), used, empty=without_value(text, told))
    except SlideError as error:
        sentence = f"{str(error).rstrip('.')}."
        remedy = "" if sentence.startswith("Processing.") else f"Correct the template, or set {setting} to {SHIPPED}."
        return Preview(kind, b"", 0.0, used, sentence, remedy)
