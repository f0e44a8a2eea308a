"""A job as people read it: its command lines."""

from __future__ import annotations

import shlex

from lxml import etree


def command_lines(job: str) -> list[str]:
    """Write the tasks of a job as command lines to read (they are never run as such)."""
    if not job:
        return []
    root = etree.fromstring(job.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    return [shlex.join("".join(option.itertext()) for option in task.iter("option")) for task in root.iter("task")]
