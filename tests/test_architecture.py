"""Networks as values: frozen, compared, copied, and with titles."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from support.networks import read

import netdsl
from netdsl.architecture import titles_of


def used(tmp_path: Path) -> netdsl.Network:
    """A network with a param that was set, and a file that it uses."""
    (tmp_path / "b.net").write_text("def f(n) = fc-{n}", encoding="utf-8")
    path = tmp_path / "a.net"
    path.write_text('# two\nuse "b.net"\nparam w = 3\n8 > f({w})', encoding="utf-8")
    return netdsl.load(path, params={"w": 5})


def test_what_is_kept_of_a_network_when_it_travels(tmp_path: Path) -> None:
    network = used(tmp_path)
    assert (dict(network.params), list(network.used)) == ({"w": 5}, ["b.net"])
    again = pickle.loads(pickle.dumps(network))
    assert again == network
    # A graph refers to its source, which is another one after the journey.
    assert {**again.values(), "graph": None} == {**network.values(), "graph": None}


def test_a_network_with_other_values() -> None:
    network = read("8 > fc-4", params={})
    other = network.replace(name="b", description="it")
    assert (other.name, other.description, network.name) == ("b", "it", "test")
    assert other.graph is network.graph
    assert type(other) is type(network)


def test_nothing_of_a_network_is_deleted() -> None:
    network = read("8 > fc-4")
    with pytest.raises(AttributeError, match="frozen: its `name` cannot be deleted"):
        del network.name
    assert network.name == "test"


def test_what_no_network_is_equal_to() -> None:
    network = read("8 > fc-4")
    assert network.__eq__("8 > fc-4") is NotImplemented
    assert network != read("8 > fc-5")
    assert hash(network) != hash(read("8 > fc-5"))


@pytest.mark.parametrize(
    ("networks", "titles"),
    [
        ([("a", {}), ("b", {"w": 3})], ["a", "b"]),
        ([("a", {}), ("a", {"w": 3})], ["a", "a (w=3)"]),
        ([("a", {"w": 4}), ("a", {"w": 3, "c": True})], ["a (w=4)", "a (w=3, c=yes)"]),
    ],
)
def test_titles(networks: list[tuple[str, dict[str, int]]], titles: list[str]) -> None:
    plain = read("8 > fc-4")
    assert (
        titles_of([plain.replace(name=name, params=params) for name, params in networks]) == titles
    )
