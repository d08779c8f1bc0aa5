"""What data-parallel training costs: the gradients that devices exchange in a step against the
step's arithmetic.

Each device works on its part of a batch; then all gradients are added up by a ring all-reduce, in
which a device sends (and receives) 2(p-1)/p times the gradients' bytes, p being the devices:
Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations" (2009).
It hardly depends on p; the slowest link of the ring sets the time. Start-up times of
messages are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from netdsl.analysis.counts import count_network
from netdsl.graph import Graph

PASSES = 3
"""A training step's arithmetic, in forward passes: the backward pass takes the gradients of the
inputs and of the weights.
"""

RATE, UTILISATION, BATCH = 312e12, 0.2, 64
"""What the table of docs/scaling.md is computed with: a device's FLOP/s in bfloat16, the share
of it that is reached, examples a device.
"""

SETUPS = (
    (8, 300e9, "one machine, NVLink"),
    (8, 12.5e9, "8 machines, 100 Gb/s"),
    (256, 25e9, "200 Gb/s"),
    (256, 12.5e9, "100 Gb/s"),
    (256, 1.25e9, "10 Gb/s"),
)
"""Its rows: devices, bytes that the slowest link of the ring carries in a second, one way, and
what such a link is.
"""


class StepCost(NamedTuple):
    """A step of p devices, in bytes and seconds.

    Attributes:
        sent: bytes that each device sends.
        compute: seconds of arithmetic.
        exchange: seconds that the gradients are under way.
        apart: seconds of the step where they are sent after the backward pass.
        overlapped: seconds where each is sent as soon as it is there, during the backward pass:
            the lower bound.
    """

    sent: float
    compute: float
    exchange: float

    @property
    def apart(self) -> float:
        """Return the seconds of a step whose exchange follows its arithmetic."""
        return self.compute + self.exchange

    @property
    def overlapped(self) -> float:
        """Return the seconds of a step whose exchange overlaps the backward pass."""
        # Nothing can be sent during the forward pass, which is a third of the arithmetic.
        return self.compute / PASSES + max(self.compute * (PASSES - 1) / PASSES, self.exchange)

    @property
    def efficiency(self) -> tuple[float, float]:
        """Examples a second, as a share of those of p devices that exchange nothing.

        For an exchange after the backward pass, and for one that overlaps it.
        """
        return self.compute / self.apart, self.compute / self.overlapped


def step(
    graph: Graph,
    devices: int,
    link: float,
    batch: int = BATCH,
    rate: float = RATE,
    use: float = UTILISATION,
    width: int = 4,
) -> StepCost:
    """Return a step of this many devices with `batch` examples each.

    Args:
        graph: the network.
        devices: that work on a batch together.
        link: bytes that the slowest link carries in a second, one way.
        batch: examples a device.
        rate: FLOP/s of a device.
        use: the share of the rate that is reached, from 0 to 1.
        width: bytes of a number of the gradient: 4, or 2 where weights are bfloat16 themselves
            (`precision: bfloat16`; with `mixed` weights and gradients have 4).

    Raises:
        ValueError: where one of them is not above 0.
    """
    if min(devices, link, batch, rate, use, width) <= 0:
        raise ValueError("devices, link, batch, rate, use and width are above 0")
    counts = count_network(graph)
    # Twice: once to add the parts up, once to pass the sums on.
    sent = 2 * (devices - 1) / devices * width * counts.params
    # A MAC is 2 FLOPs; elementwise work is left out, as in published figures of utilisation.
    return StepCost(sent, PASSES * 2 * counts.macs * batch / (rate * use), sent / link)


def table(networks: Mapping[str, Graph]) -> str:
    """Return the table of docs/scaling.md, in Markdown: each network in each of the `SETUPS`."""
    head = (
        "network",
        "devices",
        "slowest link",
        "sent by each",
        "compute",
        "exchange",
        "efficiency",
        "overlapped",
    )
    rows: list[tuple[str, ...]] = [head, ("---", "--:", "---", "--:", "--:", "--:", "--:", "--:")]
    for name, graph in networks.items():
        for devices, link, reported in SETUPS:
            found = step(graph, devices, link)
            apart, overlapped = found.efficiency
            times = (f"{1000 * seconds:.1f} ms" for seconds in (found.compute, found.exchange))
            speed = f"{link / 1e9:g} GB/s ({reported})"
            rows.append(
                (
                    name,
                    f"{devices}",
                    speed,
                    f"{found.sent / 1e6:,.0f} MB",
                    *times,
                    f"{apart:.0%}",
                    f"{overlapped:.0%}",
                )
            )
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
