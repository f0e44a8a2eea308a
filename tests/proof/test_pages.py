"""The frame number that the cut page shows is that of the picture, at fifty places of each rate."""

from __future__ import annotations

import random

import pytest

from tests.e2e import scene
from tests.e2e.conftest import arrive, browser, logins, mount, stage  # noqa: F401  (fixtures)

POSITIONS = 50
pytestmark = [
    pytest.mark.proof,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize(("which", "room"), [("talk", "saal1"), ("holey", "saal2")])
def test_the_number_is_that_of_the_picture_at_fifty_places(arrive, stage, which, room, capsys):  # noqa: F811
    visitor, dice = arrive("carol"), random.Random(f"pages {which}")
    visitor.visit(f"/demo/ticket/{getattr(stage, which)}/cut")
    visitor.wait_for_player()
    seen = []
    while len(seen) < POSITIONS:
        visitor.seek(dice.random())
        visitor.press(*dice.choice([[], [","], ["."], [".", ".", "."], ["ArrowRight", ","]]))
        seen.append((visitor.frame(), (visitor.code_on_screen() or 0) - scene.CODE[room]))
    with capsys.disabled():
        rate = "25" if room == "saal1" else "29.97"
        agree = sum(frame == code for frame, code in seen)
        print(f"\n{rate} fps: {agree} of {POSITIONS} agree, frames {min(seen)[0]} to {max(seen)[0]}")
    assert seen == [(frame, frame) for frame, _ in seen]
