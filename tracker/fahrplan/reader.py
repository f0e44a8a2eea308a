"""From bytes to raw events: the format is recognised by what the document holds, never by a name or a media type.

The document is untrusted: no DOCTYPE, no entities, no network, bounded sizes.
"""

from __future__ import annotations

from tracker.fahrplan.json_reader import read_json
from tracker.fahrplan.raw import RawSchedule
from tracker.fahrplan.text import find_root, to_utf8
from tracker.fahrplan.xml_reader import read_xml


def read(data: bytes) -> RawSchedule:
    """Read a schedule from XML or JSON. Raise FahrplanError, one sentence, for what is refused as a whole."""
    document, note = to_utf8(data)
    root = find_root(document)
    schedule = read_xml(document, root) if document.startswith(b"<", root) else read_json(document, root)
    if note:
        schedule.notes.append(note)
    return schedule
