"""The loop of every script: one turn over the projects, and the one place that decides how a ticket's work ended."""

from __future__ import annotations

import errno
import logging
import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from scripts.media.ffmpeg import FfmpegFailed
from scripts.media.files import NothingWritten, PathRefused
from scripts.media.programs import ProgramMissing, ProgramRefused
from scripts.worker import terminal
from scripts.worker.client import Project, Refused, Ticket, TicketLost, TrackerClient, TrackerUnavailable
from scripts.worker.heartbeat import Halt, Heartbeat
from scripts.worker.job import Job, Work
from scripts.worker.outcomes import Done, Failed, GivenBack, JobFailed, Lost, Outcome, Wait
from scripts.worker.reserve import shortage
from scripts.worker.settings import WorkerSettings
from scripts.worker.stop import Stop
from scripts.worker.transport import Patience

log = logging.getLogger(__name__)

FIRST_IDLE_S = 0.5
LISTEN_S = 10.0
"""Seconds after which an idle worker asks whether there is a command for it."""
IDLE_PATIENCE_S = 20.0
LAST_WORDS_S = 10.0
DOOR_TIMEOUT_S = 30.0
RETRY_MISSING_S = 600
TAIL_CHARS = 20_000
FULL = {
    errno.ENOSPC: "There is no room left for {where}: make room there.",
    errno.EDQUOT: "There is no room left for {where}: make room there.",
    errno.EROFS: "{where} cannot be written to, its mount is read-only: mount it for writing.",
}
"""What a mount may refuse, and what a person has to do about it; nothing is wrong with the ticket then."""
SPEAKING = (JobFailed, Refused, FfmpegFailed, NothingWritten, PathRefused, ProgramRefused)
"""Exceptions whose text is a sentence for the ticket; a job may add its own."""


class Notices:
    """Remembers what was last said about a thing, so that it is said once and not every ten seconds."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._last: dict[object, str] = {}

    def is_news(self, about: object, sentence: str) -> bool:
        """Tell whether *sentence* differs from the last one about the same thing, and remember it."""
        if self._last.get(about, "") == sentence:
            return False
        self._last[about] = sentence
        return True

    def forget(self, about: object) -> None:
        """Take anything about a thing for news again."""
        self._last.pop(about, None)


@dataclass(frozen=True)
class Shift:
    """A worker at work: its settings, its door to the tracker, the operator's wishes, what it has said already."""

    settings: WorkerSettings
    tracker: TrackerClient
    stop: Stop
    notices: Notices = field(default_factory=Notices)

    @classmethod
    def begin(cls, settings: WorkerSettings, fqdn: str, stop: Stop) -> Shift:
        """Open the door to the tracker as *fqdn*; calls made while idle end with the first request to stop."""
        patience = Patience(IDLE_PATIENCE_S, stop.finish)
        stop.pause.hours = settings.hours
        tracker = TrackerClient(
            settings.tracker_url,
            fqdn,
            settings.secret,
            patience=patience,
            lease_s=settings.lease_s,
            on_command=stop.obey,
        )
        return cls(settings, tracker, stop)


# --- turns -------------------------------------------------------------------------------------------------------


def run(job: Job, shift: Shift) -> None:
    """Make turns until asked to stop, without pause while there is work, ever slower (up to poll_s) while not."""
    idle_s, listened = FIRST_IDLE_S, time.monotonic()
    while not shift.stop.finish.is_set():
        if _safe_step(job, shift):
            idle_s = FIRST_IDLE_S
            continue
        if time.monotonic() - listened >= LISTEN_S:
            listened = time.monotonic()
            _listen(shift)
        shift.stop.finish.wait(min(idle_s, shift.settings.poll_s))
        idle_s = min(idle_s * 2, shift.settings.poll_s)


def _listen(shift: Shift) -> None:
    """Hear whether an operator told this idle worker something; while it works, its pings hear it."""
    try:
        shift.tracker.ping()
    except (TrackerUnavailable, Refused) as error:
        log.debug("not heard: %s", error)


def _safe_step(job: Job, shift: Shift) -> bool:
    """Make one turn; whatever goes wrong in it is logged and the worker goes on."""
    try:
        return step(job, shift)
    except (TrackerUnavailable, Refused) as error:
        if shift.notices.is_news("tracker", str(error)):
            log.warning("%s", error)
    except Exception:
        log.exception("this turn failed")
    return False


