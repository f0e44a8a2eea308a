"""Options with quoted="no" are read as a shell reads them, or refused."""

import string
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.media.jobrules import JobfileError, UnsafeJob
from scripts.media.jobwords import words


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", []),
        (" \n -c:v  libx264\t-crf 22 \n", ["-c:v", "libx264", "-crf", "22"]),
        ("-map 0:a? -vf scale=iw*2:-2", ["-map", "0:a?", "-vf", "scale=iw*2:-2"]),
        ("-lavfi \"[0:v]fps=25[v];[v]null\" -x 'a b'c", ["-lavfi", "[0:v]fps=25[v];[v]null", "-x", "a bc"]),
        (r'a\ b "c\"d\e" \|', ["a b", r'c"d\e', "|"]),
        ("''", [""]),
        ("- | lame - |x", ["-", None, "lame", "-", None, "x"]),
        ("a|b", ["a", None, "b"]),
    ],
)  # fmt: skip
def test_it_reads(text: str, read: list[str | None]) -> None:
    assert list(words(text)) == read


@pytest.mark.parametrize(
    "text",
    [
        "a; rm x", "a && b", "a & b", "a || b", "a |& b", "> x", "2>&1", "< x", "$HOME", '"$HOME"', "$(id)", "`id`",
        '"`id`"', "(a)", "{a,b}", "~/x", "~root", "a #b", "#", "a\nb", "x 2>/dev/null",
    ],
)  # fmt: skip
def test_it_refuses_what_only_a_shell_can_do(text: str) -> None:
    with pytest.raises(UnsafeJob, match="no shell is used here"):
        list(words(text))


@pytest.mark.parametrize("text", ['"a', "'a", "a'b c", '"a\\"'])
def test_a_quote_too_few_is_named(text: str) -> None:
    with pytest.raises(JobfileError, match="quote too few"):
        list(words(text))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=string.ascii_letters[:6] + " \t'\"\\|;$&*[]=:~#{}-\n", max_size=14))
def test_what_is_accepted_means_the_same_to_a_shell(text: str) -> None:
    try:
        read = list(words(text))
    except JobfileError:
        return
    if None in read:
        return
    told = subprocess.run(
        ["sh", "-f", "-c", f"printf '<%s>' {text.strip()}"], capture_output=True, text=True, check=True
    )
    assert told.stdout == ("".join(f"<{word}>" for word in read) or "<>")
