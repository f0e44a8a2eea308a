"""The wire: what clients of both generations send is read, what they understand is written."""

from __future__ import annotations

import subprocess
import sys
import xmlrpc.client
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker import wire
from tracker.wire import Fault, WireError, read_answer, read_call

CALL = "<methodCall><methodName>C3TT.x</methodName><params><param><value>{}</value></param></params></methodCall>"


def param(value: str) -> Any:
    """Read a call with one parameter written as *value*."""
    return read_call(CALL.format(value).encode())[1][0]


def refused(body: str | bytes) -> str:
    with pytest.raises(WireError) as caught:
        read_call(body.encode() if isinstance(body, str) else body)
    return str(caught.value)


# --- against the standard library, both ways -----------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
SCALAR = st.one_of(TEXT, st.booleans(), st.integers(-(2**31), 2**31 - 1))
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(VALUE, st.floats(allow_nan=False, allow_infinity=False)), max_size=4))
def test_it_reads_the_calls_that_xmlrpc_client_writes(params):
    body = xmlrpc.client.dumps(tuple(params), "C3TT.setTicketProperties").encode()
    assert read_call(body) == ("C3TT.setTicketProperties", params)


@settings(max_examples=60, deadline=None)
@given(VALUE)
def test_xmlrpc_client_reads_the_answers_that_it_writes(value):
    (found,), _method = xmlrpc.client.loads(wire.answer(value))
    assert found == value


@settings(max_examples=40, deadline=None)
@given(st.lists(VALUE, max_size=4))
def test_it_reads_its_own_calls_and_answers(params):
    assert read_call(wire.call("C3TT.ping", params)) == ("C3TT.ping", params)
    assert read_answer(wire.answer(params)) == params


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_every_text_makes_an_answer_that_can_be_read(text):
    (found,), _method = xmlrpc.client.loads(wire.answer({"log": text}))
    assert found == {"log": wire.clean(text)}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_do_more_than_be_refused(body):
    for read in (read_call, read_answer):
        with pytest.raises((WireError, Fault)):
            read(body)


# --- what it writes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (False, "<boolean>0</boolean>"),
        (True, "<boolean>1</boolean>"),
        (None, "<string></string>"),
        ("", "<string></string>"),
        (7, "<int>7</int>"),
        (2**31, "<string>2147483648</string>"),
        (3.5, "<string>3.5</string>"),
        ("3.0", "<string>3.0</string>"),
        ("a\r\nb", "<string>a&#13;\nb</string>"),
        ("<&>", "<string>&lt;&amp;&gt;</string>"),
        ("\x1b[0m\ufffe", "<string>\ufffd[0m\ufffd</string>"),
        ({}, "<struct></struct>"),
        ([], "<array><data></data></array>"),
        (wire.Int("007"), "<int>7</int>"),
    ],
)
def test_values_are_written_as_old_clients_understand_them(value, written):
    assert f"<param><value>{written}</value></param>" in wire.answer(value).decode()


def test_null_is_an_empty_string_at_any_depth():
    assert b"nil" not in wire.answer({"a": [None, {"b": None}]})


def test_every_message_begins_with_the_xml_declaration():
    for body in (wire.answer(1), wire.fault(1, "x"), wire.call("C3TT.x", [])):
        assert body.startswith(b"<?xml ")


@pytest.mark.parametrize("value", [b"bytes", object(), {1, 2}])
def test_what_has_no_form_on_the_wire_is_not_written(value):
    with pytest.raises(TypeError):
        wire.answer(value)


def test_a_fault_is_read_as_one():
    with pytest.raises(xmlrpc.client.Fault) as theirs:
        xmlrpc.client.loads(wire.fault(414, "no <ticket> 7\x08"))
    with pytest.raises(Fault) as ours:
        read_answer(wire.fault(414, "no <ticket> 7\x08"))
    assert (theirs.value.faultCode, theirs.value.faultString) == (ours.value.code, ours.value.message)
    assert (ours.value.code, ours.value.message) == (414, "no <ticket> 7\ufffd")


# --- what it reads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("<i4>007</i4>", "007"),
        ("<int>+5</int>", "+5"),
        ("<i8>9223372036854775807</i8>", "9223372036854775807"),
        ("<double>10.000</double>", "10.000"),
        ("<double>1e3</double>", "1e3"),
        ("<boolean>1</boolean>", "1"),
        ("<boolean>0</boolean>", "0"),
        ("<string> a  b </string>", " a  b "),
        ("plain", "plain"),
        ("", ""),
        ("<string/>", ""),
        ("<nil/>", ""),
        ("<base64>U8Ok\nbGU=</base64>", "Säle"),
        ("<dateTime.iso8601>20260101T00:00:00</dateTime.iso8601>", "20260101T00:00:00"),
        ("\n  <string>x</string>\n  ", "x"),
        ("<string>a<!-- no -->b</string>", "ab"),
        ("<string><![CDATA[<a>]]></string>", "<a>"),
        ("<string>a&#13;\nb</string>", "a\r\nb"),
    ],
)
def test_scalars_keep_the_text_they_were_sent_with(sent, text):
    assert wire.text_of(param(sent)) == text


def test_numbers_are_numbers_too():
    assert (param("<i4>007</i4>"), param("<double>10.000</double>")) == (7, 10.0)


