"""`output @score`: points that are given out, whatever reads them."""

from __future__ import annotations

import pytest
from support.networks import check, codes, only, read
from support.written import written_out_again

BOTH = "8 > fc-4(relu) as h > fc-3 as y\n"
OUTPUTS = [
    (BOTH + "output @h", "y h"),
    (BOTH + "output @h, @y", "h y"),
    (BOTH + "output @y", "y"),
    (BOTH + "output @y\noutput @h", "y h"),
    (BOTH + "@h > fc-2 as z\noutput @h", "y z h"),
    (BOTH + "output @h\n@h > fc-2 as z", "y h z"),
    (BOTH + "output  @h  ,@y   # both", "h y"),
    ("8 > (fc-4 as h) x3 > fc-3 as y\noutput @h.1", "y h_1"),
    ("8 > fc-4(relu) as h_1 > (fc-4 as h) x3 > fc-3 as y\noutput @h.1, @h_1", "y h_1_2 h_1"),
    ("def b() = fc-4 as m > bn\n8 > b as u > fc-3 as y\noutput @u.m", "y u_m"),
    ("def b() = fc-4 as m > bn\n8 > b as u > fc-3 as y\noutput @u", "y u"),
    ("8 > fc-4 as h > bn as y\noutput @h", "y h"),
    ("8 > [ fc-3 |2 as y ] > fc-2 as z\noutput @y.0, @z", "y_0 z"),
    ("let e = fc-8(relu)\n8 > e as a > e as y\noutput @a", "y a"),
    ("input a: 8 |2 > fc-2 as y\noutput @y.1", "y_0 y_1"),
    ("def output(c) = fc-{c}\n8 > output(3) as y", "y"),
    ("def output(c) = fc-{c}\n8 > output(3) as h > output(2) as y\noutput @h", "y h"),
    ("let output = fc-8(relu)\n8\n> output as a\n> output as output", "output"),
]


@pytest.mark.parametrize(("text", "names"), OUTPUTS)
def test_outputs(text: str, names: str) -> None:
    network = read(text)
    assert " ".join(each.name for each in network.outputs) == names


@pytest.mark.parametrize("text", [text for text, _ in OUTPUTS])
def test_expand_keeps_them(text: str) -> None:
    network = read(text)
    again = written_out_again(network)
    assert [each.name for each in again.outputs] == [each.name for each in network.outputs]


def test_what_reads_a_point_decides_over_its_default_activation() -> None:
    """A point that is given out has the activation that its readers need."""
    assert read(BOTH.replace("(relu)", "") + "output @h").outputs[1].activation == "relu"
    normed = read("8 > fc-4 as h > bn > relu > fc-3\noutput @h")
    assert [each.activation for each in normed.outputs] == ["linear", "linear"]


def test_a_name_that_is_given_out_is_used() -> None:
    assert codes("8 > fc-4(relu) as h > fc-3\noutput @h") == []
    assert codes("8 > fc-4(relu) as h > fc-3") == ["W703"]


def test_noise_before_a_point_that_is_read_further_is_not_the_last() -> None:
    text = "8 > fc-4(relu) > dropout(0.5) as h > fc-3\noutput @h"
    assert codes(text) == []
    assert codes(text.replace(" > fc-3", "")) == ["W716"]


REFUSED = [
    ("output @z", "N101", "refers to nothing"),
    ("output @h, @h", "N104", "is output twice"),
    ("output @h\noutput @h", "N104", "is output twice"),
    ("output @input", "N109", "is an input"),
    ("output @h.*", "N109", "is not one point"),
    ("output h", "N003", "an output is a named point"),
    ("output @h,", "N003", "nothing follows this comma"),
    ("output @h @y", "N003", ""),
    ("output @h > fc-3", "N003", ""),
]


@pytest.mark.parametrize(("statement", "code", "says"), REFUSED)
def test_what_it_refuses(statement: str, code: str, says: str) -> None:
    errors = [d for d in check(BOTH + statement).diagnostics if d.severity == "error"]
    assert [d.code for d in errors] == [code], errors
    assert says in errors[0].message


def test_a_point_inside_a_repeat_is_several() -> None:
    found = only("8 > (fc-4 as h) x3 > fc-3\noutput @h", "N109")
    assert found.help == "say @h.0, @h.1, @h.2; @h.* is each of them"
    found = only("8 > (fc-4 as h) x9 > fc-3\noutput @h", "N109")
    assert found.help == "say @h.0, @h.1, ..., @h.8; @h.* is each of them"
    found = only("8 > (fc-4 as h) x2 > fc-3\noutput @h.*", "N109")
    assert found.help == "write output @h.0, @h.1"
    assert not codes("8 > (fc-4 as h) x2 > fc-3\noutput @h.0, @h.1")


def test_it_may_come_before_a_network_of_its_own() -> None:
    checked = check("net a\n8 > fc-4(relu) as h > fc-3\noutput @h\nnet b\n8 > fc-4 > fc-3")
    assert [len(network.outputs) for network in checked.networks] == [2, 1]
