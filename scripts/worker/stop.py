"""What the operator asked for: finish this job and take no new one, or drop everything now."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scripts.worker.pause import PAUSE, RESUME, Pause
from tracker import wire

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Two events: *finish* (take no new ticket) and *now* (kill the child, give the ticket back)."""

    def __init__(self) -> None:
        """Begin with neither asked for."""
        self.finish = threading.Event()
        self.now = threading.Event()
        self.pause = Pause()
        self.broke_off = False
        """Whether work was given up because of *now*."""

    def obey(self, command: str) -> None:
        """Do what an operator had the tracker tell this worker: end after this job or now, pause, go on.

        Others are only logged.
        """
        if command in (PAUSE, RESUME):
            log.warning("the tracker says: %s", command)
            self.pause.asked = command == PAUSE
            self.pause.look()
            return
        if command not in (wire.TERMINATE, wire.TERMINATE_NOW):
            log.warning("the tracker sends a command that this worker does not know: %.200r", command)
            return
        log.warning("the tracker says: %s", command)
        self.finish.set()
        if command == wire.TERMINATE_NOW:
            self.now.set()

    def ask(self) -> None:
        """Take one more request to stop: the first means finish, the second means now."""
        if self.finish.is_set():
            log.warning("second request to stop: the job is broken off and its ticket given back")
            self.now.set()
        else:
            log.warning("request to stop: this job is finished, no new one taken; a second request breaks it off")
            self.finish.set()


@contextmanager
def on_signals(stop: Stop) -> Iterator[None]:
    """Turn SIGTERM and SIGINT into ``stop.ask()`` while the block runs; must be entered by the main thread.

    The events are set by a thread that reads the wake-up pipe, never by the handler itself: a handler may interrupt
    the very wait whose lock it would need.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    listener = threading.Thread(target=_listen, args=(read_end, stop), name="signals", daemon=True)
    former = {number: signal.signal(number, _ignore) for number in SIGNALS}
    former_fd = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(former_fd)
        for number, handler in former.items():
            signal.signal(number, handler)
        os.close(write_end)
        listener.join()
        os.close(read_end)


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing: the wake-up pipe carries the signal."""


def _listen(read_end: int, stop: Stop) -> None:
    while received := os.read(read_end, 16):
        for number in received:
            if number in SIGNALS:
                stop.ask()
