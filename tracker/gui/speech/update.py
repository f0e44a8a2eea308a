"""``make speech``: bring the catalogues up to what there is to translate; translations of what is gone leave."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tracker.gui.speech import sources
from tracker.gui.speech.catalogue import FOLDER, LANGUAGES

HEADER = '# Texts of the pages; context "sentence": sentences of the tracker, whose values are {1}, {2} in this order.'


def main() -> None:
    """Write every catalogue anew, with the translations it has; what has none stays empty."""
    for code in list(LANGUAGES)[1:]:
        path = FOLDER / f"{code}.po"
        path.write_bytes(updated(code, path))


def updated(code: str, path: Path) -> bytes:
    """Return the catalogue of a language as it has to be, with the translations that the file has so far."""
    known: dict[tuple[str, str], str] = {}
    if path.is_file():
        with path.open("rb") as file:
            known = {
                (str(each.id), each.context or ""): str(each.string)
                for each in read_po(file, code, charset="utf-8")
                if each.id
            }
    catalogue = Catalog(code, header_comment=HEADER, fuzzy=False)
    for found in sources.messages():
        catalogue.add(
            found.text,
            known.get((found.text, found.context), ""),
            locations=[(found.path, 0)],
            context=found.context or None,
        )
    written = io.BytesIO()
    write_po(written, catalogue, width=0, include_lineno=False, omit_header=True)
    return HEADER.encode() + b"\n" + written.getvalue()


if __name__ == "__main__":
    main()
