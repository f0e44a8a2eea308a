"""The texts of a template are found without being marked, and nothing else is."""

from __future__ import annotations

import pytest
from jinja2 import Environment
from markupsafe import Markup

from tracker.gui.speech.nodes import Texts, texts


@pytest.fixture(scope="module")
def environment():
    made = Environment(extensions=[Texts], autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals["_t"] = lambda text, *values: Markup(f"[{text}]").format("", *values)
    return made


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("<p>Held by {{ a }}.</p>", "<p>[Held by &lt;i&gt;.]</p>"),
        ("<p> Two\n  lines </p>", "<p> [Two lines] </p>"),
        ("<b>{{ a }}</b> of {{ a | length }} files", "<b>&lt;i&gt;</b> [of 3 files]"),
        ('<a href="Some page" title="Go {{ a }}">x</a>', '<a href="Some page" title="[Go &lt;i&gt;]">x</a>'),
        ("<p>{% if a %}Yes it is{% endif %}</p>", "<p>[Yes it is]</p>"),
        ("<code>Some code</code> <kbd>Ctrl</kbd>", "<code>Some code</code> <kbd>Ctrl</kbd>"),
        ("<textarea>Typed {{ a }}</textarea> Here", "<textarea>Typed &lt;i&gt;</textarea> [Here]"),
        ("<option>fine words</option>", "<option>fine words</option>"),
        ('<option value="x">fine words</option>', '<option value="x">[fine words]</option>'),
        ('<input placeholder=\'{"like": "this"}\'>', '<input placeholder=\'{"like": "this"}\'>'),
        ("{{ 'Open again' if a else 'Close' }}", "[Open again]"),
        ("{{ 'yes' if a == 'Some name' }}{{ {'Record.Language': 1}['Record.Language'] }}", "1"),
        ("<p class=\"{{ 'Big words' }}\">1 / 2</p>", '<p class="Big words">1 / 2</p>'),
        ("{{ 'Progress of ' ~ a }}", "[Progress of] &lt;i&gt;"),
    ],
)
def test_what_people_read_is_translated(environment, source, written):
    assert environment.from_string(source).render(a="<i>") == written


def test_the_messages_of_a_template_come_with_their_lines(environment):
    source = "<p>One thing</p>\n{{ n | counted('talk') }}\n<p title='no'>{{ _('you') }}</p>"
    assert texts(environment, source) == [(1, "One thing"), (2, "{1} talk"), (2, "{1} talks"), (3, "you")]
