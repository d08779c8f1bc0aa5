"""The experiments of the lectures: what is run, and how its figures are read.

An experiment is one command, on files of examples/lectures/. To add one, write a function that
takes the folder in which the command was run and the seed, and returns an `Outcome`, and add a line
to `EXPERIMENTS`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LECTURES = "examples/lectures/"


class Outcome(NamedTuple):
    """The result of an experiment.

    Attributes:
        figures: the figures in words, in one line.
        reached: whether they reach the target.
    """

    figures: str
    reached: bool


class Experiment(NamedTuple):
    """A line of the table.

    Attributes:
        name: the name of its files in examples/lectures/.
        what: what is tried.
        lecture: what the lecture states or implies.
        target: the target, set beforehand.
        arguments: the arguments of `netdsl`; NET and RECIPE are the experiment's files.
        measure: reads the figures in the folder in which the command was run with a seed.
    """

    name: str
    what: str
    lecture: str
    target: str
    arguments: str
    measure: Callable[[Path, int], Outcome]

    @property
    def command(self) -> str:
        """The command as docs and the file's comment have it."""
        net, recipe = (f"{LECTURES}{self.name}.{suffix}" for suffix in ("net", "yaml"))
        return f"netdsl {self.arguments.replace('NET', net).replace('RECIPE', recipe)}"


# --- what commands leave --------------------------------------------------------------------------


def runs(folder: Path) -> list[Path]:
    """The folders of the runs; those of a grid in the order of its values."""
    found = [path.parent for path in folder.glob("runs/**/result.json")]
    return sorted(found, key=lambda run: [*map(int, re.findall(r"^\d+", run.name)), 0])


def network(run: Path) -> Any:
    """The `netdsl.Run` of a folder."""
    import netdsl

    return netdsl.Run(run)


def history(run: Path) -> list[dict[str, Any]]:
    """The figures of each epoch."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]


def scores(run: Path, part: str = "test") -> dict[str, Any]:
    """The figures of a part with the weights that were kept."""
    return dict(json.loads((run / "result.json").read_text("utf-8"))[part])


def netdsl_json(*arguments: str | Path, where: Path) -> Any:
    """What a further command of netdsl prints with `--json`."""
    done = run_netdsl([*map(str, arguments), "--json"], where, capture=True)
    return json.loads(done)


def run_netdsl(arguments: Sequence[str], where: Path, capture: bool = False) -> str:
    """Run the command in a folder, with the files of this checkout.

    Raises:
        subprocess.CalledProcessError: where it fails.
    """
    words = [str(ROOT / word) if word.startswith("examples/") else word for word in arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", "netdsl", *words],
        cwd=where,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=True,
    )
    return done.stdout or ""


# --- the experiments ------------------------------------------------------------------------------


def templates(folder: Path, seed: int) -> Outcome:
    """The accuracy of a single layer, and how much its templates resemble the classes' means."""
    (run,) = runs(folder)
    found = scores(run)["accuracy"]
    kept = sorted(path.name for path in (run / "kept").glob("*.keras"))
    return Outcome(
        f"test {found:.4f}, templates after {len(kept)} of 7 epochs",
        0.91 <= found <= 0.935 and len(kept) == 3,
    )


def random_labels(folder: Path, seed: int) -> Outcome:
    """Accuracy on the training part, whose labels mean nothing, and on the test part."""
    (run,) = runs(folder)
    learned, test = history(run)[-1]["accuracy"], scores(run)["accuracy"]
    return Outcome(
        f"training {learned:.4f}, test {test:.4f}", learned >= 0.99 and abs(test - 0.1) <= 0.03
    )


def double_descent(folder: Path, seed: int) -> Outcome:
    """Where the test error is largest, and whether more weights are better again."""
    of = {_width(run): scores(run)["loss"] for run in runs(folder)}
    peak = max(of, key=lambda width: of[width])
    shown = ", ".join(f"{of[width]:.3g} ({width:,})" for width in sorted(of))
    return Outcome(f"test loss by width {shown}", peak == 1000 and of[8000] < of[300])


def _width(run: Path) -> int:
    return int(re.findall(r"width_(\d+)", run.name)[0])


def vanishing(folder: Path, seed: int) -> Outcome:
    """The first layer's gradient divided by the last's, with sigmoids and with ReLU."""
    words = ["backward", f"{LECTURES}vanishing.net", "--data", "mnist", "--norms"]
    found = [
        netdsl_json(*words, "--seed", str(seed), "-p", f"sigmoids={answer}", where=folder)
        for answer in ("yes", "no")
    ]
    sigmoid, relu = (one["first_by_last"] for one in found)
    return Outcome(
        f"first : last {sigmoid:.2g} with sigmoids, {relu:.2g} with ReLU",
        sigmoid < 1e-4 and 0.1 <= relu <= 10,
    )


