"""Real files, where there are some: FAHRWERK_CORPUS names a folder of them. Without it nothing here is collected."""

from __future__ import annotations

import os
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from tracker.errors import FahrplanError
from tracker.fahrplan import Known, Schedule, diff, parse
from tracker.fahrplan.diff import LOCK, QUIET, lock_of
from tracker.fahrplan.match import match

CORPUS = Path(os.environ["FAHRWERK_CORPUS"]) if os.environ.get("FAHRWERK_CORPUS") else None
FILES = sorted(CORPUS.rglob("*.xml")) if CORPUS else []
PAIRS = {
    ("camp2011-v1", "camp2011-v2"): (14, 0, 42),
    ("fosdem2010-sojourner-a", "fosdem2010-sojourner-b"): (1, 1, 17),
    ("31c3-1.3", "31c3-1.4"): (3, 1, 7),
    ("31c3-1.4", "31c3-1.5"): (0, 1, 2),
    ("debconf17-v2", "debconf17-v3"): (15, 1, 2),
    ("fosdem2019-smiller", "fosdem2019-mttcrsp"): (0, 0, 2),
    ("fosdem2025-v1", "fosdem2025-v2"): (16, 3, 31),
    ("fosdem2025-v2", "fosdem2025-v3"): (6, 3, 7),
    ("32c3-everything-20151229T0110", "32c3-everything-20151229T0310"): (1, 0, 0),
    ("33c3-everything-20161220T1400", "33c3-everything-20161220T1412"): (42, 0, 0),
    ("camp2019-everything-20190818T1820", "camp2019-everything-20190818T1840"): (0, 148, 0),
}
"""Two versions of a schedule, and how many talks really were added, removed and changed between them."""
UNCOUNTED = QUIET | {"Fahrplan.Recording.License"}
"""The numbers above leave the licence out."""
PRESENT = [pair for pair in PAIRS if CORPUS and all((CORPUS / f"{name}.xml").exists() for name in pair)]
BERLIN = ZoneInfo("Europe/Berlin")


def stored(found: Schedule) -> list[Known]:
    """Return what the tracker has after an import."""
    return [
        Known(n, n, t.guid, t.source_id, t.occurrence, t.title, {**t.properties, **lock}, "scheduled")
        for n, t in enumerate(found.talks)
        for lock in [{LOCK: lock_of(t)} if lock_of(t) else {}]
    ]


if FILES:

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    def test_a_real_file_is_parsed_completely_or_refused_in_one_sentence(path: Path) -> None:
        xml = path.read_bytes()
        began = time.monotonic()
        try:
            found = parse(xml, BERLIN)
        except FahrplanError as error:
            assert "\n" not in str(error)
            return
        assert time.monotonic() - began < 5
        document = etree.fromstring(xml.lstrip(), etree.XMLParser(resolve_entities=False))
        assert len(found.talks) + len(found.skipped) == len(list(document.iter("event")))
        again = diff(found, stored(found))
        assert (again.new, again.changed, again.gone) == ((), (), ())


if PRESENT:

    @pytest.mark.parametrize("pair", PRESENT, ids="..".join)
    def test_two_versions_of_a_schedule_differ_by_what_really_changed(pair: tuple[str, str]) -> None:
        assert CORPUS is not None
        old, new = (parse((CORPUS / f"{name}.xml").read_bytes(), BERLIN) for name in pair)
        changes = diff(new, stored(old))
        told = [change for change in changes.changed if change.fields.keys() - UNCOUNTED]
        assert (len(changes.new), len(changes.gone), len(told)) == PAIRS[pair]
        assert changes.mass_loss == (len(changes.gone) > 100)

    @pytest.mark.parametrize("pair", PRESENT, ids="..".join)
    def test_matching_is_one_to_one(pair: tuple[str, str]) -> None:
        assert CORPUS is not None
        old, new = (parse((CORPUS / f"{name}.xml").read_bytes(), BERLIN) for name in pair)
        matched = match(new.talks, stored(old))
        assert len(set(matched.values())) == len(matched)
