"""Uploads: a recording that somebody brings as a file. The pieces travel by tus 1.0 (core, creation, termination)."""

from __future__ import annotations

import base64
import binascii

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import projects, properties, tickets, uploads
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput
from tracker.gui import forms, live
from tracker.gui.access import bp, me, needs, oneself, project_or_404
from tracker.gui.views.release import File, file_of
from tracker.models import Project, Ticket, Upload
from tracker.queries import uploads as rows
from tracker.statemachine import ENCODING
from tracker.uploads import Depot

SHOWN = 50
TUS = "1.0.0"
PIECE = "application/offset+octet-stream"
CHUNK = 8 * 1024 * 1024
"""Bytes that the page sends with one request; `UPLOAD_CHUNK` of the application's config, for tests."""


def _depot() -> Depot:
    return uploads.depot(current_app.config["SETTINGS"])


@bp.get("/<slug>/uploads")
@needs("user")
def upload_list(slug: str) -> ResponseReturnValue:
    """Show the form for an upload, and the last ones."""
    project = project_or_404(slug)
    where = _depot()
    listed = rows.uploads(project.id, SHOWN)
    return render_template(
        "uploads.html",
        project=project,
        uploads=listed,
        here={each.key: uploads.received(where, each) for each in listed if each.finished is None},
        suffixes=uploads.store.SUFFIXES,
        largest=where.largest,
        quota=where.quota,
        used=rows.upload_bytes(me().id),
        chunk=current_app.config.get("UPLOAD_CHUNK", CHUNK),
    )


@bp.post("/<slug>/uploads")
@needs("user")
@oneself
def upload_begin(slug: str) -> ResponseReturnValue:
    """Begin an upload (tus creation): answers where its pieces go."""
    project = project_or_404(slug)
    _tus()
    said = _metadata(request.headers.get("Upload-Metadata", ""))
    length = _number("Upload-Length")
    with transaction():
        made = uploads.create(_depot(), project, me(), said.get("filename", ""), said.get("title", ""), length)
        key = made.key
    answer = _answer(201)
    answer.headers["Location"] = url_for("gui.upload_pieces", slug=slug, key=key)
    return answer


@bp.route("/<slug>/uploads/<key>/pieces", methods=["HEAD"])
@needs("user")
def upload_pieces(slug: str, key: str) -> ResponseReturnValue:
    """Tell how much is there (tus HEAD)."""
    upload = uploads.own(project_or_404(slug), key, me())
    answer = _answer(200)
    answer.headers["Upload-Offset"] = str(uploads.received(_depot(), upload))
    answer.headers["Upload-Length"] = str(upload.size)
    return answer


@bp.route("/<slug>/uploads/<key>/pieces", methods=["PATCH"])
@needs("user")
@oneself
def upload_append(slug: str, key: str) -> ResponseReturnValue:
    """Take a piece (tus PATCH). The last one makes the file a recording; an empty one tries that again."""
    where = _depot()
    _tus()
    if request.mimetype != PIECE:
        raise InvalidInput(f"A piece has the type {PIECE}.", "Content-Type")
    offset = _number("Upload-Offset")
    with transaction():  # ended before the piece: nobody waits for a connection while it trickles in
        upload = uploads.own(project_or_404(slug), key, me())
        size, there = upload.size, uploads.received(where, upload)
    if there < size:
        there = uploads.store.append(where.folder, key, size, offset, request.stream)
    elif offset != there:
        raise Conflict(f"{there} bytes are there, not {offset}; nothing is missing.")
    if there == size:
        with transaction():
            uploads.finish(where, uploads.own(project_or_404(slug), key, me()))
    answer = _answer(204)
    answer.headers["Upload-Offset"] = str(there)
    return answer


@bp.route("/<slug>/uploads/<key>/pieces", methods=["DELETE"])
@needs("user")
@oneself
def upload_end(slug: str, key: str) -> ResponseReturnValue:
    """Give an upload up (tus termination)."""
    upload = uploads.get(project_or_404(slug), key)
    _tus()
    with transaction():
        uploads.discard(_depot(), upload, me())
    return _answer(204)


def _tus() -> None:
    if request.headers.get("Tus-Resumable") != TUS:
        raise InvalidInput(f"Send the header Tus-Resumable: {TUS}; no other version is spoken.", "Tus-Resumable")


def _number(name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InvalidInput(f"The header {name} is {text[:30]!r}, which is no number of bytes.", name)
    return int(text)


def _metadata(text: str) -> dict[str, str]:
    """Read Upload-Metadata: names, each with a value in base64, joined by commas."""
    found = {}
    for pair in text.split(","):
        name, _, coded = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(coded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidInput(f"Upload-Metadata: the value of {name[:30]!r} is no UTF-8 in base64.", name) from None
    return found


def _answer(status: int) -> Response:
    answer = Response(status=status)
    answer.headers["Tus-Resumable"] = TUS
    return answer


# --- one upload --------------------------------------------------------------------------------------------------


@bp.get("/<slug>/uploads/<key>")
@needs("user")
def upload_page(slug: str, key: str) -> ResponseReturnValue:
    """Show what became of an upload: the recording, and each format with its address as it appears."""
    project = project_or_404(slug)
    upload = uploads.get(project, key)
    there = uploads.received(_depot(), upload)
    tag = f"{live.stamp(project)}-{there}-{upload.finished is not None}"
    return live.unchanged(tag) or live.tagged(_page(project, upload, there), tag)


def _page(project: Project, upload: Upload, there: int | None = None, error: InvalidInput | None = None) -> str:
    ticket = upload.ticket
    return render_template(
        "upload.html",
        project=project,
        upload=upload,
        there=uploads.received(_depot(), upload) if there is None else there,
        ticket=ticket,
        files=_files(ticket) if ticket is not None else [],
        percent=projects.progress_of_talk(ticket) if ticket is not None else 0.0,
        why=tickets.why_waiting(ticket) if ticket is not None else "",
        base=properties.own(project).get("Release.URL", ""),
        error=error,
    )


def _files(ticket: Ticket) -> list[File]:
    return [file_of(child) for child in ticket.children if child.type == ENCODING and not child.off]


@bp.post("/<slug>/uploads/<key>")
@needs("user")
@oneself
def upload_delete(slug: str, key: str) -> ResponseReturnValue:
    """Delete the file of an upload."""
    project = project_or_404(slug)
    upload = uploads.get(project, key)
    try:
        if forms.text("confirm") != "1":
            raise InvalidInput("Tick that the file shall go.", "delete")
        with transaction():
            uploads.discard(_depot(), upload, me())
    except InvalidInput as error:
        return forms.again(error, lambda one, two: _page(project, one, None, two), upload)
    flash("The uploaded file is deleted.")
    return redirect(url_for("gui.upload_list", slug=slug), 303)
