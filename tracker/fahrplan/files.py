"""The files of a Fahrplan as they were read: compressed, each content once, the newest of them."""

from __future__ import annotations

import gzip
import hashlib

from tracker import queries
from tracker.db import db
from tracker.errors import NotFound
from tracker.models import FahrplanFile, FahrplanImport, Project

KEPT = 200
"""So many files of a project are kept; a merged schedule can have thousands of versions."""


def keep(project: Project, content: bytes) -> FahrplanFile:
    """Store a file unless the project has it, and forget the oldest beyond KEPT."""
    digest = hashlib.sha256(content).hexdigest()
    found = queries.fahrplan_file(project.id, digest)
    if found is None:
        packed = gzip.compress(content, 6, mtime=0)
        found = FahrplanFile(project_id=project.id, sha256=digest, size=len(content), content=packed)
        db.session.add(found)
        db.session.flush()
        queries.forget_fahrplan_files(project.id, KEPT)
    return found


def content(run: FahrplanImport) -> bytes:
    """Return the file of an import as it was read. Raises NotFound when it is no longer kept."""
    if run.file is None:
        raise NotFound(f"The file of import {run.id} is no longer kept.")
    return gzip.decompress(run.file.content)
