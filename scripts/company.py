"""Several formats of a talk in one go: the cut master is decoded once, each ticket keeps all else to itself.

Every ticket has a thread with a heartbeat, an outcome and a report of its own, and goes the same way as alone. Only one
of them works at a time, as in a worker with one ticket; where its result would be made, a ticket takes its seat. When
all have come, one ffmpeg makes the results (docs/together.md tells what becomes of whom when something fails).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from scripts.media import ffmpeg
from scripts.media.joined import Share, command
from scripts.media.programs import ProgramMissing, ProgramRefused
from scripts.media.scratch import scratch_folder
from scripts.worker.client import Refused, TrackerUnavailable

log = logging.getLogger(__name__)

TICK_S = 0.2


class Place(Enum):
    """Where a ticket is on its way to its result."""

    COMING = auto()
    SEATED = auto()
    RUNNING = auto()
    MADE = auto()
    ALONE = auto()
    GONE = auto()


@dataclass(frozen=True)
class Order:
    """What a ticket wants of the common run: its share of the command, its seconds, and whom to tell and to ask.

    `begin` is called when the run begins, and returns what takes its percent; `note` writes into the ticket's log.
    """

    share: Share
    seconds: float
    begin: Callable[[], Callable[[float], None]]
    halted: Callable[[], bool]
    note: Callable[[str], None]


class Seat:
    """The place of one ticket in a company; all but `place` is for the ticket's own thread."""

    def __init__(self, company: Company, ticket_id: int, *, first: bool) -> None:
        """Be on the way; the *first* ticket is the one the others came for."""
        self.ticket_id, self.first, self.place = ticket_id, first, Place.COMING
        self.order: Order | None = None
        self._company, self._has_turn, self._size = company, False, 0.0

    def reserve(self, size: float) -> float:
        """Note about how many bytes the result will have; return how many those of the seated will have."""
        self._size = size
        seated = (Place.SEATED, Place.RUNNING)
        return sum(seat._size for seat in self._company.seats if seat is not self and seat.place in seated)

    @contextmanager
    def working(self, halted: Callable[[], bool]) -> Iterator[None]:
        """Work in this block while nobody else of the company does. Raise Stopped when *halted* before our turn."""
        try:
            self._take_turn(halted)
            yield
        finally:
            self._give_turn()
            self.leave()

    def leave(self) -> None:
        """Be gone: whatever becomes of the ticket now, nobody waits for it."""
        self._company.put(Place.GONE, [self])

    def made(self, order: Order) -> bool:
        """Wait until the run of all is over; tell whether it made the result, which else is to be made by itself.

        Raise Stopped when halted meanwhile.
        """
        self.order = order
        self._give_turn()
        place = self._company.seated(self, order.halted)
        if place is Place.GONE:
            raise ffmpeg.Stopped("The run was broken off on request.")
        self._take_turn(order.halted)
        return place is Place.MADE

    def _take_turn(self, halted: Callable[[], bool]) -> None:
        while not self._company.turn.acquire(timeout=TICK_S):
            if halted():
                raise ffmpeg.Stopped("It was broken off on request before it was its turn.")
        self._has_turn = True

    def _give_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._company.turn.release()


