"""What `expand` writes of a network is the network again, and is written alike again."""

from __future__ import annotations

from support.programs import meaning

from netdsl import Network, parse
from netdsl.report.write import written_out


def assert_written_out_is_the_same(network: Network) -> None:
    """By `diff`."""
    written = written_out(network)
    assert network.diff(parse(written)).same
    assert written_out(parse(written)) == written


def written_out_again(network: Network) -> Network:
    """The network that is written, which means the same and keeps its outputs' names."""
    written = written_out(network)
    again = parse(written)
    before, after = meaning(network), meaning(again)
    assert before.pop("named outputs") <= after.pop("named outputs")
    assert before == after
    assert written_out(again) == written
    return again
