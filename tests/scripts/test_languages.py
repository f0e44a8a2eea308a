import pytest

from scripts.languages import unknown_language


@pytest.mark.parametrize("text", ["deu", "eng", "deu-eng", "und", "gsg", "hsb"])
def test_it_knows(text: str) -> None:
    assert unknown_language(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("de", "'de', which is no code"),
        ("deu_eng", "no code"),
        ("deu-", "no code"),
        ("DEU", "no code"),
        ("deu-qqq", "names qqq, no known"),
    ],
)
def test_it_refuses(text: str, said: str) -> None:
    assert said in unknown_language(text)
