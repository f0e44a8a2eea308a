"""Real files, where there are some: FAHRWERK_CORPUS names a folder of them. Without it nothing here is collected.

All files are read and compared here; a few are imported, and `make proof` imports all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan import corpus
from tests.tracker.fahrplan.corpus import BERLIN, CORPUS, FILES, PAIRS, PRESENT, content, stored
from tracker.fahrplan import diff, parse
from tracker.fahrplan.diff import QUIET
from tracker.fahrplan.match import match

UNCOUNTED = QUIET | {"Fahrplan.Recording.License"}
"""The numbers of the pairs leave the licence out."""
IMPORTED = ("31c3-1.5.xml", "39c3-block.xml", "divoc-ptt.xml", "34c3-dlf.xml", "json/good2025.json", "camp2011-v1.xml")
FOLLOWED = (
    ("31c3-1.4.xml", "31c3-1.5.xml"),
    ("debconf17-v2.xml", "debconf17-v3.xml"),
    ("camp2019-everything-20190818T1820.xml", "camp2019-everything-20190818T1840.xml"),
)
"""The last one is an outage of a source."""

if FILES:

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_a_real_file_is_parsed_completely_or_refused_in_one_sentence(path: Path) -> None:
        data = path.read_bytes()
        found = corpus.read(data)
        if found is not None:
            assert len(found.talks) + len(found.skipped) == corpus.events_in(data)
            again = diff(found, stored(found))
            assert (again.new, again.changed, again.gone) == ((), (), ())

    @pytest.mark.parametrize("name", [name for name in IMPORTED if CORPUS and (CORPUS / name).exists()])
    def test_a_real_file_is_imported_whole_and_once(name: str, db_session: scoped_session[Session]) -> None:
        corpus.imports_whole_and_only_once(content(name))


if PRESENT:

    @pytest.mark.parametrize("pair", PRESENT, ids="..".join)
    def test_two_versions_of_a_schedule_differ_by_what_really_changed(pair: tuple[str, str]) -> None:
        old, new = (parse(content(name), BERLIN) for name in pair)
        changes = diff(new, stored(old))
        told = [change for change in changes.changed if change.fields.keys() - UNCOUNTED]
        assert (len(changes.new), len(changes.gone), len(told)) == PAIRS[pair]
        assert changes.mass_loss == (len(changes.gone) > 100)

    @pytest.mark.parametrize("pair", PRESENT, ids="..".join)
    def test_matching_is_one_to_one(pair: tuple[str, str]) -> None:
        old, new = (parse(content(name), BERLIN) for name in pair)
        matched = match(new.talks, stored(old))
        assert len(set(matched.values())) == len(matched)

    @pytest.mark.parametrize("pair", [pair for pair in FOLLOWED if pair in PRESENT], ids="..".join)
    def test_an_import_follows_from_one_version_to_the_next(
        pair: tuple[str, str], db_session: scoped_session[Session]
    ) -> None:
        corpus.follows_from_one_version_to_the_next(pair)
