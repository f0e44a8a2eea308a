"""Every real file and every pair of versions is imported; and one schedule of 200,000 events, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan import corpus
from tests.tracker.fahrplan.corpus import FILES, PRESENT

pytestmark = pytest.mark.proof

if FILES:

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_a_real_file_is_imported_whole_and_once_or_refused(path: Path, db_session: scoped_session[Session]) -> None:
        corpus.imports_whole_and_only_once(path.read_bytes())


if PRESENT:

    @pytest.mark.parametrize("pair", PRESENT, ids="..".join)
    def test_an_import_follows_from_one_version_to_the_next(
        pair: tuple[str, str], db_session: scoped_session[Session]
    ) -> None:
        corpus.follows_from_one_version_to_the_next(pair)
