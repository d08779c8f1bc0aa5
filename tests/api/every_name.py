"""A program that uses every public name, as a user's would; mypy --strict reads it, nothing runs
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import netdsl


def networks() -> netdsl.Network:
    network = netdsl.parse(
        "param w = 6\n8 > fc-{w}",
        params={"w": 3, "p": Fraction(1, 2), "q": 0.5, "r": True, "s": "x"},
    )
    network = netdsl.parse("fc-3", net=None, name="a", input=(8,), limits=netdsl.Limits(word=3))
    network = netdsl.load(Path("a.net"), params={"w": 3})
    network = netdsl.Network.from_keras(netdsl.load_model("a.keras"))
    text: str = netdsl.from_keras(network.keras(seed=0, dtype="float64"))
    found: netdsl.Diagnostics = netdsl.check(text, params={"w": 3})
    codes: list[str] = [each.code for each in found]
    diagnostic: netdsl.Diagnostic = found[0]
    print(codes, diagnostic.message, netdsl.__version__)
    difference: netdsl.NetworkDifference = netdsl.diff(network, "b.net")
    print(difference.same, network.diff(network).totals)
    print(netdsl.summary([network, "b.net"], by="stage", columns="params:M", format="latex"))
    layers: netdsl.Records[netdsl.LayerRecord] = network.layers
    names: list[str] = [layer.name for layer in layers]
    total: int = sum(layer.params for layer in layers) + network.counts.params
    print(names, total, layers.to_dataframe(), network.memory(batch=32, optimizer="sgd").saved)
    print(network.table(by="block", columns=["output"], format="html"), network.emit())
    outputs: netdsl.LayerOutputs = network.forward({"x": [1, 2]}, at="a", engine="keras", seed=1)
    derived: netdsl.NetworkDerivatives = network.backward(
        "1 2", loss="squared", target=[3], training=True
    )
    print(
        network.norms("mnist", seed=1).layers[0].gradient, network.norms(([[1.0]], [[2.0]])).ratio
    )
    checks: netdsl.GradientChecks = network.gradcheck(Path("x.npy"), step=1e-4, one_sided=True)
    matrix: netdsl.LayerMatrix = network.matrix("fc_1")
    moves: netdsl.Records[netdsl.Equivariance] = network.equivariance("shift", seed=1)
    print(matrix.array, matrix.shared, matrix.draw().svg, [each.verdict for each in moves])
    print(outputs.last, outputs.array("a"), outputs[0].name, derived.by("a").weights["kernel"])
    print(derived.value, [node.derivative for node in derived.nodes], checks.right, checks.arrays)
    print(network.draw(style="graph").svg, network.scaling(8, 1e9).exchange, {network: 1})
    return network


def runs(network: netdsl.Network, keys: netdsl.RecipeKeys) -> netdsl.Run:
    recipe: netdsl.Recipe = netdsl.Recipe.of({"optimizer": "sgd"})
    plain: Mapping[str, object] = {"epochs": 3}
    run = network.train(recipe, name="a", where=Path("runs"), quiet=True, **keys)
    run = network.train(plain, data=([[1.0]], [[2.0]]), early_stopping={"patience": 3}, log="wandb")
    run = netdsl.train("a.net", "a.yaml", optimizer={"name": "sgd", "rate": 0.1}, params={"w": 3})
    folds: netdsl.CrossValidation = netdsl.cross_validate(network, recipe, folds=3, seed=1)
    print(folds, folds.mean["test_loss"], folds.spread, folds.scores.to_dataframe())
    print(folds.predictions[0]["fold"], folds.runs[0].model, folds.folder)
    run = netdsl.resume(run.path)
    found: netdsl.EvaluationResult = netdsl.evaluate(run, part="validation")
    print(found["loss"], run.evaluate((1, 2))["loss"], run.recipe.epochs, run.test["loss"])
    rows: netdsl.Records[dict[str, Any]] = netdsl.predict(run, "a.png", top=1)
    print(rows[0]["class"], run.history[-1]["loss"], run.predict([[1.0]]), run.model)
    lines: list[str] = netdsl.export(run, "a.onnx", format="onnx", force=True)
    print(lines, run.export(Path("a.keras")))
    return netdsl.Run.load("runs/a-1")


def errors() -> None:
    try:
        networks()
    except (netdsl.NetSyntaxError, netdsl.NetNameError, netdsl.ShapeError) as error:
        print(error.code, error.diagnostics)
    except (netdsl.RecipeError, netdsl.DataError, netdsl.RunFolderError, netdsl.RunError) as failed:
        print(failed.exit_code)
    except netdsl.NetError as other:
        print(other)
