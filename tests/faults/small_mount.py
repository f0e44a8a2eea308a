"""Run a worker with little room in one folder: `python small_mount.py <own|shared> <folder> <kilobytes> <command...>`.

The folder is a small mount that nobody else sees and that is gone with the process. Where mounting is not allowed no
file may get larger than that instead. It prints which of both it was, then what lies in the folder in the end.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys

UNSHARE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
MOUNTED, LIMITED = "mounted", "limited"


def run(folder: str, kilobytes: int, command: list[str], environment: dict[str, str]) -> tuple[str, list[str]]:
    """Run *command*; return MOUNTED or LIMITED, and the names of the files that are left in the folder."""
    allowed = _succeeds([*UNSHARE, "true"])
    # Without mounts of its own it must not mount: that would be seen, and left behind, outside.
    start = [*UNSHARE, sys.executable, __file__, "own"] if allowed else [sys.executable, __file__, "shared"]
    argv = [*start, folder, str(kilobytes), *command]
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    how, *names = done.stdout.splitlines()
    return how, names


def main(mounts: str, folder: str, kilobytes: int, command: list[str]) -> None:
    """Make the mount or set the limit, run the command, tell."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder]
    how = MOUNTED if mounts == "own" and _succeeds(mount) else LIMITED
    if how == LIMITED:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))
    subprocess.run(command, check=True, stdout=sys.stderr)
    print(how, *os.listdir(folder), sep="\n")


def _succeeds(argv: list[str]) -> bool:
    try:
        return subprocess.run(argv, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