class Company:
    """Tickets that a worker works on at the same time."""

    def __init__(self, ticket_ids: Sequence[int]) -> None:
        """Have a seat for each ticket, in order."""
        self.seats = [Seat(self, number, first=place == 0) for place, number in enumerate(ticket_ids)]
        self.turn = threading.Lock()
        self._changed = threading.Condition()
        self._over = False

    def put(self, place: Place, seats: Sequence[Seat]) -> None:
        """Say where some are by now."""
        with self._changed:
            for seat in seats:
                seat.place = place
            self._changed.notify_all()

    def seated(self, seat: Seat, halted: Callable[[], bool]) -> Place:
        """Be seated until it is decided what becomes of the ticket; return that. Who comes too late is alone."""
        with self._changed:
            seat.place = Place.ALONE if self._over else Place.SEATED
            self._changed.notify_all()
            while seat.place in (Place.SEATED, Place.RUNNING):
                self._changed.wait(TICK_S)
                if seat.place is Place.SEATED and halted():
                    seat.place = Place.GONE
            return seat.place

    # -- for the thread that has no ticket

    def conduct(self) -> None:
        """Wait until everybody is seated or gone, and make together what can be; nobody is left waiting."""
        try:
            seats, others = self._parted(self._gathered())
            try:
                self._make(seats)
            finally:
                waiting = [seat for seat in others if seat.place is Place.SEATED]
                self._alone(waiting, f"it reads other files than {_named(seats[:1])}, or in another way")
        finally:
            with self._changed:
                self._over = True
                self.put(Place.ALONE, [seat for seat in self.seats if seat.place in (Place.SEATED, Place.RUNNING)])

    def _gathered(self) -> list[Seat]:
        with self._changed:
            self._changed.wait_for(lambda: all(seat.place is not Place.COMING for seat in self.seats))
            found = [seat for seat in self.seats if seat.place is Place.SEATED]
            for seat in found:
                seat.place = Place.RUNNING
            return found

    def _parted(self, seats: Sequence[Seat]) -> tuple[list[Seat], list[Seat]]:
        """Keep those that read the same as the first of them; the others stay seated until the run of these is over."""
        alike = [seat for seat in seats if _order(seat).share.inputs == _order(seats[0]).share.inputs]
        others = [seat for seat in seats if seat not in alike]
        self.put(Place.SEATED, others)
        return alike, others

    def _make(self, seats: list[Seat]) -> None:
        """Run ffmpeg for all; begin anew without whom is halted, and leave each to itself when the run fails."""
        while len(seats) > 1:
            try:
                _run(seats)
            except ffmpeg.Stopped:
                gone = [seat for seat in seats if _order(seat).halted()] or seats
                self.put(Place.GONE, gone)
                seats = [seat for seat in seats if seat not in gone]
                _note(seats, f"Begun anew without {_named(gone)}, of which the work was broken off.")
            except (ffmpeg.FfmpegFailed, OSError, ProgramMissing, ProgramRefused) as error:
                self._alone(seats, f"the run for {_named(seats)} failed ({error})")
                return
            else:
                self.put(Place.MADE, seats)
                return
        self._alone(seats, "no other format of the talk is left")

    def _alone(self, seats: Sequence[Seat], why: str) -> None:
        for seat in seats:
            _order(seat).share.result.unlink(missing_ok=True)  # what a run that failed left of it
        _note(seats, f"Encoded by itself: {why}.")
        self.put(Place.ALONE, seats)


def _run(seats: Sequence[Seat]) -> None:
    """Make the results of all by one ffmpeg; every ticket has its percent."""
    orders = [_order(seat) for seat in seats]
    for seat in seats:
        _note([seat], f"Encoded in one run with {_named([other for other in seats if other is not seat])}.")
    tell = [order.begin() for order in orders]

    def progress(percent: float) -> None:
        for each in tell:
            each(percent)

    def halted() -> bool:
        return any([order.halted() for order in orders])

    with scratch_folder() as scratch:
        ffmpeg.run(
            command([order.share for order in orders]),
            duration_s=max(order.seconds for order in orders),
            progress=progress,
            stop=halted,
            cwd=scratch,
        )


def _order(seat: Seat) -> Order:
    assert seat.order is not None
    return seat.order


def _named(seats: Sequence[Seat]) -> str:
    return f"ticket{'s' if len(seats) > 1 else ''} " + ", ".join(str(seat.ticket_id) for seat in seats)


def _note(seats: Sequence[Seat], sentence: str) -> None:
    for seat in seats:
        try:
            _order(seat).note(sentence)
        except (Refused, TrackerUnavailable) as error:
            log.warning("ticket %s: not noted: %s (%s)", seat.ticket_id, sentence, error)
