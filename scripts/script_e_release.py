"""Script E: ready to release -> releasing -> released, and the withdrawal of what left `released` again.

A file gets public by copy to a part, fsync, rename; the hidden copy goes after the public one stands (design D13).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from scripts.media.files import PathRefused, partial
from scripts.publish import subtitles
from scripts.publish.catalogue import Catalogue, NotOurs
from scripts.publish.copies import ChecksumDiffers, Copied, Watcher, copy_proven, sidecar, write_sidecar
from scripts.publish.entry import Entry, facts
from scripts.publish.page import write_page
from scripts.worker.client import Project, Ticket, TrackerClient
from scripts.worker.folders import distinct, folder, output_name
from scripts.worker.job import Job, Work
from scripts.worker.loop import Shift
from scripts.worker.main import main
from scripts.worker.outcomes import JobFailed, Wait
from scripts.worker.room import need_room

PATHS = ("Processing.Path.Output", "Processing.Path.Prerelease", "Processing.Path.Release")
PUBLIC = PATHS[2]


def source_of(work: Work, name: str, public: Path) -> Path:
    """Return what to publish: the hidden copy, else the encoded file, else what an interrupted attempt made public."""
    candidates = [work.folder(PATHS[1], make=True) / name, work.folder(PATHS[0], make=True) / name, public / name]
    for path in candidates:
        if path.is_file() and not path.is_symlink():
            return path
    raise JobFailed(f"Neither {candidates[0]} nor {candidates[1]} is there: move the ticket back to 'ready to encode'.")


def release_number(earlier: list[Entry], count: str) -> int:
    """Return Release.Count for this release: releases count, attempts do not.

    A withdrawal removes the notes of a ticket before it can be released anew, so a note that is still there was left
    by an attempt that was broken off before `released`: its number is used again.
    """
    if earlier:
        return max(entry.release for entry in earlier)
    return (int(count) if count.isascii() and count.isdigit() else 0) + 1


def entry_of(work: Work, name: str, copied: Copied, release: int) -> Entry:
    """Describe the file that becomes public now."""
    now = datetime.now(ZoneInfo(work.need("Project.TimeZone")))
    return Entry(
        name=name,
        project=work.need("Project.Slug"),
        ticket=work.ticket.id,
        release=release,
        released=now.strftime("%Y.%m.%d_%H:%M:%S"),
        sha256=copied.sha256,
        bytes=copied.size,
        **facts(work.properties),
    )


class ReleaseJob(Job):
    """Release files and withdraw them."""

    kind = "release"
    state = "releasing"
    failures: ClassVar = (ChecksumDiffers, NotOurs)

    def run(self, work: Work) -> str:
        """Publish the file of the ticket, note it, list it, then remove the hidden copy."""
        name = output_name(work.properties)
        public = work.folder(PUBLIC, make=True)
        distinct(work.properties, work.roots, *PATHS)
        catalogue = Catalogue(public)
        catalogue.check_free(name, work.need("Project.Slug"), work.ticket.id)
        entry = self._publish(work, name, catalogue)
        hidden = work.folder(PATHS[1]) / name
        for path in (hidden, sidecar(hidden)):
            path.unlink(missing_ok=True)
        work.save({"Release.Datetime": entry.released, "Release.Count": str(entry.release)})
        return f"release {entry.release}: {public / name}"

    def _publish(self, work: Work, name: str, catalogue: Catalogue) -> Entry:
        target, attempt = catalogue.folder / name, work.ticket.attempt
        watcher = Watcher(work.percent, work.halt.is_set)
        source, expected = source_of(work, name, catalogue.folder), work.need("Release.SHA256")
        shown = subtitles.published_with(work.properties, work.folder(PATHS[0]) / name)
        with ExitStack() as stack:
            with partial(target, attempt, work.confirm) as part:
                need_room(work, catalogue.folder, source.stat().st_size, f"the public copy of {name}")
                copied = copy_proven(source, part, watcher, expected=expected)
                stack.enter_context(catalogue.locked(work.halt.is_set))
                entry = self._note(work, name, copied, catalogue)
            write_sidecar(target, copied.sha256, attempt)
            subtitles.publish(shown, target, attempt)
            for former in catalogue.of_ticket(entry.project, entry.ticket):
                if former.name != name:
                    catalogue.remove(former)
            write_page(catalogue, attempt)
        return entry

    def _note(self, work: Work, name: str, copied: Copied, catalogue: Catalogue) -> Entry:
        """Under the lock, make sure the file may appear and note whose it is; the rename follows."""
        slug, ticket = work.need("Project.Slug"), work.ticket
        if any(waiting.id == ticket.id for waiting in work.tracker.get_withdrawals()):
            withdraw(ticket, slug, catalogue, work.tracker, work.properties)
        catalogue.check_free(name, slug, ticket.id)
        number = release_number(catalogue.of_ticket(slug, ticket.id), work.properties.get("Release.Count", ""))
        entry = entry_of(work, name, copied, number)
        work.confirm()
        catalogue.put(entry, ticket.attempt)
        return entry

    def turn(self, tracker: TrackerClient, project: Project, shift: Shift) -> bool:
        """Withdraw what the tracker wants withdrawn; what keeps a file public is told on its ticket, once."""
        done = False
        for ticket in tracker.get_withdrawals():
            try:
                done = self._withdraw(ticket, project, tracker, shift) or done
            except (JobFailed, Wait, PathRefused, OSError) as error:
                if shift.notices.is_news(("withdraw", ticket.id), str(error)):
                    tracker.add_log(ticket.id, f"Still public: {error}")
        return done

    def _withdraw(self, ticket: Ticket, project: Project, tracker: TrackerClient, shift: Shift) -> bool:
        properties = tracker.get_ticket_properties(ticket.id)
        catalogue = Catalogue(folder(properties, PUBLIC, shift.settings.roots))
        check_there(catalogue, properties)  # before the lock, which is a file
        if not catalogue.is_there():
            return tracker.set_withdrawn(ticket.id, f"It was never released, and nothing is in {catalogue.folder}.")
        with catalogue.locked(shift.stop.finish.is_set):
            if all(waiting.id != ticket.id for waiting in tracker.get_withdrawals()):
                return False  # another script E was faster, and may have released it anew by now
            withdraw(ticket, project.slug, catalogue, tracker, properties)
        return True


def check_there(catalogue: Catalogue, properties: Mapping[str, str]) -> None:
    """Make sure that what the folder does not show is not public. Raise Wait for a folder that tells nothing.

    The mount may be away, or Processing.Path.Release may name another folder than it did at the release.
    """
    if properties.get("Release.Datetime", "").strip() and not catalogue.is_there():
        raise Wait(
            f"{PUBLIC} {catalogue.folder} is empty: is the folder mounted? The file was released on "
            f"{properties['Release.Datetime']}. Mount the folder, or set {PUBLIC} to the one of that time; when the "
            "file really is gone, delete the property Release.Datetime of the ticket."
        )


def withdraw(
    ticket: Ticket, slug: str, catalogue: Catalogue, tracker: TrackerClient, properties: Mapping[str, str]
) -> None:
    """Remove all public files of a ticket, write the page anew and report it; the lock is held. Raise Wait."""
    check_there(catalogue, properties)
    entries = catalogue.of_ticket(slug, ticket.id)
    for entry in entries:
        catalogue.remove(entry)
    if catalogue.is_there():
        write_page(catalogue, "withdrawal")
    names = ", ".join(entry.name for entry in entries)
    tracker.set_withdrawn(ticket.id, f"Withdrawn: {names}" if names else f"Nothing of it was in {catalogue.folder}.")


if __name__ == "__main__":
    sys.exit(main(ReleaseJob()))
