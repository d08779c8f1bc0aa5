"""Trains a small network on some of the devices that the CPU is divided into, and again on other
numbers of them; `test_devices.py` runs it in processes of their own.

The devices of a process are fixed before its backend computes anything: `python sharing.py DEVICES
FOLDER RECIPE NETWORK USED...`, with KERAS_BACKEND in the environment. It ends as `netdsl train`
does.
"""

from __future__ import annotations

import os
import sys


def main(devices: int, folder: str, recipe: str, network: str, *used: str) -> int:
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

    def trained() -> bool:
        return any(
            train(
                netdsl.parse(network),
                parse_recipe(f"{recipe}devices: {number}\n"),
                where=os.path.join(folder, number),
            ).interrupted
            for number in used
        )

    return exit_code_of(trained)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
