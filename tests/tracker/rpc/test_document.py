"""docs/api.md: every published method with its parameters and types, every fault."""

from __future__ import annotations

import re
from pathlib import Path

from tracker import errors, wire
from tracker.rpc import METHODS, boundary, methods, table

DOCUMENT = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def heading(name: str) -> str:
    """Return the heading that the document has to have for a published method."""
    found = METHODS[name]
    parts = []
    for kind, parameter in zip(found.signature[1:], found.parameters, strict=True):
        default = parameter.default
        shown = "" if default is parameter.empty else f" = {_shown(default)}"
        parts.append(f"{kind} {parameter.name}{shown}")
    return f"### `{found.name}({', '.join(parts)}) -> {found.signature[0]}`"


def _shown(default: object) -> str:
    return "''" if default in (None, "") and default is not False else str(default).lower()


def test_every_method_is_there_with_its_parameters_and_types():
    documented = [line for line in DOCUMENT.splitlines() if re.match(r"### `(C3TT|system)\.", line)]
    assert sorted(documented) == sorted(heading(name) for name in METHODS)


def test_methods_of_a_project_stand_under_their_chapter():
    chapters = DOCUMENT.split("\n## ")
    for chapter in chapters:
        names = re.findall(r"### `(C3TT\.\w+)", chapter)
        needs = {METHODS[name.lower()].needs_project for name in names}
        assert not names or needs == {chapter.startswith("Methods of a project")}


def test_every_fault_that_a_call_can_get_is_there():
    raised = (
        *(errors.BadLogin, errors.ProjectMissing, errors.ProjectReadOnly, errors.NotFound, errors.NotAssigned),
        *(
            errors.NoService,
            errors.NoBasename,
            errors.InvalidInput,
            methods.NoProperties,
            table.NoMethod,
            table.BadParameters,
        ),
    )
    numbers = {kind.fault_code for kind in raised} | {boundary.INTERNAL, boundary.BAD_REQUEST}
    assert {int(number) for number in re.findall(r"^\| (-?\d+) \|", DOCUMENT, re.MULTILINE)} == numbers


def test_the_headers_and_the_fixed_answers_are_there():
    for text in (wire.REQUEST_ID, wire.LEASE_SECONDS, wire.OK, wire.TICKET_LOST, wire.VERSION):
        assert f"`{text}`" in DOCUMENT