def test_structs_and_arrays_nest():
    sent = (
        "<struct><member><name>a b</name><value><array><data><value>1</value><value><struct/></value></data></array>"
        "</value></member><member><name>c</name><value><i4>2</i4></value></member></struct>"
    )
    assert param(sent) == {"a b": ["1", {}], "c": 2}


def test_a_declared_us_ascii_is_not_believed():
    body = '<?xml version="1.0" encoding="us-ascii"?>' + CALL.format("<string>Säle</string>")
    assert read_call(body.encode()) == ("C3TT.x", ["Säle"])


def test_blanks_and_a_byte_order_mark_before_the_declaration_do_no_harm():
    for start in ("\n ", "\ufeff", "\ufeff\n"):
        body = start + '<?xml version="1.0"?>' + CALL.format("1")
        assert read_call(body.encode()) == ("C3TT.x", ["1"])


def test_raw_control_characters_and_broken_utf_8_are_survived():
    body = CALL.format("<string>a\x08b@c</string>").encode().replace(b"@", b"\xff")
    assert read_call(body)[1] == ["a\ufffdb\ufffdc"]


def test_control_characters_in_base64_are_replaced_as_well():
    assert param("<base64>YQBiCGM=</base64>") == "a\ufffdb\ufffdc"


def test_a_call_without_parameters_is_one():
    assert read_call(b"<methodCall><methodName> C3TT.getVersion\n</methodName></methodCall>") == ("C3TT.getVersion", [])


# --- what it refuses -----------------------------------------------------------------------------------------


def test_it_refuses_a_doctype():
    body = '<!DOCTYPE x [<!ENTITY a "b">]>' + CALL.format("&a;")
    assert refused(body) == "a DOCTYPE is not accepted"
    assert refused("<?xml version='1.0'?>\n" + body) == "a DOCTYPE is not accepted"


def test_it_refuses_values_nested_too_deep():
    depth = 100_000
    body = CALL.format("<array><data><value>" * depth + "</value></data></array>" * depth)
    assert refused(body) == "values nest deeper than 32"


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_it_takes_values_nested_32_times_and_no_more(wrap):
    value: Any = "x"
    for _ in range(wire.MAX_DEPTH):
        value = wrap(value)
    assert read_call(wire.call("C3TT.x", [value]))[1] == [value]
    assert refused(wire.call("C3TT.x", [wrap(value)])) == "values nest deeper than 32"


@pytest.mark.parametrize("tag", ["a", "value", "data", "methodCall"])
def test_elements_of_any_name_nest_so_deep_at_most(tag):
    assert refused(f"<{tag}>" * 1000)


def test_it_takes_10000_values_and_no_more():
    many = {str(number): "" for number in range(wire.MAX_MEMBERS - 1)}
    assert read_call(wire.call("C3TT.x", [many]))[1] == [many]
    for params in ([many, ""], [[""] * wire.MAX_MEMBERS], [""] * (wire.MAX_MEMBERS + 1)):
        assert refused(wire.call("C3TT.x", params)) == "a call may have 10000 values at most"


def test_an_answer_may_list_any_number_of_tickets():
    many = [{"id": number} for number in range(wire.MAX_MEMBERS)]
    assert read_answer(wire.answer(many)) == many


def test_it_refuses_a_message_that_is_too_long():
    assert "33554432 bytes" in refused(CALL.format("x" * wire.MAX_BYTES))


@pytest.mark.parametrize(
    "sent",
    [
        "<i4>7a</i4>",
        "<i4></i4>",
        "<i4>\u0663</i4>",
        "<i4>" + "9" * 41 + "</i4>",
        "<double>1,5</double>",
        "<double>nan</double>",
        "<double>inf</double>",
        "<double>1_0</double>",
        "<double>0x1p3</double>",
        "<boolean>yes</boolean>",
        "<base64>a</base64>",
        "<base64>ü</base64>",
        "<foo/>",
        "<foo>x</foo>",
        "<i4>1</i4><i4>2</i4>",
        "<array><value>1</value></array>",
        "<array><data><value><foo/></value></data></array>",
        "<struct><value>1</value></struct>",
        "<struct><member><value>1</value></member></struct>",
        "<struct><member><value>1</value><name>a</name></member></struct>",
        "<value>1</value>",
        "&unknown;",
        "&#8;",
    ],
)
def test_it_refuses_values_that_are_none(sent):
    assert refused(CALL.format(sent))


@pytest.mark.parametrize("body", ["", "x", "<methodCall>", "<methodCall/>", "<a/><b/>", "<methodCall></methodcall>"])
def test_it_refuses_what_is_no_call(body):
    assert refused(body)


def test_a_call_is_no_answer():
    with pytest.raises(WireError, match="no value"):
        read_answer(wire.call("C3TT.x", []))


@pytest.mark.parametrize("value", [[], {}, object()])
def test_only_scalars_are_text(value):
    with pytest.raises(WireError):
        wire.text_of(value)


# --- secrets, and who may import it --------------------------------------------------------------------------


def test_the_login_hash_is_the_md5_of_name_and_secret():
    # printf 'host-.domsecret' | md5sum
    assert wire.login_hash("host-.dom", "secret") == "4b1739c2e4ea7641ad56999fe84906fc"


def test_secrets_of_any_characters_are_compared():
    assert wire.same("schlüssel", "schlüssel")
    assert not wire.same("schlüssel", "schlussel")


def test_it_needs_the_standard_library_only():
    script = "import sys, tracker.wire; print({'flask', 'sqlalchemy', 'lxml'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
