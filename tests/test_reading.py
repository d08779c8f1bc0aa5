"""What a network keeps of its text and of what came with it, and how a network is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.networks import check, only

import netdsl
from netdsl import reading
from netdsl.architecture import Architecture
from netdsl.errors import NetError, Source
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


def test_one_of_several_networks_is_chosen() -> None:
    checked = check("net small\n8 > fc-2\nnet tall\n8 > fc-3")
    with pytest.raises(NetError) as caught:
        reading.only(checked, None)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("N113", "test.net holds 2 networks: small, tall")
    assert reading.only(checked, "tall").outputs[0].shape == (3,)


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("8 > pol", []),
        ("net a\n8 > pol\nnet b\n8 > fc-2", ["b"]),
        ("net a\n8 > fc-2\nnet b\n8 > )", []),
    ],
)
def test_networks_of_a_text_with_mistakes(text: str, networks: list[str]) -> None:
    checked = check(text)
    assert checked.faulty
    assert [network.name for network in checked.networks] == networks


def test_a_mistake_in_what_networks_share_is_said_once() -> None:
    text = "param w = 1/0\nnet a\n8 > fc-2\nnet b\n8 > fc-3"
    assert [found.code for found in check(text).diagnostics] == ["N112"]


def test_a_text_from_an_editor() -> None:
    network = netdsl.parse("\ufeff# it\r\n8 > fc-2\r\n")
    assert (network.text, network.path) == ("# it\n8 > fc-2\n", None)
    with pytest.raises(NetError) as caught:
        netdsl.parse("8 > pol")
    (found,) = caught.value.diagnostics
    assert found.span
    assert found.span.source.name == "<text>"


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "small.net"
    path.write_text("conv3-4 > gap", encoding="utf-8")
    plain = reading.read_file(path, None, reading.ReadOptions(input_shape=(8, 8, 2)))
    assert (plain.name, plain.path) == ("small", str(path))
    named = reading.read_file(path, None, reading.ReadOptions(input_shape=(8, 8, 2)), "other")
    assert named.name == "other"
    again = reading.with_params(plain.replace(text="param w = 1\nconv3-{w} > gap"), {"w": 3})
    assert (again.name, again.path, again.outputs[0].shape) == ("small", str(path), (3,))
    with pytest.raises(NetError, match=r"small\.net is larger than the limit, 12 bytes"):
        netdsl.load(path, limits=Limits(source=12))
    (tmp_path / "a.yaml").write_text("batch: 3", encoding="utf-8")
    with pytest.raises(NetError, match="N607"):
        netdsl.load(tmp_path / "a.yaml")


def test_what_names_a_network(tmp_path: Path) -> None:
    (tmp_path / "b.net").write_text("def f() = fc-3", encoding="utf-8")
    path = tmp_path / "a.net"
    path.write_text('use "b.net"\n8 > f', encoding="utf-8")
    plain = Architecture(name="p", graph=netdsl.parse("8 > fc-3").graph, text="8 > fc-3")
    network = netdsl.parse("8 > fc-4", name="n")
    found = netdsl.diff(path, plain)
    assert found.same
    assert [type(each) for each in (found.a, found.b)] == [netdsl.Network] * 2
    assert (found.a.name, found.a.path, found.b.name) == ("a", str(path), "p")
    assert netdsl.diff(network, "8 > fc-4").a is network
    assert netdsl.diff("zoo:lenet5", netdsl.load("zoo:lenet5")).same
    assert not netdsl.check("zoo:lenet5")
    assert not netdsl.check(path)
    assert [one.code for one in netdsl.check(path, limits=Limits(source=5))] == ["N401"]
    assert netdsl.parse("net a\n8 > fc-2\nnet b\n8 > fc-3", net="b").name == "b"
    assert [one.code for one in netdsl.check("conv3-{w} > gap", input=(8, 8, 1))] == ["N110"]
    text = "param w = 3\nconv3-{w} > gap"
    assert not netdsl.check(text, input=(8, 8, 1), params={"w": 4})
    assert [one.code for one in netdsl.check(text, input=(8, 8, 1), params={"w": 0})] == ["N201"]
    (tmp_path / "a.yaml").write_text("batch: 3", encoding="utf-8")
    assert [one.code for one in netdsl.check(tmp_path / "a.yaml")] == ["N607"]
    with pytest.raises(TypeError, match=r"`source` accepts the path of a \.net file, or the text"):
        netdsl.check(3)  # type: ignore[arg-type]


def test_limits_hold_for_used_files(tmp_path: Path) -> None:
    (tmp_path / "b.net").write_text("def f() = fc-3" + " " * 100, encoding="utf-8")
    path = tmp_path / "a.net"
    path.write_text('use "b.net"\n8 > f', encoding="utf-8")
    assert netdsl.load(path, limits=Limits(source=200)).outputs[0].shape == (3,)
    with pytest.raises(NetError, match=r"b\.net is larger than the limit, 50 bytes"):
        netdsl.load(path, limits=Limits(source=50))


def test_a_fragment_keeps_what_came_with_it() -> None:
    source = Source("a.net", "net a\nfc-2\nnet b\nparam w = 3\nfc-{w}\nnet c\n8 > fc-3")
    options = reading.ReadOptions("a.net", {"w": 4})
    assert reading.fragment_of(source, options, "test") is None
    assert reading.fragment_of(source, options, "test", "c") is None
    found = reading.fragment_of(Source("a.net", "param w = 3\nfc-{w}"), options, "test")
    assert found
    network = found.on((8,), {"w": 5})
    assert (network.name, network.path, network.outputs[0].shape) == ("test", "a.net", (5,))
    chosen = reading.fragment_of(source, options, "test", "b")
    assert chosen
    assert (chosen.name, chosen.source.text[chosen.start :][:6]) == ("b", "fc-{w}")
    few = reading.ReadOptions(limits=Limits(brackets=1))
    assert reading.fragment_of(Source("a.net", "((fc-2))"), few, "test") is None


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
