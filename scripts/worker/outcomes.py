"""How the work on a ticket may end: what a job raises, and what the loop makes of it and reports."""

from __future__ import annotations

from dataclasses import dataclass


class JobFailed(Exception):
    """The job cannot be done before a person has acted; *tail* are the last lines of a program's output."""

    def __init__(self, sentence: str, tail: str = "") -> None:
        """Keep the *sentence* that names the thing and the remedy."""
        super().__init__(sentence)
        self.tail = tail


class Wait(Exception):
    """The job cannot be done yet; the ticket goes back with the reason and comes again after *retry_s* seconds."""

    def __init__(self, reason: str, retry_s: int = 60) -> None:
        """Keep the *reason*, a sentence for the ticket's page."""
        super().__init__(reason)
        self.reason = reason
        self.retry_s = retry_s


@dataclass(frozen=True)
class Done:
    """The work is done; *line* goes to the ticket's log."""

    line: str


@dataclass(frozen=True)
class Failed:
    """A person has to act on the *sentence*."""

    sentence: str


@dataclass(frozen=True)
class GivenBack:
    """The ticket waits for something."""

    reason: str
    retry_s: int


@dataclass(frozen=True)
class Lost:
    """The ticket is no longer ours, a person or another worker has it: nothing is reported."""


Outcome = Done | Failed | GivenBack | Lost