def step(job: Job, shift: Shift) -> bool:
    """Make one turn: in every project do what is due and take one ticket at most. Tell whether there was work.

    Raise TrackerUnavailable and Refused when the tracker cannot be asked. What goes wrong in one project does not keep
    the others waiting: it is raised in the end.
    """
    worked, errors = False, []
    for project in _projects(shift):
        if shift.stop.finish.is_set():
            break
        tracker = shift.tracker.in_project(project.slug)
        try:
            worked = job.turn(tracker, project, shift) or worked
            worked = _take_one(job, tracker, shift) or worked
        except TrackerUnavailable:
            raise
        except Exception as error:
            errors.append(error)
    for further in errors[1:]:
        log.error("and in another project:", exc_info=further)
    for first in errors:
        raise first
    shift.notices.is_news("tracker", "")
    return worked


def _projects(shift: Shift) -> Iterator[Project]:
    wanted = shift.settings.project
    found = [project for project in shift.tracker.get_projects() if wanted in (None, project.slug)]
    sentence = "" if found or not wanted else f"There is no project {wanted} to work for: check FAHRWERK_PROJECT."
    if shift.notices.is_news("project", sentence) and sentence:
        log.warning("%s", sentence)
    yield from found


def _take_one(job: Job, tracker: TrackerClient, shift: Shift) -> bool:
    if not job.state or shift.stop.finish.is_set() or shift.stop.pause.look() or not _has_room(shift):
        return False
    ticket = tracker.assign_next_unassigned_for_state(job.state)
    if ticket is None:
        return False
    if further := _further(job, ticket, tracker, shift):
        work_together(job, [ticket, *further], tracker, shift)
    else:
        work_on(job, ticket, tracker, shift)
    return True


def _further(job: Job, ticket: Ticket, tracker: TrackerClient, shift: Shift) -> Sequence[Ticket]:
    """Take what the job wants to work on beside *ticket*; whatever goes wrong in that, the ticket is worked on."""
    try:
        return job.further(ticket, tracker, shift)
    except Exception:
        log.exception("ticket %s: no further tickets are taken", ticket.id)
        return ()


def _has_room(shift: Shift) -> bool:
    """Tell whether the mounts have the reserve left; say so here and to the tracker when that changes."""
    short = shortage(shift.settings.roots, shift.settings.reserve_mb)
    if shift.notices.is_news("reserve", str(short.mount) if short else ""):
        sentence = short.sentence if short else "There is room again; work is taken."
        log.warning("%s", sentence)
        try:
            shift.tracker.ping(log_delta=sentence)
        except TrackerUnavailable:
            shift.notices.forget("reserve")  # to be told again
            raise
    return short is None


# --- one ticket --------------------------------------------------------------------------------------------------


def work_on(job: Job, ticket: Ticket, tracker: TrackerClient, shift: Shift) -> Outcome:
    """Work on *ticket* under a heartbeat and report the outcome, for as long as that takes."""
    label = terminal.printable(f"ticket {ticket.id} {job.state} {ticket.title}")
    patient = tracker.patient(Patience(math.inf, shift.stop.now))
    halt = Halt(shift.stop.now)
    begun = time.monotonic()
    log.info("%s: begun, attempt %d", label, ticket.attempt)
    with _heartbeat(tracker, ticket, halt, shift) as heart:
        with terminal.showing(label) as show:
            given = shift.settings
            rest = (given.chunks, given.reserve_mb, given.retry_s)
            work = Work(ticket, patient, given.roots, halt, heart, show, *rest)
            outcome = _attempt(job, work, shift)
        took = f"{time.monotonic() - begun:.1f} s"
        heart.reporting.set()
        log.info("%s: %s after %s", label, _in_words(outcome), took)
        _report(outcome, ticket, patient, took)
    return outcome


def work_together(job: Job, tickets: Sequence[Ticket], tracker: TrackerClient, shift: Shift) -> None:
    """Work on several tickets at the same time, each in a thread, under a heartbeat and with an outcome of its own."""
    jobs, beside = job.together(tickets)
    ends: list[Future[None]] = []
    with ExitStack() as stack:
        doors = [stack.enter_context(closing(tracker.twin(timeout_s=DOOR_TIMEOUT_S))) for _ in tickets]
        with ThreadPoolExecutor(len(tickets), thread_name_prefix="ticket") as threads:
            try:
                for each in zip(jobs, tickets, doors, strict=True):
                    ends.append(threads.submit(_work_beside, *each, shift))
            finally:
                for job_without_thread in jobs[len(ends) :]:
                    job_without_thread.left()
                beside()
    for end in ends:
        end.result()


