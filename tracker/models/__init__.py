"""All tables. Invariants live here, in CHECKs and partial unique indexes; behaviour lives in the domain modules."""

from tracker.models.drafts import CutDraft
from tracker.models.fahrplan import FahrplanChange, FahrplanFile, FahrplanImport, FahrplanSource, Message
from tracker.models.people import ApiToken, LoginFailure, SavedSearch, User, UserProject
from tracker.models.projects import Profile, ProfileVersion, Project, ProjectProfile, Property, Room
from tracker.models.records import Comment, LogEntry, ScheduleEvent
from tracker.models.reviews import ReviewLink
from tracker.models.ticket import BLOCKED, Ticket
from tracker.models.uploads import Upload
from tracker.models.workers import Poll, Reply, Worker, WorkerGroup, WorkerGroupProject

__all__ = [
    "BLOCKED",
    "ApiToken",
    "Comment",
    "CutDraft",
    "FahrplanChange",
    "FahrplanFile",
    "FahrplanImport",
    "FahrplanSource",
    "LogEntry",
    "LoginFailure",
    "Message",
    "Poll",
    "Profile",
    "ProfileVersion",
    "Project",
    "ProjectProfile",
    "Property",
    "Reply",
    "ReviewLink",
    "Room",
    "SavedSearch",
    "ScheduleEvent",
    "Ticket",
    "Upload",
    "User",
    "UserProject",
    "Worker",
    "WorkerGroup",
    "WorkerGroupProject",
]
