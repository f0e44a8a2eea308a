"""Encoding profiles: versions of a template, which project uses which, and the jobfile they make."""

from tracker.profiles.catalogue import create, delete, diff, edit, edit_template, find, get, revise, version
from tracker.profiles.jobs import jobfile, jobfile_or_error, preview, render, shown_job
from tracker.profiles.pins import Removal, newer, pin, remove, use, warnings
from tracker.profiles.shipped import SHIPPED
from tracker.profiles.templates import check_template

__all__ = [
    "SHIPPED",
    "Removal",
    "check_template",
    "create",
    "delete",
    "diff",
    "edit",
    "edit_template",
    "find",
    "get",
    "jobfile",
    "jobfile_or_error",
    "newer",
    "pin",
    "preview",
    "remove",
    "render",
    "revise",
    "shown_job",
    "use",
    "version",
    "warnings",
]
