"""Run a program that ends when its parent does: `python leash.py <parent's pid> <program> <arguments...>`.

A worker that is killed with SIGKILL cannot tidy up, and an ffmpeg left alone would go on writing for hours. The kernel
can do it (PR_SET_PDEATHSIG), but the request has to be made in the child. Python's preexec_fn would be the short way
and is not safe here: it runs Python between fork and exec while the heartbeat thread may hold a lock. So this file runs
as a fresh interpreter and replaces itself by the program.

Executed as a file, imports nothing of ours. Where there is no prctl (not Linux) the program just runs.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, argv: list[str]) -> None:
    """Ask for SIGKILL at the parent's death, then become the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the request was made
        os._exit(1)
    if (nice := os.environ.get("FAHRWERK_NICE", "")).isdigit():
        os.nice(int(nice))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and the program would inherit that
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a talk may stand in more than a thousand segments
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
