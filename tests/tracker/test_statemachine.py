"""States: the tables of seed 003 to the letter, in code and in docs/states.md."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from tracker import statemachine
from tracker.statemachine import CLASSIC, ENCODING, MISC, RECORDING, TYPES, Table, fire, talk_progress

DOCUMENT = Path(__file__).parents[2] / "docs" / "states.md"

# name, type, to by, from by, progress: typed from the seed, not taken from the code
SEED = {
    RECORDING: """
        locked         | STATIC  | human           | human    |   0
        scheduled      | STATIC  | importer        | script A |   0
        recording      | PROCESS | script A        | script A |  12.5
        recorded       | STATIC  | script A, human | script B |  25
        merging        | PROCESS | script B        | script B |  37.5
        merged         | STATIC  | script B, human | human    |  50
        cutting        | PROCESS | human           | human    |  62.5
        cut            | STATIC  | human           | script C |  75
        copying        | PROCESS | script C        | script C |  87.5
        copied         | STATIC  | script C        | human    | 100
        fixing         | PROCESS | human           | human    |  50
    """,
    ENCODING: """
        material needed  | STATIC  | tracker, human | tracker  |   0
        ready to encode  | STATIC  | tracker, human | encoder  |  10
        encoding         | PROCESS | encoder        | encoder  |  20
        encoded          | STATIC  | encoder        | human    |  65
        checking         | PROCESS | human          | human    |  70
        checked          | STATIC  | human          | script D |  75
        postprocessing   | PROCESS | script D       | script D |  80
        postprocessed    | STATIC  | script D       | human    |  85
        ready to release | STATIC  | human          | human    |  90
        releasing        | PROCESS | script E       | script E |  95
        released         | STATIC  | script E       | human    | 100
        fixing           | PROCESS | human          | human    |  50
    """,
    MISC: """
        open       | STATIC  | human | human |   0
        inprogress | PROCESS | human | human |  50
        resolved   | STATIC  | human | human | 100
        wontfix    | STATIC  | human | human | 100
    """,
}


@dataclass
class Stub:
    state: str


def table(kind: str) -> Table:
    return CLASSIC.tables[kind]


def seed_rows(kind: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in SEED[kind].strip().splitlines()]


@pytest.mark.parametrize("kind", TYPES)
def test_the_states_are_those_of_the_seed(kind):
    found = [
        [s.name, s.kind.upper(), ", ".join(s.entered_by), ", ".join(s.left_by), f"{s.progress:g}"]
        for s in table(kind).states
    ]
    assert found == seed_rows(kind)


@pytest.mark.parametrize("kind", TYPES)
def test_the_document_has_the_same_tables(kind):
    section = DOCUMENT.read_text(encoding="utf-8").split(f"## {kind.capitalize()}\n")[1].split("##")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    states = table(kind)
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in lines] == [
        [
            s.name,
            s.kind,
            ", ".join(s.entered_by),
            ", ".join(s.left_by),
            f"{s.progress:g} %",
            states.predecessor(s.name) or "",
            states.successor(s.name) or "",
            s.description,
        ]
        for s in states.states
    ]


@pytest.mark.parametrize("kind", TYPES)
def test_each_state_leads_to_the_next_of_the_seed(kind):
    order = [row[0] for row in seed_rows(kind) if row[0] != "fixing"]
    states = table(kind)
    assert [states.successor(name) for name in order] == [*order[1:], None]
    assert [states.predecessor(name) for name in order] == [None, *order[:-1]]


def test_fixing_leads_back_to_merged_and_to_encoded():
    assert table(RECORDING).successor("fixing") == "merged"
    assert table(ENCODING).successor("fixing") == "encoded"
    assert "fixing" not in table(MISC).by_name


def test_fixing_is_nobodys_next_state():
    assert all(table(kind).successor(name) != "fixing" for kind in TYPES for name in table(kind).by_name)


@pytest.mark.parametrize("kind", TYPES)
def test_every_state_is_reached_from_every_state(kind):
    for source, target in product(table(kind).by_name, repeat=2):
        ticket = Stub(source)
        assert fire(table(kind), ticket, target) == (source, target)
        assert ticket.state == target


def test_a_state_of_another_type_is_not_reached():
    ticket = Stub("open")
    with pytest.raises(KeyError):
        fire(table(MISC), ticket, "copied")
    assert ticket.state == "open"


def test_moving_a_ticket_leaves_nothing_on_it_or_in_the_machine():
    ticket = Stub("open")
    fire(table(MISC), ticket, "resolved")
    assert (vars(ticket), table(MISC).machine.models) == ({"state": "resolved"}, [])


def test_a_state_switched_off_is_stepped_over():
    states = table(ENCODING)
    assert states.successor("encoded", ["checking", "checked"]) == "postprocessing"
    assert states.predecessor("postprocessing", ["checking", "checked"]) == "encoded"
    assert states.successor("fixing", ["encoded"]) == "checking"
    assert states.successor("releasing", ["released"]) is None


def test_a_state_before_fixing_that_is_switched_off_is_stepped_over():
    assert table(RECORDING).predecessor("fixing", ["merged"]) == "merging"


def test_recordings_begin_scheduled_encodings_without_material_misc_open():
    assert {kind: table(kind).initial for kind in TYPES} == {
        RECORDING: "scheduled",
        ENCODING: "material needed",
        MISC: "open",
    }


def test_the_scripts_of_the_seed_serve_the_process_states():
    assert {name: (kind, state.script) for name, (kind, state) in CLASSIC.services.items()} == {
        "recording": (RECORDING, "script A"),
        "merging": (RECORDING, "script B"),
        "copying": (RECORDING, "script C"),
        "encoding": (ENCODING, "encoder"),
        "postprocessing": (ENCODING, "script D"),
        "releasing": (ENCODING, "script E"),
    }


def test_material_is_there_from_copied_on_only():
    states = table(RECORDING)
    ready = [name for name in states.by_name if states.position(name) >= states.position(CLASSIC.material)]
    assert ready == ["copied"]


def test_the_progress_of_a_talk_is_the_mean_of_its_tickets():
    assert talk_progress(100, [10, 65]) == pytest.approx(58.333, abs=0.001)
    assert talk_progress(12.5, []) == 12.5


def test_all_states_are_listed_once():
    names = statemachine.all_states()
    assert len(names) == len(set(names)) == 11 + 12 + 4 - 1
