"""Names from a Fahrplan become file names: nothing may leave its folder, hide, or become an option."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.names import MAX_LENGTH, room_key, slugify


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Saal 1", "saal1"),
        ("Großer Hörsaal", "grosserhoersaal"),
        ("Gro\u00dfer Ho\u0308rsaal", "grosserhoersaal"),
        ("HS1/2", "hs12"),
        ("../../etc", "etc"),
        ("Зал", "zal"),
        ("???", ""),
        ("", ""),
    ],
)
def test_a_room_key_is_what_recorders_call_the_room(name: str, key: str) -> None:
    assert room_key(name) == key


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("32c3-7550-opening_event", "32c3-7550-opening_event"),
        ("Müller & Söhne: Straße", "Mueller_Soehne_Strasse"),
        ("--help", "help"),
        ("../../etc/passwd", "etc_passwd"),
        (".hidden", "hidden"),
        ("$(reboot); `id`", "reboot_id"),
        ("Don't", "Dont"),
        ("\u202egnp.exe", "gnp_exe"),
        ("\n", ""),
    ],
)
def test_a_slug_is_a_harmless_piece_of_a_file_name(text: str, slug: str) -> None:
    assert slugify(text) == slug


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_a_short_safe_slug_that_is_its_own_slug(text: str) -> None:
    slug = slugify(text)
    assert len(slug) <= MAX_LENGTH
    assert slug == "" or (slug[0].isalnum() and all(c.isascii() and (c.isalnum() or c in "_-") for c in slug))
    assert slugify(slug) == slug
    assert room_key(room_key(text)) == room_key(text)
