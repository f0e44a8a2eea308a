"""Files that people send through the browser, piece by piece, until they are whole and become recordings."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tracker import queries, tickets
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound, NotPermitted
from tracker.models import Project, Upload, User
from tracker.queries import uploads as rows
from tracker.settings import Settings
from tracker.tickets import Actor
from tracker.uploads import probing, store

MB = 1_000_000
MAX_UNFINISHED = 20
FORGOTTEN = timedelta(days=7)
"""After so long nobody goes on with an upload."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Depot:
    """Where uploads go and how much of it: bytes of one file, and of all files of one person that still lie there."""

    folder: Path
    largest: int
    quota: int


def depot(settings: Settings) -> Depot:
    """Return where uploads go. Raises NotFound when the server takes none."""
    if settings.uploads is None:
        raise NotFound("This server takes no uploads; an admin has to set FAHRWERK_UPLOADS to a folder of the mount.")
    return Depot(settings.uploads, settings.upload_max_mb * MB, settings.upload_quota_mb * MB)


def clean_name(name: str) -> str:
    """Return the name of a file as it may be shown: no folders, nothing that cannot be seen, not too long."""
    return _CONTROL.sub("", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()[-200:] or "file"


def create(where: Depot, project: Project, user: User, name: str, title: str, size: int) -> Upload:
    """Begin an upload of *size* bytes. Raises InvalidInput, naming the field, and NotPermitted in an archived project.

    Uploads that nobody went on with for a week are deleted first.
    """
    if project.read_only:
        raise NotPermitted(f"Project {project.slug} is archived; nothing in it can be changed.")
    queries.lock_again(user)
    forget(where)
    shown = clean_name(name)
    if not store.suffix_of(shown):
        raise InvalidInput(f"{shown} is no kind of video that is taken: {', '.join(store.SUFFIXES)}.", "file")
    _check_size(where, user, size)
    text = _CONTROL.sub(" ", title).strip()[:500] or shown.rsplit(".", 1)[0]
    made = Upload(project=project, user=user, key=secrets.token_urlsafe(16), name=shown, title=text, size=size)
    db.session.add(made)
    db.session.flush()
    store.begin(where.folder, made.key)
    return made


def _check_size(where: Depot, user: User, size: int) -> None:
    if not 0 < size <= where.largest:
        raise InvalidInput(f"A file may have 1 byte to {where.largest // MB} MB; this one has {size} bytes.", "file")
    used = rows.upload_bytes(user.id)
    if used + size > where.quota:
        raise InvalidInput(
            f"Your uploads may take {where.quota // MB} MB; {used // MB} MB are taken. Delete what nobody needs.",
            "file",
        )
    if rows.unfinished_uploads(user.id) >= MAX_UNFINISHED:
        raise InvalidInput(f"You have {MAX_UNFINISHED} uploads that are not finished; go on with those first.", "file")
    if not store.room_for(where.folder, size):
        raise InvalidInput("There is no room for this file on the server; tell an admin.", "file")


def get(project: Project, key: str) -> Upload:
    """Return an upload of a project; raise NotFound."""
    found = rows.upload_by_key(key) if store.KEY.match(key) else None
    if found is None or found.project_id != project.id:
        raise NotFound("There is no such upload, or it was given up.")
    return found


def own(project: Project, key: str, user: User) -> Upload:
    """Return an upload of a person's own; raise NotFound, and NotPermitted for another's."""
    found = get(project, key)
    if found.user_id != user.id:
        raise NotPermitted(f"This is the upload of {found.user.name if found.user else 'somebody else'}.")
    return found


def received(where: Depot, upload: Upload) -> int:
    """Return how many bytes are there; all of them once the upload is finished."""
    if upload.finished is not None:
        return upload.size
    return store.received(where.folder, upload.key, upload.name, upload.size)


def finish(where: Depot, upload: Upload) -> Upload:
    """Look into a whole file and make it a recording, or note why it is none and delete it; once, however often called.

    The file gets its name before the recording is stored: after a crash in between, this is called again.
    """
    queries.lock_again(upload)
    if upload.finished is not None or received(where, upload) < upload.size:
        return upload
    path = store.complete(where.folder, upload.key, upload.name)
    upload.finished = now()
    try:
        found = probing.probe(path, upload.name)
    except InvalidInput as error:
        upload.problem, upload.stored = str(error)[:1000], False
        store.remove(where.folder, upload.key, upload.name)
        db.session.flush()
        return upload
    upload.ticket = tickets.create_from_file(
        upload.project,
        Actor.of(upload.user) if upload.user else tickets.TRACKER,
        title=upload.title,
        source=path,
        seconds=found.seconds,
        note=f"{upload.name}: {found.sentence}",
    )
    db.session.flush()
    return upload


def discard(where: Depot, upload: Upload, user: User) -> None:
    """Delete an upload's file: one's own while it is unfinished, afterwards a superuser any that no script needs.

    Raises NotPermitted, and InvalidInput while the recording still needs its source.
    """
    queries.lock_again(upload)
    if upload.finished is None and upload.user_id != user.id and user.role not in ("superuser", "admin"):
        raise NotPermitted("Only who began an upload and superusers may give it up.")
    if upload.finished is not None and user.role not in ("superuser", "admin"):
        raise NotPermitted("Deleting an uploaded source needs the role 'superuser'.")
    if upload.ticket is not None and not tickets.moves.has_material(upload.ticket):
        raise InvalidInput(
            f"The recording is {upload.ticket.state!r} and needs this file until its cut master is made.", "delete"
        )
    store.remove(where.folder, upload.key, upload.name)
    upload.stored = False
    if upload.finished is None:
        db.session.delete(upload)
    db.session.flush()


def forget(where: Depot) -> None:
    """Delete what was begun and left alone for a week."""
    limit = now() - FORGOTTEN
    for upload in rows.left_uploads(limit):
        if store.touched(where.folder, upload.key, upload.name) > limit.timestamp():
            continue
        store.remove(where.folder, upload.key, upload.name)
        db.session.delete(upload)
    db.session.flush()
