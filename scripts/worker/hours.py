"""When a worker may work: spans of the day by the clock of its host, like 20:00-08:00."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Hours:
    """Spans of the day, each from and until a time; one that ends before it begins goes on after midnight."""

    spans: tuple[tuple[time, time], ...] = ()

    @classmethod
    def read(cls, text: str) -> Hours:
        """Read ``20:00-08:00`` or several of these joined by commas; '' means always. Raise ValueError."""
        spans = []
        for word in filter(None, (word.strip() for word in text.split(","))):
            match = _SPAN.fullmatch(word)
            if match is None or word[:5] == word[6:]:
                raise ValueError(f"{word[:40]!r} is no span like 20:00-08:00")
            first, minute, last, end = map(int, match.groups())
            spans.append((time(first, minute), time(last, end)))
        return cls(tuple(spans))

    def open(self, at: datetime | None = None) -> bool:
        """Tell whether work is done *at* a time of the host's clock (now unless given)."""
        clock = (at or datetime.now()).time()
        return not self.spans or any(
            begin <= clock < end if begin < end else clock >= begin or clock < end for begin, end in self.spans
        )
