"""Prepare the devices that a recipe asks for, before anything is computed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from netdsl.errors import Diagnostic, RunError, first_line
from netdsl.keras.quiet import quiet_keras
from netdsl.training.distributed.devices import Devices
from netdsl.training.distributed.hosts import host_number
from netdsl.training.distributed.sharing import check_shares, is_shared
from netdsl.training.recipes.conflicts import Conflict

if TYPE_CHECKING:
    from netdsl.training.distributed.strategy import DeviceStrategy
    from netdsl.training.recipes.recipe import Recipe

TOGETHER = (
    "start one process on each host, with free and reachable ports, before anything is computed"
)
"""The help for errors with several hosts."""


def open_devices(recipe: Recipe, quiet: bool = False) -> Devices:
    """Prepare the devices that a resolved recipe asks for, and connect to the other hosts.

    Call it before anything is computed: backends do not accept devices or hosts later. It waits for
    the other hosts, and prints so unless it should be quiet.

    Raises:
        NetError: N651 where it is not known which of the hosts this is.
        Conflict: N507 where the batch cannot be divided equally, N650 where there are not this many
            devices.
        RunError: N653 where the hosts cannot connect.
    """
    if not is_shared(recipe):
        return Devices()
    hosts, batch = recipe.hosts or (), recipe.batch_size
    # Checked twice: what can be rejected without devices is, before waiting for the other hosts.
    check_shares(recipe, batch)
    me = host_number(recipe)
    if len(hosts) > 1 and not quiet:
        others = ", ".join(host for place, host in enumerate(hosts) if place != me)
        print(f"host {me} of {len(hosts)}: waiting for {others}", file=sys.stderr, flush=True)
    strategy = _strategy(hosts, me, recipe.devices or 1)
    check_shares(recipe, batch, strategy.count)
    # `devices: all` on a machine with one device is an ordinary training, in chunks of steps.
    return strategy if strategy.count > 1 or hosts else Devices()


def _strategy(hosts: tuple[str, ...], me: int, devices: int | str) -> DeviceStrategy:
    """Return the backend's strategy for several devices."""
    backend = quiet_keras().config.backend()
    try:
        if backend == "jax":
            from netdsl.training.distributed.jax import OnJax

            return OnJax(hosts, me, devices)
        from netdsl.training.distributed.tensorflow import OnTensorFlow

        return OnTensorFlow(hosts, me, devices)
    except Conflict:
        raise
    except Exception as error:  # whatever a backend raises of ports, names and peers
        why = first_line(error)
        message = f"the devices cannot work together: {why}"
        raise RunError(Diagnostic("N653", message, help=TOGETHER)) from None
