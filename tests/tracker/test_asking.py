"""The language of the ticket search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import asking
from tracker.asking import Every, No, Some, Term, Word
from tracker.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", Every([])),
        ("öfen", Word("öfen")),
        ('"two words"', Word("two words")),
        ("state:encoded", Term("state", "encoded")),
        ('state:"ready to encode"', Term("state", "ready to encode")),
        ("title:bread", Term("title", "bread", part=True)),
        ("Record.Language~de", Term("Record.Language", "de", part=True)),
        ("a b", Every([Word("a"), Word("b")])),
        ("a and b", Every([Word("a"), Word("b")])),
        ("a or b c", Some([Word("a"), Every([Word("b"), Word("c")])])),
        ("not a", No(Word("a"))),
        ("-failed:yes", No(Term("failed", "yes"))),
        ("not (a or b) c", Every([No(Some([Word("a"), Word("b")])), Word("c")])),
        ("id:7,12", Term("id", "7,12")),
        ("10:30", Word("10:30")),
        ("e-mail", Word("e-mail")),
    ],
)
def test_it_is_read(text, meant):
    if text == "10:30":
        with pytest.raises(InvalidInput, match="no field '10'"):
            asking.read(text)
    else:
        assert asking.read(text) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour:red", "There is no field 'colour'"),
        ("failed:maybe", "write failed:yes or failed:no"),
        ("state:", "state: needs a value"),
        ('"open', "A quotation mark has no end"),
        ("(a", "A bracket has no end"),
        ("a)", "a closing bracket too many"),
        ("not", "Nothing follows 'not'"),
        ("day:tomorrow", "write a day as 2026-12-27"),
        ("changed:soon", "write changed:30m"),
        ("id:x", "numbers joined by commas"),
        ("(" * 20 + "a" + ")" * 20, "nest deeper"),
        ("x" * 1001, "1000 characters"),
    ],
)
def test_what_is_wrong_is_named(text, said):
    with pytest.raises(InvalidInput, match=said):
        asking.read(text)


@given(st.text(alphabet='ab:~"() -or not.state', max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        asking.read(text)
    except InvalidInput as error:
        assert error.field == "q" and str(error)