def _work_beside(job: Job, ticket: Ticket, tracker: TrackerClient, shift: Shift) -> None:
    try:
        work_on(job, ticket, tracker, shift)
    finally:
        job.left()


def _heartbeat(tracker: TrackerClient, ticket: Ticket, halt: Halt, shift: Shift) -> Heartbeat:
    settings = shift.settings
    return Heartbeat(
        tracker, ticket.id, halt, lease_s=settings.lease_s, beat_s=settings.beat_s, each=shift.stop.pause.look
    )


def _attempt(job: Job, work: Work, shift: Shift) -> Outcome:
    try:
        line = job.run(work)
    except Exception as error:
        return _judge(error, job, work, shift)
    return Lost() if work.halt.lost.is_set() else Done(line)


def _judge(error: Exception, job: Job, work: Work, shift: Shift) -> Outcome:
    """Decide what an exception means for the ticket (the table in docs/scripts.md)."""
    if work.halt.lost.is_set() or isinstance(error, TicketLost):
        return Lost()
    if shift.stop.now.is_set():
        shift.stop.broke_off = True
        return GivenBack(f"The worker {shift.tracker.fqdn} was stopped while it worked on this.", 0)
    if isinstance(error, Wait):
        return GivenBack(error.reason, error.retry_s)
    if isinstance(error, ProgramMissing):
        return GivenBack(f"On {shift.tracker.fqdn}: {error}", RETRY_MISSING_S)
    if full := _full(error, work):
        return GivenBack(full, shift.settings.retry_s)
    sentence = _sentence(error, job, work)
    short = shortage(work.roots, shift.settings.reserve_mb)
    return GivenBack(f"{short.sentence} {sentence}", shift.settings.retry_s) if short else Failed(sentence)


def _sentence(error: Exception, job: Job, work: Work) -> str:
    """Return what a person is told, with the end of the program's output where there is one."""
    if isinstance(error, (*SPEAKING, *job.failures)):
        tail = str(getattr(error, "tail", ""))[-TAIL_CHARS:].strip()
        return f"{error}\n\n{tail}" if tail and tail not in str(error) else str(error)
    log.error("ticket %s: %s", work.ticket.id, type(error).__name__, exc_info=error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}. Check the file and its folder, then reset the ticket."
    return f"The script {job.kind} hit an unexpected error, its log tells more: {type(error).__name__}: {error}"


def _full(error: Exception, work: Work) -> str:
    """Return a sentence when the work ended because a mount is full or read-only; programs only say so in words."""
    if isinstance(error, OSError):
        number = error.errno
    else:
        said = error.tail if isinstance(error, FfmpegFailed) else ""
        number = next((number for number in FULL if os.strerror(number) in said), None)
    where = getattr(error, "filename", None) or f"the result below {' or '.join(map(str, work.roots))}"
    return FULL[number].format(where=where) if number in FULL else ""


def _in_words(outcome: Outcome) -> str:
    match outcome:
        case Done():
            return "done"
        case Failed(sentence):
            return f"failed: {terminal.printable(sentence.splitlines()[0])}"
        case GivenBack(reason, retry_s):
            return f"given back for {retry_s} s: {terminal.printable(reason)}"
        case Lost():
            return "lost, a person or another worker has it: result dropped"


def _report(outcome: Outcome, ticket: Ticket, tracker: TrackerClient, took: str) -> None:
    """Tell the tracker, as long as it takes: a finished result is never thrown away because the tracker is away."""
    try:
        match outcome:
            case Done(line):
                tracker.set_ticket_done(ticket.id, f"{line} ({took})" if line else took)
            case Failed(sentence):
                tracker.set_ticket_failed(ticket.id, sentence)
            case GivenBack(reason, retry_s):
                last_words = tracker.patient(Patience(LAST_WORDS_S)) if retry_s == 0 else tracker
                last_words.give_back_ticket(ticket.id, reason, retry_s)
            case Lost():
                pass
    except (TicketLost, Refused, TrackerUnavailable) as error:
        log.warning("ticket %s: the report did not count: %s", ticket.id, error)
