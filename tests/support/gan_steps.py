"""Trains small GANs on the backend that the environment names, and prints their losses and whether
a resumed one is the same. `python tests/support/gan_steps.py FOLDER`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from support.gans import CONDITIONAL, PLAIN, WITH_STATES, images

import netdsl
from netdsl.keras.quiet import quiet_keras

quiet_keras()

from netdsl.training.adversarial import keeper  # noqa: E402
from netdsl.training.loop import pace  # noqa: E402


def main(folder: Path) -> None:
    pace.MIN_SECONDS = pace.SHARE = 0.0
    x, y = images()
    np.savez(folder / "data.npz", x=x, y=y)

    def train(text: str, loss: str, name: str) -> netdsl.Run:
        (folder / "gan.net").write_text(text, encoding="utf-8")
        keys: dict[str, Any] = {"data": str(folder / "data.npz"), "epochs": 2, "batch": 4}
        return netdsl.train(
            folder / "gan.net", {"gan": loss}, where=folder, name=name, quiet=True, **keys
        )

    found = {}
    for loss in ("nonsaturating", "least-squares", "wasserstein-gp"):
        for kind, text in (("plain", PLAIN), ("classes", CONDITIONAL)):
            row = train(text, loss, f"{kind}-{loss}").history[-1]
            names = ("generator_loss", "discriminator_loss", "diversity")
            found[f"{kind} {loss}"] = [row[name] for name in names]
    whole = train(WITH_STATES, "nonsaturating", "whole")
    real = keeper.epochs_csv

    def killed(rows: Any) -> str:
        raise SystemExit

    keeper.epochs_csv = killed
    try:
        train(WITH_STATES, "nonsaturating", "killed")
    except SystemExit:
        keeper.epochs_csv = real
    again = netdsl.resume(folder / "killed-1", quiet=True)
    weights = (
        netdsl.load_model(run.folder / f"{part}.keras").get_weights()
        for part in ("generator", "discriminator")
        for run in (whole, again)
    )
    pairs = zip(weights, weights, strict=True)  # of each part the one and the other
    same = all(
        np.array_equal(a, b) for one, other in pairs for a, b in zip(one, other, strict=True)
    )
    print(json.dumps({"losses": found, "same": same}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
