"""The subtitles of a file beside it: `<name of the file without extension>.<language>.vtt` (docs/subtitles.md)."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.media.files import partial
from scripts.worker.outcomes import JobFailed

_LANGUAGE = re.compile(r"[a-z]{3}\.vtt")


def published_with(properties: Mapping[str, str], encoded: Path) -> list[Path]:
    """List the subtitles that Encoding.Subtitles names, beside the *encoded* file.

    Raise JobFailed when one has another name or is not there.
    """
    found = []
    for name in properties.get("Encoding.Subtitles", "").split():
        path = encoded.with_name(f"{encoded.stem}.{name[-7:]}")
        if path.name != name or not _LANGUAGE.fullmatch(name[-7:]):
            raise JobFailed(f"Encoding.Subtitles names {name[:200]!r}, which are no subtitles of {encoded.name}.")
        if not path.is_file() or path.is_symlink():
            raise JobFailed(f"The subtitles {path} are not there: move the ticket back to 'ready to encode'.")
        found.append(path)
    return found


def publish(subtitles: list[Path], target: Path, attempt: str | int) -> None:
    """Copy *subtitles* beside *target*; those of an earlier release go."""
    for source in subtitles:
        with partial(target.with_name(source.name), attempt) as part:
            part.write_bytes(source.read_bytes())
    for former in beside(target):
        if former.name not in {source.name for source in subtitles}:
            former.unlink(missing_ok=True)


def beside(path: Path) -> Iterator[Path]:
    """List the subtitles that lie beside a file."""
    for found in path.parent.glob(f"{glob.escape(path.stem)}.*.vtt"):
        if _LANGUAGE.fullmatch(found.name.removeprefix(f"{path.stem}.")):
            yield found
