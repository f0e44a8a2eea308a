"""The one place where ffmpeg (and the few other allowed programs) are started, watched and ended.

An exit code of 0 only says that the program is done; whether the result is right, `verify` has to tell.
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import IO

from scripts.media.programs import program

LEASH = Path(__file__).with_name("leash.py")
PROTOCOLS = "file,pipe,concat"
"""What an input may be fetched by: a hostile playlist among the sources must not reach the network."""
_TICK_S = 0.2
_PATIENCE_S = 1.0
"""Seconds a program has to end by itself. What it wrote is dropped anyway."""

PAUSED = Event()
"""While it is set, all programs of this process are suspended, with all that they started."""
_TAIL_BYTES = 16_384

StopTest = Callable[[], bool] | Event


class FfmpegFailed(Exception):
    """The program ended with an error; `tail` is the end of what it said."""

    def __init__(self, argv: Sequence[str], returncode: int, tail: str) -> None:
        """Keep the command, the exit code (negative: killed by that signal) and the tail of stderr."""
        super().__init__(_failure(argv, returncode, tail))
        self.argv, self.returncode, self.tail = list(argv), returncode, tail


class PipeFailed(FfmpegFailed):
    """Some programs of a pipe ended with an error; the sentence tells about each of them."""

    def __init__(self, failed: Sequence[FfmpegFailed], tail: str) -> None:
        """Keep the first one's command and exit code, and the end of what all of them said."""
        super().__init__(failed[0].argv, failed[0].returncode, tail)
        ends = [str(failure).split(": ", 1)[0] for failure in failed]
        self.args = (f"{', '.join(ends)}: {_last_words(tail)}",)


class Stopped(Exception):
    """The run was broken off because `stop` said so; the program is gone."""


def run(
    argv: Sequence[str],
    *,
    duration_s: float | None = None,
    progress: Callable[[float], None] | None = None,
    stop: StopTest | None = None,
    cwd: Path | None = None,
    log_tail: int = 40,
) -> str:
    """Run an allowed program to its end and return the last `log_tail` lines of what it said.

    `argv[0]` is its name (`ffmpeg`, `cp` ...), never a path. `progress` gets percent (0 to 100,
    never falling) while `duration_s` (seconds of output) is known. `stop` is asked at least four times a second.
    Raise FfmpegFailed, Stopped, ProgramMissing or ProgramRefused. Whatever `stop` or `progress` raise comes through;
    no program is left running then. Call it from a thread that lives on: the program dies with its thread, too.
    """
    return run_pipe([argv], duration_s=duration_s, progress=progress, stop=stop, cwd=cwd, log_tail=log_tail)


def run_pipe(
    argvs: Sequence[Sequence[str]],
    *,
    duration_s: float | None = None,
    progress: Callable[[float], None] | None = None,
    stop: StopTest | None = None,
    cwd: Path | None = None,
    log_tail: int = 40,
) -> str:
    """Run programs as `run` does, each reading what the one before writes, all in one process group, without a shell.

    Every exit code counts: raise FfmpegFailed for one of a single program, PipeFailed for any of several.
    """
    commands = [complete(argv, into_pipe=argv is not argvs[-1]) for argv in argvs]
    watch = _Watch(duration_s, progress, stop.is_set if isinstance(stop, Event) else stop)
    with _running(commands, cwd) as processes:
        watch.follow(processes)
    tail = "\n".join(watch.said().splitlines()[-log_tail:])
    ended = zip(commands, processes, strict=True)
    failed = [FfmpegFailed(command, process.returncode, tail) for command, process in ended if process.returncode]
    if failed:
        raise failed[0] if len(commands) == 1 else PipeFailed(failed, tail)
    return tail


def complete(argv: Sequence[str], *, into_pipe: bool = False) -> list[str]:
    """Return the command as it is run: absolute program; for ffmpeg the options that make it quiet, watched, local.

    One that writes its result *into_pipe* cannot tell its progress there.
    """
    name, *arguments = argv
    if name != "ffmpeg":
        return [program(name), *arguments]
    quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"]
    watched = [] if into_pipe else ["-stats_period", "0.25", "-progress", "pipe:1"]
    return [program(name), *quiet, *watched, *_guard_inputs(arguments)]


def _guard_inputs(arguments: Sequence[str]) -> Iterator[str]:
    """Put the list of allowed protocols before every input; the last one given counts, so no template can widen it."""
    former = ""
    for argument in arguments:
        if argument == "-i":
            yield from ("-protocol_whitelist", PROTOCOLS)
        yield "pipe:0" if (former, argument) == ("-i", "-") else argument  # to new versions, - is another protocol
        former = argument


