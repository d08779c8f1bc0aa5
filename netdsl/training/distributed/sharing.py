"""Check whether a training can be shared among several devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netdsl.process import backend
from netdsl.training.recipes.conflicts import Conflict
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Recipe


def is_shared(recipe: Recipe) -> bool:
    """Return whether a recipe asks for more than one device."""
    return recipe.devices not in (None, 1) or bool(recipe.hosts)


def check_shares(recipe: Recipe, batch: int, found: int | None = None) -> None:
    """Reject a training on several devices with options that only one device supports, or with a
    batch that cannot be divided equally.

    Args:
        recipe: what is asked for.
        batch: examples in a step.
        found: the number of devices of all hosts, where it is known already.

    Raises:
        Conflict: N507.
    """
    if not is_shared(recipe):
        return
    hosts, asked = recipe.hosts or (), "hosts" if recipe.hosts else "devices"
    if (recipe.backend or backend()) == "torch":
        message = f"`{asked}` works with TensorFlow and JAX, not with torch"
        raise Conflict(asked, message, help="backend: jax")
    if recipe.speed not in (None, "auto", "plain"):
        message = (
            f"`speed: {recipe.speed}` is for one device: several devices take one step at a time"
        )
        raise Conflict("speed", message, help="leave `speed` out")
    if len(hosts) == 1:
        message = "`hosts` requires two or more addresses, one for each process"
        raise Conflict("hosts", message, help="leave `hosts` out")
    if len(set(hosts)) < len(hosts):
        twice = next(host for host in hosts if hosts.count(host) > 1)
        raise Conflict("hosts", f"`hosts` names {twice} twice: two processes cannot listen there")
    devices = found if recipe.devices == "all" else int(recipe.devices or 1) * max(1, len(hosts))
    # Only equal shares: otherwise the mean of the shares' means is not the batch's mean.
    if devices and batch % devices:
        near = [
            f"`batch: {size}`"
            for size in (batch - batch % devices, batch - batch % devices + devices)
            if size
        ]
        message = (
            f"{devices} devices cannot share a batch of {batch:,} equally: "
            f"{batch / devices:.4g} examples each"
        )
        raise Conflict(
            ("batch", asked),
            message,
            help=f"{' or '.join(near)}, or any other multiple of {devices}",
        )


def chosen_devices(asked: int | str, found: Sequence[Any]) -> list[Any]:
    """Take as many of a machine's devices as a recipe asks for.

    Raises:
        Conflict: N650 where there are fewer.
    """
    count = len(found) if asked == "all" else int(asked)
    if count > len(found):
        has = counted(len(found), "device")
        raise Conflict(
            "devices",
            f"the recipe asks for {count} devices, and the backend has {has} here",
            help="devices: all" if len(found) > 1 else "leave `devices` out",
            code="N650",
        )
    return list(found[:count])
