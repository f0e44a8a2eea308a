"""From properties to folders: every path of a project must lie under a root this worker was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.media.files import PathRefused, inside
from scripts.worker.outcomes import JobFailed, Wait

_REMEDIES = (
    ("Processing.", "set it on the project's page"),
    ("Meta.", "set it on the project's page"),
    ("Project.", "set it on the project's page"),
    ("Fahrplan.", "import the Fahrplan again, or set it on the ticket"),
    ("Room.", "give the ticket a room"),
    ("Record.Cutin", "set it on the cut page"),
    ("Record.Cutout", "set it on the cut page"),
    ("Record.Language", "choose it on the cut page"),
    ("Record.", "script B writes it: move the recording ticket back to 'recorded'"),
    ("EncodingProfile.Basename", "choose the talk's language on the cut page"),
    ("EncodingProfile.", "set it in the encoding profile"),
    ("Release.", "script D writes it: move the ticket back to 'checked'"),
)


def remedy(name: str) -> str:
    """Say where the property *name* is set."""
    return next((text for start, text in _REMEDIES if name.startswith(start)), "set it on the ticket")


def needed(properties: Mapping[str, str], name: str) -> str:
    """Return the property *name*. Raise JobFailed naming it and where to set it when it is missing."""
    value = properties.get(name, "").strip()
    if not value:
        raise JobFailed(f"The property {name} is missing: {remedy(name)}.")
    return value


def folder(properties: Mapping[str, str], name: str, roots: Sequence[Path], *, make: bool = False) -> Path:
    """Return the folder a property like Processing.Path.Raw names, resolved.

    Raise JobFailed when it is missing, relative, or outside of *roots*; Wait when it is not there (a mount may come
    back). With *make* it is created inside its root instead.
    """
    text = needed(properties, name)
    if not text.startswith("/"):
        raise JobFailed(f"{name} is {text!r}, which is no absolute path: {remedy(name)}.")
    try:
        path = inside(roots, text)
    except PathRefused as refused:
        raise JobFailed(f"{name}: {refused} Either {remedy(name)}, or add it to FAHRWERK_WORKER_ROOTS.") from refused
    if make and not path.exists():
        path.mkdir(parents=True, exist_ok=True)
    if not path.is_dir():
        raise Wait(f"{name} is {text}, and there is no such folder: mount or create it, or {remedy(name)}.")
    return path


def source_folder(named: str, properties: Mapping[str, str], roots: Sequence[Path]) -> Path:
    """Return the folder of the files of a timeline, which *named* it; '' is Processing.Path.Raw.

    Raise PathRefused when it is outside of *roots*, else as `folder`.
    """
    return inside(roots, named) if named else folder(properties, "Processing.Path.Raw", roots)


def plain_name(name: str, what: str) -> str:
    """Return *name* when it is a file name without any path. Raise JobFailed naming *what* otherwise."""
    if name in ("", ".", "..") or "/" in name or "\\" in name or name.startswith(".") or not name.isprintable():
        raise JobFailed(f"{what} is {name!r}, which is no plain file name: {remedy(what)}.")
    return name


def talk_folder(properties: Mapping[str, str], roots: Sequence[Path]) -> Path:
    """Return the work folder of a talk, ``<Processing.Path.Tmp>/<Project.Slug>/<Fahrplan.ID>``, made when absent."""
    tmp = folder(properties, "Processing.Path.Tmp", roots, make=True)
    slug, talk = (plain_name(needed(properties, name), name) for name in ("Project.Slug", "Fahrplan.ID"))
    path = inside(roots, str(tmp / slug / talk))
    path.mkdir(parents=True, exist_ok=True)
    return path


def output_name(properties: Mapping[str, str]) -> str:
    """Return the name of an encoded file, ``<EncodingProfile.Basename>.<EncodingProfile.Extension>``."""
    base, extension = (needed(properties, f"EncodingProfile.{part}") for part in ("Basename", "Extension"))
    return plain_name(f"{base}.{extension}", "EncodingProfile.Basename")


def distinct(properties: Mapping[str, str], roots: Sequence[Path], *names: str) -> None:
    """Make sure that the folders of *names* differ. Raise JobFailed: a copy onto itself would remove the only one."""
    seen: dict[Path, str] = {}
    for name in names:
        path = folder(properties, name, roots, make=True)
        if path in seen:
            raise JobFailed(f"{seen[path]} and {name} are both {path}: set two folders on the project's page.")
        seen[path] = name