@contextmanager
def _running(commands: Sequence[list[str]], cwd: Path | None) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start the programs in a group of their own and see to it that the whole group is gone in the end."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            processes.append(_start(command, processes, cwd))
        yield processes
    finally:
        _end(processes)
        for process in processes:
            for stream in (process.stdout, process.stderr):
                assert stream is not None
                stream.close()


def _start(command: list[str], before: Sequence[subprocess.Popen[bytes]], cwd: Path | None) -> subprocess.Popen[bytes]:
    leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command]
    former = before[-1].stdout if before else None
    process = subprocess.Popen(
        leashed,
        stdin=former or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        process_group=before[0].pid if before else 0,
        bufsize=0,
    )
    if former is not None:
        former.close()  # or the one before would never learn that its reader is gone
    return process


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the group: politely, then for certain. A process stuck in the kernel (dead mount) is waited for no longer."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if all([process.poll() is not None for process in processes]):
            return
        try:
            os.killpg(processes[0].pid, number)
            os.killpg(processes[0].pid, signal.SIGCONT)  # one that is suspended would not hear it
            for process in processes:
                process.wait(_PATIENCE_S)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


class _Watch:
    """Reads what the program says, turns it into percent, asks whether to stop."""

    def __init__(
        self, duration_s: float | None, progress: Callable[[float], None] | None, stop: Callable[[], bool] | None
    ) -> None:
        self._duration_s, self._progress, self._stop = duration_s, progress, stop
        self._tail, self._line = bytearray(), b""
        self._percent = 0.0
        self._suspended = False

    def follow(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        """Read until the programs have ended; raise Stopped when asked to."""
        with selectors.DefaultSelector() as selector:
            selector.register(_stream(processes[-1].stdout), selectors.EVENT_READ, self._hear_progress)
            for process in processes:
                selector.register(_stream(process.stderr), selectors.EVENT_READ, self._hear_words)
            asked = 0.0
            while selector.get_map():
                for key, _ in selector.select(_TICK_S):
                    self._read(key, selector)
                if time.monotonic() - asked >= _TICK_S:
                    asked = time.monotonic()
                    self._ask(processes)
        while _alive(processes):  # they closed their output and live on
            self._ask(processes)
            time.sleep(_TICK_S / 10)

    def _ask(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        if self._stop is not None and _alive(processes) and self._stop():
            raise Stopped("The run was broken off on request.")
        if PAUSED.is_set() != self._suspended:
            self._suspended = PAUSED.is_set()
            with suppress(ProcessLookupError):
                os.killpg(processes[0].pid, signal.SIGSTOP if self._suspended else signal.SIGCONT)

    def _read(self, key: selectors.SelectorKey, selector: selectors.BaseSelector) -> None:
        stream = key.fileobj
        data = os.read(stream if isinstance(stream, int) else stream.fileno(), 65_536)
        if data:
            key.data(data)
        else:
            selector.unregister(stream)

    def said(self) -> str:
        """Return the end of what the program said."""
        return self._tail.decode(errors="replace")

    def _hear_words(self, data: bytes) -> None:
        self._tail += data  # kept in memory and short: a damaged source makes ffmpeg complain by the gigabyte
        del self._tail[:-_TAIL_BYTES]

    def _hear_progress(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        self._line = self._line[-1000:]
        for line in lines:
            name, _, value = line.partition(b"=")
            if name == b"out_time_us" and value.strip().isdigit():
                self._report(int(value) / 1_000_000)

    def _report(self, seconds: float) -> None:
        if self._progress is None or not self._duration_s:
            return
        percent = min(100.0, 100 * seconds / self._duration_s)
        if percent > self._percent:
            self._percent = percent
            self._progress(percent)


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _alive(processes: Sequence[subprocess.Popen[bytes]]) -> bool:
    return any([process.poll() is None for process in processes])


def _failure(argv: Sequence[str], returncode: int, tail: str) -> str:
    name = "ffmpeg" if "ffmpeg" in Path(argv[0]).name else Path(argv[0]).name
    last = _last_words(tail)
    if returncode >= 0:
        return f"{name} ended with exit code {returncode}: {last}"
    return (
        f"{name} was killed by signal {-returncode}, by somebody or for want of memory: look after the host, then "
        f"clear the failed flag. Its last words: {last}"
    )


def _last_words(tail: str) -> str:
    """Return the last line that tells something: a broken pipe only says that somebody else failed."""
    lines = [line for line in tail.splitlines() if line.strip() and line != "Conversion failed!"]
    telling = [line for line in lines if "Broken pipe" not in line] or lines
    return telling[-1] if telling else "it said nothing"
