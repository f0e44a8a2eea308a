"""Who does something: a user, a worker, or the tracker itself."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.models import User, Worker


@dataclass(frozen=True)
class Actor:
    """The name that goes into the log, with the row it belongs to if there is one."""

    name: str
    user_id: int | None = None
    worker_id: int | None = None

    @classmethod
    def of(cls, who: User | Worker) -> Actor:
        """Make the actor of a user or a worker; where an admin acts as the user, both are named."""
        if isinstance(who, User):
            return cls(f"{who.acted_by} (for {who.name})" if who.acted_by else who.name, user_id=who.id)
        return cls(who.name, worker_id=who.id)


TRACKER = Actor("tracker")
