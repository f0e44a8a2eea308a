"""The refusals of the tracker: each knows its fault number (XML-RPC) and its HTTP status (pages)."""

from __future__ import annotations


class TrackerError(Exception):
    """The request cannot be done."""

    fault_code = 500
    http_status = 400

    def __init__(self, message: str | None = None) -> None:
        """Keep *message*; without one the docstring of the class is the message."""
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class NotFound(TrackerError):
    """There is no such thing."""

    fault_code = 414
    http_status = 404


class InvalidInput(TrackerError):
    """A value is not acceptable; *field* names it for forms."""

    fault_code = 419
    http_status = 400

    def __init__(self, message: str, field: str = "") -> None:
        """Keep the sentence and the name of the form *field* it is about."""
        super().__init__(message)
        self.field = field


class Conflict(TrackerError):
    """The row moved on since the page was drawn."""

    fault_code = 409
    http_status = 409


class NotPermitted(TrackerError):
    """You may not do this."""

    fault_code = 403
    http_status = 403


class BadLogin(TrackerError):
    """The login hash does not belong to this host name."""

    fault_code = 403
    http_status = 403


class ProjectMissing(TrackerError):
    """The method needs a project slug at the end of the URL."""

    fault_code = 410
    http_status = 404


class ProjectReadOnly(TrackerError):
    """The project is archived (read only)."""

    fault_code = 411
    http_status = 409


class NotAssigned(TrackerError):
    """The ticket is not assigned to you."""

    fault_code = 416
    http_status = 409


class Unassigned(NotAssigned):
    """The ticket is assigned to nobody."""

    fault_code = 415


class NoService(TrackerError):
    """No script works in this state."""

    fault_code = 417
    http_status = 409


class NoSuchService(NoService):
    """There is no state of this name in which a script works."""

    fault_code = 413


class NoBasename(TrackerError):
    """The name of the output file cannot be built yet."""

    fault_code = 418
    http_status = 409


class FahrplanError(TrackerError):
    """The Fahrplan cannot be used."""

    fault_code = 500
    http_status = 400


class DatabaseError(TrackerError):
    """The database cannot be used as it is."""

    http_status = 503