def universal(folder: Path, seed: int) -> Outcome:
    """The largest error of each width."""
    of = {}
    for run in runs(folder):
        plane = netdsl_json("show", run, "--plane", where=folder)
        of[_width(run)] = plane["largest_error"]
    widths = sorted(of)
    falls = all(of[a] > of[b] for a, b in pairwise(widths))
    return Outcome(
        "largest error " + ", ".join(f"{of[width]:.3g} ({width})" for width in widths),
        falls and of[widths[-1]] < 0.05,
    )


def depth(folder: Path, seed: int) -> Outcome:
    """The test error of the deep network, and of shallow ones by their number of units."""
    of = {
        ("deep_yes" in run.name, int(re.findall(r"units_(\d+)", run.name)[0])): scores(run)["loss"]
        for run in runs(folder)
    }
    deep, shallow = (
        of[True, 9],
        {units: loss for (is_deep, units), loss in of.items() if not is_deep},
    )
    shown = ", ".join(f"{shallow[units]:.3g} ({units:,})" for units in sorted(shallow))
    return Outcome(
        f"mean squared error deep {deep:.2g}; shallow by units {shown}",
        deep < 1e-8 and shallow[9] > 0.05,
    )


def residual(folder: Path, seed: int) -> Outcome:
    """The training loss without penalties at the end: plain 20, 56, residual 20, 56."""
    found = [history(run)[-1] for run in runs(folder)]
    plain20, plain56, residual20, residual56 = (one["loss"] for one in found)
    names = ("plain-20", "plain-56", "residual-20", "residual-56")
    shown = ", ".join(
        f"{name} {one['loss']:.3g} ({one['accuracy']:.3f})"
        for name, one in zip(names, found, strict=True)
    )
    return Outcome(
        f"training loss (accuracy) {shown}",
        plain56 > plain20 and residual56 <= residual20,
    )


def batch_norm(folder: Path, seed: int) -> Outcome:
    """After how many epochs the network with norms is as accurate as the other after six."""
    plain, normed = ([row["val_accuracy"] for row in history(run)] for run in runs(folder))
    first = next((at for at, value in enumerate(normed, 1) if value >= plain[-1]), None)
    return Outcome(
        f"without {plain[-1]:.4f} after 6 epochs; with {normed[0]:.4f}, {normed[1]:.4f} after 1, "
        f"2 and {normed[-1]:.4f} after 6",
        first is not None and first <= 2,
    )


def regularisation(folder: Path, seed: int) -> Outcome:
    """The test loss with the weights that are kept: for no penalty, each one alone, and all."""
    of = {}
    for run in runs(folder):
        drop, decay, early = re.findall(
            r"drop_([\d.]+)-l2_([\d.]+)-early_stopping_(\w+?)-", run.name
        )[0]
        of[float(drop) > 0, float(decay) > 0, early == "yes"] = scores(run)
    names = {
        "none": (False, False, False),
        "dropout": (True, False, False),
        "weight decay": (False, True, False),
        "early stopping": (False, False, True),
        "all": (True, True, True),
    }
    data_loss = {name: of[key].get("data_loss", of[key]["loss"]) for name, key in names.items()}
    shown = ", ".join(
        f"{name} {data_loss[name]:.3f} ({of[key]['accuracy']:.3f})" for name, key in names.items()
    )
    alone = [data_loss[name] for name in names if name != "none"]
    return Outcome(f"test loss (accuracy) {shown}", max(alone) < data_loss["none"])


def edges(folder: Path, seed: int) -> Outcome:
    """The share of first filters that are edges or bars, trained and untrained."""
    (run,) = runs(folder)
    found = netdsl_json("show", run, "--filters", where=folder)
    share, untrained = (
        sum(value > 0.8 for value in found[key]) / len(found[key])
        for key in ("matches", "untrained_matches")
    )
    count = len(found["matches"])
    return Outcome(
        f"{share:.0%} of {count} filters over 0.8, {untrained:.0%} untrained; "
        f"test {scores(run)['accuracy']:.4f}",
        share >= 0.5,
    )


