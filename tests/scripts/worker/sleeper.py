"""A worker for the tests of signals and exit codes: it works until halted, or as long as its ticket says."""

from __future__ import annotations

import subprocess
import sys
import time

from scripts.worker.job import Job, Work
from scripts.worker.main import main
from scripts.worker.outcomes import JobFailed


class Sleeper(Job):
    """Sleep as long as the ticket says."""

    kind = "sleeper"
    state = "merging"

    def run(self, work: Work) -> str:
        """Start a child, wait for it or for the end of the work."""
        with subprocess.Popen(["sleep", work.need("Sleep")], start_new_session=True) as child:
            print(child.pid, flush=True)
            while child.poll() is None and not work.halt.is_set():
                time.sleep(0.02)
            child.kill()
        if work.halt.is_set():
            raise JobFailed("woken")
        return "slept"


if __name__ == "__main__":
    sys.exit(main(Sleeper()))
