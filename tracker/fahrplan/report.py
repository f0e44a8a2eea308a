"""What came of an import or a review, in counts and sentences."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracker.fahrplan.schedule import Skipped


@dataclass(slots=True)
class Report:
    """What an import did, one sentence for each talk. *pending* was not applied and waits for a person."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    rekeyed: list[str] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    unlocked: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """What was changed, in full."""
    gone: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """Known talks whose events cannot be used; they were left as they are."""
    overtaken: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    """Talks that are public although their speakers opted out."""
    questions: list[str] = field(default_factory=list)
    """Rooms of which only a person knows whether they were renamed."""
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: tuple[Skipped, ...] = ()
    unchanged: int = 0
    elsewhere: int = 0
    """Talks in rooms that are not recorded."""
    loss: str = ""
    """The sentence about a mass loss that was held back, '' if there was none."""
    import_id: int = 0
    """The change set in the history, 0 if there was nothing to keep."""
    same: bool = False
    """The file says what the last one said."""

    @property
    def effective(self) -> bool:
        """Tell whether any ticket was changed."""
        return bool(self.created or self.changed or self.rekeyed or self.locked or self.unlocked or self.gone)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many talks were created, changed, ... and how many events were skipped."""
        lists = (
            *("created", "changed", "rekeyed", "locked", "unlocked", "gone", "pending", "held", "overtaken"),
            *("declined", "alarms", "doubts", "skipped"),
        )
        counts = {name: len(getattr(self, name)) for name in lists}
        return {**counts, "unchanged": self.unchanged, "elsewhere": self.elsewhere}
