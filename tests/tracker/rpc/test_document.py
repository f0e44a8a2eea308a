"""docs/api.md: what is generated is fresh, and what is written by hand names every fault, header and fixed answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracker import errors, wire
from tracker.rpc import METHODS, boundary, document, door, methods, table, v4

PATH = Path(__file__).parents[3] / "docs" / "api.md"
DOCUMENT = PATH.read_text(encoding="utf-8")
REFUSALS = (
    *(errors.BadLogin, errors.ProjectMissing, errors.ProjectReadOnly, errors.NotFound, errors.NotAssigned),
    *(errors.Unassigned, errors.NoService, errors.NoSuchService, errors.NoBasename, errors.InvalidInput),
    *(methods.NoProperties, table.NoMethod, table.BadParameters, door.NoHash, door.NoHost, door.NoSecret, door.Closed),
)


def test_what_is_generated_is_fresh():
    assert document.rewritten(DOCUMENT) == DOCUMENT, "run `make docs`"


def test_every_block_is_in_the_document():
    assert set(re.findall(r"<!-- generated: ([\w ]+) -->", DOCUMENT)) == set(document.BLOCKS)


def test_a_change_of_a_method_makes_the_document_stale(monkeypatch):
    def changed(call: table.Call, more: int = 7) -> bool:
        """Do something else."""
        return True

    monkeypatch.setitem(METHODS, "c3tt.getversion", table.Method("C3TT.getVersion", changed, False, True, (499,)))
    fresh = document.rewritten(DOCUMENT)
    heading = "### `C3TT.getVersion(int more = 7) -> boolean`"
    assert f"{heading}\n\nDo something else.\n\nChanges something. Faults of its own: 499.\n" in fresh


def test_the_command_writes_the_document_and_leaves_the_rest_alone(tmp_path):
    stale = tmp_path / "api.md"
    stale.write_text(re.sub(r"(generated: [\w ]+ -->\n).*?(<!-- end)", r"\1\2", DOCUMENT, flags=re.DOTALL))
    document.main([str(stale)])
    assert stale.read_text(encoding="utf-8") == DOCUMENT


@pytest.mark.parametrize("found", [*METHODS.values(), *v4.METHODS.values()], ids=lambda found: found.name)
def test_every_method_is_there_with_parameters_types_and_text(found):
    part = DOCUMENT.split("## Methods of API 4.0")[found in v4.METHODS.values()]
    (heading,) = re.findall(rf"### `{re.escape(found.name)}\(.*", part)
    for parameter in found.parameters:
        assert re.search(rf"\b{parameter.name}\b", heading)
    assert " -> " in heading and len(found.function.__doc__) > 15


def test_methods_of_a_project_stand_under_their_chapter():
    for chapter in DOCUMENT.split("## Methods of API 4.0")[0].split("\n## "):
        names = re.findall(r"### `(C3TT\.\w+)", chapter)
        needs = {METHODS[name.lower()].needs_project for name in names}
        assert not names or needs == {chapter.startswith("Methods of a project")}


def test_every_fault_that_a_call_can_get_is_there():
    numbers = {kind.fault_code for kind in REFUSALS} | {boundary.INTERNAL, boundary.BAD_REQUEST}
    table_of_faults = DOCUMENT.split("### Faults")[1].split("\n## ")[0]
    assert {int(number) for number in re.findall(r"^\| (-?\d+) \|", table_of_faults, re.MULTILINE)} == numbers
    assert {code for found in METHODS.values() for code in found.faults} <= numbers


def test_the_headers_and_the_fixed_answers_are_there():
    for text in (wire.REQUEST_ID, wire.LEASE_SECONDS, wire.OK, wire.TICKET_LOST, wire.VERSION):
        assert f"`{text}`" in DOCUMENT
