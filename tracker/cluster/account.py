"""The user that PostgreSQL runs as when we are root: it refuses to run as root itself."""

from __future__ import annotations

import pwd
import stat
import subprocess
from pathlib import Path

from tracker.errors import DatabaseError

ACCOUNT = "fahrwerk"


def closed_to(account: pwd.struct_passwd, folder: Path) -> Path | None:
    """Return the first folder on the way to *folder*, itself included, that *account* may not pass through."""
    for step in [*reversed(folder.parents), folder]:
        found = step.stat()
        if found.st_uid == account.pw_uid:
            passes = found.st_mode & stat.S_IXUSR
        elif found.st_gid == account.pw_gid:
            passes = found.st_mode & stat.S_IXGRP
        else:
            passes = found.st_mode & stat.S_IXOTH
        if not passes:
            return step
    return None


def system_user(name: str) -> pwd.struct_passwd:
    """Return the system user *name*, made if need be."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        pass
    argv = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", name]
    try:
        subprocess.run([*argv, "--shell", "/usr/sbin/nologin"], capture_output=True, text=True)
        return pwd.getpwnam(name)
    except (FileNotFoundError, KeyError) as error:
        raise DatabaseError(
            f"PostgreSQL does not run as root, and the system user {name} cannot be made by useradd: make it, or do "
            "not run as root."
        ) from error
