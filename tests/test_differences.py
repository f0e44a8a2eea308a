"""docs/differences.md: every weakness of the original has its row, and the tests it names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = re.findall(r"^\| (W\d+) \|(.*)\|$", (ROOT / "docs" / "differences.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_weakness_has_one_row_in_order():
    assert [number for number, _ in ROWS] == [f"W{number}" for number in range(1, 46)]


@pytest.mark.parametrize(("number", "row"), ROWS)
def test_what_shows_it_is_there(number, row):
    named = re.findall(r"`((?:tracker/|scripts/|test_)[\w/]+\.py)(?:::(\w+))?`", row.rsplit("|", 1)[-1])
    assert named, f"{number} names no test"
    for path, test in named:
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert f"def {test}(" in text if test else "def test_" in text, f"{number}: {path}::{test}"
