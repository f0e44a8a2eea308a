"""All tables. Invariants live here, in CHECKs and partial unique indexes; behaviour lives in the domain modules."""

from tracker.models.people import ApiToken, LoginFailure, User, UserProject
from tracker.models.projects import Profile, ProfileVersion, Project, ProjectProfile, Property, Room
from tracker.models.records import Comment, FahrplanImport, LogEntry, ScheduleEvent
from tracker.models.ticket import BLOCKED, Ticket
from tracker.models.workers import Poll, Reply, Worker, WorkerGroup, WorkerGroupProject

__all__ = [
    "BLOCKED",
    "ApiToken",
    "Comment",
    "FahrplanImport",
    "LogEntry",
    "LoginFailure",
    "Poll",
    "Profile",
    "ProfileVersion",
    "Project",
    "ProjectProfile",
    "Property",
    "Reply",
    "Room",
    "ScheduleEvent",
    "Ticket",
    "User",
    "UserProject",
    "Worker",
    "WorkerGroup",
    "WorkerGroupProject",
]
