"""Script D: checked -> postprocessing -> postprocessed. Checksum and copy into the hidden mirror folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from scripts.media.files import partial
from scripts.media.retag import RetagFailed, retag, wanted
from scripts.publish.copies import ChecksumDiffers, Copied, Watcher, copy_proven, measure, write_sidecar
from scripts.worker.folders import distinct, output_name
from scripts.worker.job import Job, Work
from scripts.worker.main import main
from scripts.worker.outcomes import JobFailed
from scripts.worker.room import need_room


def encoded_file(work: Work) -> Path:
    """Return the encoded file of the ticket. Raise JobFailed when it is not there, or not the one that was checked."""
    path = work.folder("Processing.Path.Output") / output_name(work.properties)
    if not path.is_file() or path.is_symlink():
        raise JobFailed(f"The encoded file {path} is not there: move the ticket back to 'ready to encode'.")
    size, encoded = path.stat().st_size, work.properties.get("Encoding.Bytes", "").strip()
    if encoded and encoded != str(size):
        raise JobFailed(
            f"The encoded file {path} has {size} bytes, Encoding.Bytes says {encoded[:40]}: it is not the file that "
            "was encoded and checked. Move the ticket back to 'ready to encode'."
        )
    return path


class PostprocessJob(Job):
    """Checksum the encoded file and copy it to the hidden mirror."""

    kind = "postprocess"
    state = "postprocessing"
    failures: ClassVar = (ChecksumDiffers, RetagFailed)

    def run(self, work: Work) -> str:
        """Copy, read the copy back, write the checksum beside it and into the ticket's properties."""
        hidden = work.folder("Processing.Path.Prerelease", make=True)
        distinct(work.properties, work.roots, "Processing.Path.Output", "Processing.Path.Prerelease")
        source = encoded_file(work)
        target = hidden / source.name
        with partial(target, work.ticket.attempt, work.confirm) as part:
            need_room(work, hidden, source.stat().st_size, f"the copy of {source.name}")
            copied = _copy(source, part, work)
        write_sidecar(target, copied.sha256, work.ticket.attempt)
        work.save({"Release.SHA256": copied.sha256, "Release.Bytes": str(copied.size)})
        return f"{copied.size} bytes, SHA-256 {copied.sha256}"


def _copy(source: Path, part: Path, work: Work) -> Copied:
    """Copy the file, with the metadata that was corrected in check if any; the encoder's own file stays as it is."""
    watcher, tags = Watcher(work.percent, work.halt.is_set), wanted(work.properties.get("Encoding.Metadata", ""))
    if not tags:
        return copy_proven(source, part, watcher)
    retag(source, part, tags, stop=work.halt)
    work.note(f"The file has corrected metadata: {', '.join(sorted(tags))}; picture and sound are copied.")
    return measure(part, watcher)


if __name__ == "__main__":
    sys.exit(main(PostprocessJob()))
