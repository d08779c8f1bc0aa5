"""What a network keeps of its text and of what came with it, and how a network is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.networks import check, only

import netdsl
from netdsl import reading
from netdsl.errors import NetError
from netdsl.limits import DEFAULT_LIMITS, Limits

TEXT = "# What it is for\nparam w = 3\nconv3-{w} > gap\n"


def test_a_network_keeps_what_came_with_its_text() -> None:
    (network,) = check(TEXT, path="a.net", params={"w": 5}, input_shape=(8, 8, 2)).networks
    assert (network.name, network.text, network.path) == ("test", TEXT, "a.net")
    assert network.description == "What it is for"
    assert (network.params, network.input_shape) == ({"w": 5}, (8, 8, 2))
    assert network.graph.outputs[0].shape == (5,)


def test_read_again_with_other_params_it_keeps_the_input() -> None:
    (network,) = check(TEXT, input_shape=(8, 8, 2)).networks
    again = reading.with_params(network, {"w": 7})
    assert (again.input_shape, again.graph.outputs[0].shape) == ((8, 8, 2), (7,))
    assert reading.with_params(again, {"w": 7}) is again


@pytest.mark.parametrize(
    ("requested", "help"), [("smal", "did you mean `small`?"), ("xyzzy", "it holds small, tall")]
)
def test_a_network_that_a_text_does_not_hold(requested: str, help: str) -> None:
    checked = check("net small\n8 > fc-2\nnet tall\n8 > fc-3")
    with pytest.raises(NetError) as caught:
        reading.only(checked, requested)
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("N113", help)


@pytest.mark.parametrize(
    ("name", "help"), [("widht", "did you mean `width`?"), ("q", "")], ids=["near", "far"]
)
def test_a_name_that_a_fact_lacks(name: str, help: str) -> None:
    found = only(f"param width = 4\n8 > fc-{{width}}\nexpect params = {{{name}}}", "N110")
    assert found.help == help


def test_limits_hold_for_texts_and_files(tmp_path: Path) -> None:
    text, few = "8 > fc-2 x3", Limits(operations=3)
    path = tmp_path / "a.net"
    path.write_text(text, encoding="utf-8")
    for read in (netdsl.parse, netdsl.load):
        given = text if read is netdsl.parse else path
        with pytest.raises(NetError, match="N406"):
            read(given, limits=few)  # type: ignore[operator]
        assert read(given).graph.outputs  # type: ignore[operator]
    assert [found.code for found in netdsl.check(text, limits=few)] == ["N406"]


def test_the_limits_are_those_that_the_documents_state() -> None:
    assert DEFAULT_LIMITS == (
        4 * 2**20, 200, 20_000, 200, 10_000, 200_000, 100, 2**53, 2**63 - 1, 50_000, 32, 2**20
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("over", [0, 1])
def test_statements_up_to_the_limit(over: int) -> None:
    params = "".join(f"param p{at} = 1\n" for at in range(19_999 + over))
    found = [one.code for one in check(f"{params}8 > fc-2").diagnostics if one.code == "N408"]
    assert found == ["N408"] * over
