"""Trains a small network on several devices of the CPU and prints its figures; `test_devices.py`
runs it in processes of their own.

The devices of a process are fixed before its backend computes anything: `python sharing.py DEVICES
FOLDER RECIPE [NETWORK]`, with KERAS_BACKEND in the environment. It ends as `netdsl train` does.
"""

from __future__ import annotations

import os
import sys

NETWORK = "net small\n8x8x1 > conv3-4 > pool > fc-16 > softmax-10"


def main(devices: int, folder: str, recipe: str, network: str = NETWORK) -> int:
    if os.environ["KERAS_BACKEND"] == "jax":
        os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={devices}"
    else:
        from netdsl.keras.quiet import quiet_keras

        quiet_keras()
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * devices
        )
    import netdsl
    from netdsl.cli.exit_codes import exit_code_of
    from netdsl.training.loop import pace
    from netdsl.training.loop.train import train
    from netdsl.training.recipes.recipe import parse_recipe

    pace.MIN_SECONDS = pace.SHARE = 0.0  # each epoch is written
    return exit_code_of(
        lambda: train(netdsl.parse(network), parse_recipe(recipe), where=folder).interrupted
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
