"""Starting a script: settings, name, logging, signals, loop, exit code."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence

from scripts.worker import loop, names, terminal
from scripts.worker.client import Refused, TrackerUnavailable
from scripts.worker.job import Job
from scripts.worker.settings import SettingsError, WorkerSettings
from scripts.worker.stop import Stop, on_signals

log = logging.getLogger(__name__)

OK, CRASHED, MISTAKES, NO_TRACKER, BROKEN_OFF = range(5)
"""Exit codes: all well (also when stopped by a signal) · a bug · wrong settings · with --once: the tracker could not
be asked · a second signal broke the work off."""


def main(job: Job, arguments: Sequence[str] | None = None) -> int:
    """Run *job* as a program with ``--once`` and ``--name``; return the exit code."""
    parser = argparse.ArgumentParser(description=(job.__doc__ or "").splitlines()[0])
    parser.add_argument("--once", action="store_true", help="make one turn over the projects and stop")
    parser.add_argument("--name", help="label in the worker's host name instead of the lowest free one")
    options = parser.parse_args(arguments)
    return serve(job, once=options.once, name=options.name)


def serve(job: Job, *, once: bool, name: str | None, environ: Mapping[str, str] | None = None) -> int:
    """Work as *job* until a signal comes, or for one turn; return the exit code. To be called by the main thread."""
    environ = os.environ if environ is None else environ
    try:
        settings = WorkerSettings.from_env(environ, needs_roots=job.uses_mount)
        taken = names.claim(settings.host, job.kind, names.runtime_folder(environ), label=name)
    except (SettingsError, names.NameTaken, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return MISTAKES
    _log_to_stderr(taken.label)
    stop = Stop()
    try:
        with on_signals(stop):
            code = _work(job, loop.Shift.begin(settings, taken.fqdn, stop), once=once)
    except Exception:
        log.exception("%s ends because of a bug", taken.label)
        code = CRASHED
    finally:
        taken.release()
    return BROKEN_OFF if stop.broke_off else code


def _work(job: Job, shift: loop.Shift, *, once: bool) -> int:
    log.info("working as %s for %s", shift.tracker.fqdn, shift.settings.tracker_url)
    if not once:
        loop.run(job, shift)
        return OK
    try:
        loop.step(job, shift)
    except (TrackerUnavailable, Refused) as error:
        log.error("%s", error)
        return NO_TRACKER
    return OK


def _log_to_stderr(label: str) -> None:
    form = "%(message)s" if terminal.watched() else f"%(asctime)s {label} %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=[terminal.handler()], force=True)
