"""Where the programs are that a job may run, and which ones it may run at all.

A job template names programs; a worker runs only those on the list below and always by absolute path, so that
neither a template nor the folder a job runs in can bring its own `ffmpeg`.
"""

import os
import re
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ALLOWED = ("ffmpeg", "ffprobe", "cp", "mv")
MORE = "FAHRWERK_PROGRAMS"
"""The variable that names further programs; the tracker reads it too, when it checks a template."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")

_HINTS = {
    "ffmpeg": "install ffmpeg (apt-get install ffmpeg), or pip install imageio-ffmpeg, "
    "or set FAHRWERK_FFMPEG to its absolute path",
    "ffprobe": "install ffmpeg (apt-get install ffmpeg brings ffprobe), or set FAHRWERK_FFPROBE to its absolute path",
}


class ProgramMissing(Exception):
    """A program that is on the list is not on this machine."""


class ProgramRefused(Exception):
    """A job asked for a program that is not on the list."""


def allowed(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the names of the programs that jobs may run: the list above and what FAHRWERK_PROGRAMS adds.

    Raise ProgramRefused for a word there that is no name of a program.
    """
    more = re.split(r"[\s,:]+", environ.get(MORE, "").strip())
    wrong = [word for word in more if word and not _NAME.fullmatch(word)]
    if wrong:
        raise ProgramRefused(f"{MORE} has {wrong[0]!r}, which is no name of a program: correct it.")
    return tuple(dict.fromkeys((*ALLOWED, *filter(None, more))))


def program(name: str) -> str:
    """Find the absolute path of an allowed program.

    ffmpeg and ffprobe: FAHRWERK_FFMPEG / FAHRWERK_FFPROBE, else PATH, else (ffmpeg) the imageio-ffmpeg wheel.
    Raise ProgramRefused for a name that is not allowed, ProgramMissing with a hint when it is not installed.
    """
    if name not in allowed():
        raise ProgramRefused(f"The program {name!r} is not allowed here; allowed are {', '.join(allowed())}.")
    return _configured(name) or _in_path(name) or _from_wheel(name) or _missing(name)


def _configured(name: str) -> str | None:
    variable = f"FAHRWERK_{name.upper()}"
    value = os.environ.get(variable) if name in _HINTS else None
    if not value:
        return None
    if not (Path(value).is_absolute() and os.access(value, os.X_OK) and Path(value).is_file()):
        raise ProgramMissing(
            f"{variable} is {value!r}, which is not the absolute path of a program that can be run: "
            f"correct it, or leave it out to have {name} looked for."
        )
    return value


def _in_path(name: str) -> str | None:
    found = shutil.which(name)
    return str(Path(found).absolute()) if found else None


def _from_wheel(name: str) -> str | None:
    return _wheel_ffmpeg() if name == "ffmpeg" else None


@cache
def _wheel_ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg  # an optional dependency: loaded only when no other ffmpeg was found
    except ImportError:
        return None
    try:
        return str(Path(imageio_ffmpeg.get_ffmpeg_exe()).absolute())
    except RuntimeError:  # the wheel for this platform carries no binary
        return None


def _missing(name: str) -> str:
    raise ProgramMissing(f"{name} is not installed: {_HINTS.get(name, f'install {name}')}.")