def adversarial(folder: Path, seed: int) -> Outcome:
    """Accuracy after changes of a tenth, along the gradient and at random."""
    (run,) = runs(folder)
    found = netdsl_json("attack", run, "--eps", "0,0.1", "--count", "10000", where=folder)
    clean, changed = found["results"]
    return Outcome(
        f"{clean['adversarial']:.4f} to {changed['adversarial']:.4f}, random "
        f"{changed['random']:.4f}",
        changed["adversarial"] < 0.2 and changed["random"] > 0.95,
    )


def adversarial_training(folder: Path, seed: int) -> Outcome:
    """Accuracy after changes of a tenth, of the usual network and of one trained on them too."""
    found = netdsl_json("attack", *runs(folder), "--eps", "0,0.1", "--count", "10000", where=folder)
    usual, hardened = (one["results"] for one in found["runs"])
    before, after = usual[1]["adversarial"], hardened[1]["adversarial"]
    return Outcome(
        f"{usual[0]['adversarial']:.4f} to {before:.4f} as usual; trained on them "
        f"{hardened[0]['adversarial']:.4f} to {after:.4f}",
        after > before + 0.3,
    )


def denoising(folder: Path, seed: int) -> Outcome:
    """The error of noisy images, and of what the network makes of them."""
    found = netdsl_json("show", *runs(folder), "--reconstruct", "--noise", "0.5", where=folder)
    before, (after,) = found["noise_error"], found["runs"]
    error = after["mean_absolute_error"]
    return Outcome(f"mean absolute error {before:.4f} to {error:.4f}", error < before / 5)


def decoders(folder: Path, seed: int) -> Outcome:
    """The error of the images that each decoder gives back."""
    found = netdsl_json("show", *runs(folder), "--reconstruct", where=folder)
    names = ("transposed", "unpool", "nearest", "nails")
    errors = [one["mean_absolute_error"] for one in found["runs"]]
    shown = ", ".join(f"{name} {error:.4f}" for name, error in zip(names, errors, strict=True))
    return Outcome(f"mean absolute error {shown}", max(errors) < 0.05)


def vae(folder: Path, seed: int) -> Outcome:
    """The loss and the divergence; the latter is above 1 where codes carry information."""
    (run,) = runs(folder)
    found = scores(run)
    made = (folder / "vae.svg").is_file()
    return Outcome(
        f"test loss {found['loss']:.4f}, divergence {found['kl']:.2f} nats; 64 samples",
        made and found["kl"] > 1,
    )


def generated(folder: Path, seed: int) -> dict[str, Any]:
    """How LeNet-5, trained for four epochs, classifies 1,000 samples."""
    (run,) = runs(folder)
    lenet5 = ["train", "examples/lenet5.net", "--data", "mnist", "--epochs", "4"]
    run_netdsl([*lenet5, "--name", "lenet5", "--seed", str(seed)], folder)
    found = netdsl_json("sample", run, "--judge", "runs/lenet5-1", where=folder)
    return dict(found["judge"])


def gan_convolutional(folder: Path, seed: int) -> Outcome:
    """How many classes are among the samples, and how confidently they are recognised."""
    found = generated(folder, seed)
    return Outcome(
        f"{found['classes']} of 10 classes, mean confidence {found['confidence']:.4f}",
        found["classes"] >= 9 and found["confidence"] >= 0.9,
    )


def gan_dense(folder: Path, seed: int) -> Outcome:
    """The same for the dense network, without a target for the confidence."""
    found = generated(folder, seed)
    return Outcome(
        f"{found['classes']} of 10 classes, mean confidence {found['confidence']:.4f}",
        found["classes"] >= 9,
    )


def gan_conditional(folder: Path, seed: int) -> Outcome:
    """How many samples are of the class that was asked for."""
    found = generated(folder, seed)
    return Outcome(
        f"{found['right']:.4f} of the class asked for, mean confidence {found['confidence']:.4f}",
        found["right"] >= 0.9,
    )


