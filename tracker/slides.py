"""The slides of a talk, drawn before the event: what the encoder will put around the recording (docs/slides.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.media.slides import SlideError, chosen, draw, filled, template
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