EXPERIMENTS = [
    Experiment(
        "templates",
        "class templates",
        "a layer's weights look like the digits after 1, 3 and 7 iterations",
        "three sheets of ten, test about 0.92",
        "train NET RECIPE --then 'show --filters --evolution -o templates.svg'",
        templates,
    ),
    Experiment(
        "random_labels",
        "random labels",
        "essentially perfect training accuracy",
        "training at least 0.99, test 0.07 to 0.13",
        "train NET RECIPE --then 'runs --curve random_labels.svg --figure accuracy'",
        random_labels,
    ),
    Experiment(
        "double_descent",
        "double descent",
        "test error is worst at as many weights as examples, then falls again",
        "largest at width 1,000 = n; 8,000 better than 300",
        "train NET RECIPE --grid width=100,300,600,900,1000,1100,1500,3000,8000",
        double_descent,
    ),
    Experiment(
        "vanishing",
        "vanishing gradients",
        "gradients of layers close to the input are tiny",
        "first : last below 1e-4 with sigmoids, within 10 times with ReLU",
        "backward NET --data mnist --norms -o vanishing.svg",
        vanishing,
    ),
    Experiment(
        "universal",
        "universal approximation",
        "a network of two layers comes arbitrarily close",
        "largest error below 0.05 with the widest, falling with the width",
        "train NET RECIPE --grid width=4,16,64,256",
        universal,
    ),
    Experiment(
        "depth",
        "depth separation",
        "some functions need few units in deep networks, very many in shallow ones",
        "with 28 weights each, deep below 1e-8, shallow above 0.05",
        "train NET RECIPE --grid deep=yes,no --grid units=9,16,64,256,1024",
        depth,
    ),
    Experiment(
        "residual",
        "plain and residual, 20 and 56 layers",
        "deeper plain networks have a higher training error, residual ones have not",
        "plain-56 above plain-20 in training loss, residual-56 not",
        "train NET RECIPE --grid residual=no,yes --grid depth=20,56",
        residual,
    ),
    Experiment(
        "batch_norm",
        "batch normalization",
        "the same accuracy in fewer steps",
        "in at most 2 epochs what the other needs 6 for",
        "train NET RECIPE --grid norm=no,yes "
        "--then 'runs --curve batch_norm.svg --figure accuracy'",
        batch_norm,
    ),
    Experiment(
        "regularisation",
        "dropout, weight decay, early stopping",
        "each of them keeps the error on other examples from rising",
        "each alone below none in test loss",
        "train NET RECIPE --grid drop=0,0.5 --grid penalty.l2=0,0.003 --grid early_stopping=no,yes",
        regularisation,
    ),
    Experiment(
        "edges",
        "filters that become edges",
        "first filters detect edges",
        "at least half of them match an edge or a bar over 0.8",
        "train NET RECIPE --then 'show --filters --evolution -o edges.svg'",
        edges,
    ),
    Experiment(
        "adversarial",
        "adversarial examples",
        "tiny changes fool the network, random ones do not",
        "below 0.2 at 0.1, random above 0.95",
        "train NET RECIPE --then 'attack --eps 0,0.05,0.1 -o adversarial.svg'",
        adversarial,
    ),
    Experiment(
        "adversarial_training",
        "adversarial training",
        "a network can be trained against such changes",
        "at 0.1 over 0.3 better than as usual",
        "train examples/lectures/adversarial.net examples/lectures/adversarial.yaml "
        "--grid adversarial.eps=0,0.1 "
        "--then 'attack --eps 0,0.05,0.1,0.2 -o adversarial_training.svg'",
        adversarial_training,
    ),
    Experiment(
        "denoising",
        "denoising autoencoder",
        "learns to give back clean images from noisy ones",
        "a fifth of the noise's error",
        "train NET RECIPE --then 'show --reconstruct --noise 0.5 -o denoising.svg'",
        denoising,
    ),
    Experiment(
        "decoders",
        "four convolutional decoders",
        "images come back",
        "mean absolute error below 0.05 of each",
        "train NET RECIPE --grid decoder=transposed,unpool,nearest,nails "
        "--then 'show --reconstruct -o decoders.svg'",
        decoders,
    ),
    Experiment(
        "gan_convolutional",
        "a convolutional generator",
        "makes digits of noise",
        "LeNet-5 names at least 9 of 10 classes in 1,000 samples, mean confidence 0.9",
        "train NET RECIPE --then 'sample -o digits.png'",
        gan_convolutional,
    ),
    Experiment(
        "gan_dense",
        "a dense generator",
        "makes digits of noise",
        "at least 9 of 10 classes; less sure than the convolutional one",
        "train NET RECIPE --then 'sample -o digits.png'",
        gan_dense,
    ),
    Experiment(
        "gan_conditional",
        "a conditional generator",
        "makes the digit that is asked for",
        "0.9 of the samples",
        "train NET RECIPE --then 'sample --label 7 -o sevens.png'",
        gan_conditional,
    ),
    Experiment(
        "vae",
        "variational autoencoder",
        "the decoder makes new digits",
        "a sheet of 64 samples, divergence above 1",
        "train examples/vae.net RECIPE --then 'sample --count 64 -o vae.svg'",
        vae,
    ),
]
BY_NAME = {one.name: one for one in EXPERIMENTS}
