"""Changes files at random and reads them: run folders, data, recipes, weights; plants links where
commands write; gives files and classes names that are formulas or markup.

    python benchmarks/fuzz_files.py [--inputs 10000] [--seed 0] [--only runs]

A failure is an exception other than a diagnostic, or a file that takes more than 10 seconds of CPU
time. Each is printed with the seed that reproduces it; the exit status is 1 where there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import re
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

import h5py  # noqa: E402
import numpy as np  # noqa: E402

from netdsl.cli.main import main as main_of_commands  # noqa: E402
from netdsl.errors import NetError  # noqa: E402
from netdsl.files import remove_abandoned, write  # noqa: E402
from netdsl.keras.claims import check_claims  # noqa: E402
from netdsl.training.data.sources.arrays import read_npy, read_npz  # noqa: E402
from netdsl.training.data.sources.table_file import read_table_file  # noqa: E402
from netdsl.training.evaluation.predict_text import predictions_csv  # noqa: E402
from netdsl.training.recipes.recipe import load_recipe  # noqa: E402
from netdsl.training.runs.compare import compare  # noqa: E402
from netdsl.training.runs.folder import locked, new_folder  # noqa: E402
from netdsl.training.runs.inputs import read_preparation  # noqa: E402
from netdsl.training.runs.listing import entries, runs_json, runs_text  # noqa: E402
from netdsl.training.safetensors import read_safetensors  # noqa: E402
from netdsl.wording import FORMULA_SIGNS  # noqa: E402

PATIENCE = 10  # seconds of CPU time for one file
SIGNS = b"\x00\xff\x1b\n\r{}[]\",:-0129eE.!&*#<>%='\\"

RUN = {
    "network": "a", "file": "network.net", "input": [4], "params": 10, "data": "digits",
    "recipe": "r", "fingerprint": "f", "began": "2026-01-01T10:00:00+0000",
}  # fmt: skip
RESULT = {
    "network": "a", "data": "digits", "steps": 4, "epochs": 2, "ended": "epochs", "patience": 0,
    "best_step": 2, "best_epoch": 1, "metric": "loss", "best_value": 0.5,
    "validation": {"examples": 10, "loss": 0.5, "accuracy": 0.75},
    "test": {"examples": 10, "loss": 0.5, "accuracy": 0.75}, "retrained": 0, "seconds": 1.5,
}  # fmt: skip
EPOCH = {
    "stage": "search", "epoch": 1, "step": 2, "rate": 0.1, "loss": 1.0, "accuracy": 0.5,
    "val_loss": 0.5, "seconds": 0.1,
}  # fmt: skip
RECIPE = """data: {source: digits, split: {test: 0.2}}
batch: 32
epochs: 2
optimizer: {name: adam, rate: 0.001}
early_stopping: {patience: 3, every: 10}
freeze: [a, b*]
params: {w: 1/3}
seed: 1
"""
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1e308, float("inf"), float("nan"), "", "\x1b[2J", [], {}, [[]],
    "a" * 1000, {"a": 1}, "2026",
)  # fmt: skip


def bytes_changed(rng: Random, content: bytes) -> bytes:
    """Change, leave out, repeat or cut some bytes."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        roll = rng.random()
        if roll < 0.35 and data:
            data[min(at, len(data) - 1)] = rng.choice((*SIGNS, rng.randrange(256)))
        elif roll < 0.55:
            data[at:at] = bytes(rng.choices(SIGNS, k=rng.randint(1, 4)))
        elif roll < 0.75:
            del data[at : at + rng.randint(1, 40)]
        elif roll < 0.9:
            data[at:at] = data[at : at + rng.randint(1, 200)] * rng.choice((1, 2, 50))
        else:
            del data[at:]
    return bytes(data)


def values_changed(rng: Random, values: Any) -> Any:
    """Put an odd value somewhere into plain values."""
    if rng.random() < 0.3 or not isinstance(values, dict | list) or not values:
        return rng.choice(ODD)
    if isinstance(values, list):
        return [*values[:-1], values_changed(rng, values[-1])]
    name = rng.choice(list(values))
    if rng.random() < 0.2:
        return {key: value for key, value in values.items() if key != name}
    return {**values, name: values_changed(rng, values[name])}


def json_of(rng: Random, values: Any) -> bytes:
    """Write values as JSON, changed as values or as bytes; sometimes nested without end."""
    if rng.random() < 0.02:
        return b"[" * 100_000
    if rng.random() < 0.6:
        return json.dumps(values_changed(rng, values)).encode()
    return bytes_changed(rng, json.dumps(values).encode())


def runs(rng: Random, folder: Path) -> None:
    run = folder / "a-1"
    run.mkdir()
    (run / "network.net").write_text("input 4 > fc-2\n")
    (run / "recipe.yaml").write_bytes(
        bytes_changed(rng, RECIPE.encode()) if rng.random() < 0.3 else RECIPE.encode()
    )
    (run / "run.json").write_bytes(json_of(rng, RUN))
    (run / "metrics.jsonl").write_bytes(json_of(rng, EPOCH) + b"\n")
    (run / "preparation.json").write_bytes(json_of(rng, {"inputs": [{}], "outputs": [{}]}))
    if rng.random() < 0.7:
        (run / "result.json").write_bytes(json_of(rng, RESULT))
    assert len(entries(folder)) == 1
    runs_text(folder)
    json.loads(runs_json(folder), parse_constant=lambda text: 1 / 0)
    for read in (lambda: compare([run, run]), lambda: read_preparation(run)):
        with contextlib.suppress(NetError):
            read()


def recipes(rng: Random, folder: Path) -> None:
    path = folder / "a.yaml"
    path.write_bytes(bytes_changed(rng, RECIPE.encode()))
    load_recipe(path)


def arrays(rng: Random, folder: Path) -> None:
    content = io.BytesIO()
    made = {"x": np.arange(12.0).reshape(4, 3), "y": np.arange(4)}
    if rng.random() < 0.3:
        np.save(content, made["x"])
        (folder / "a.npy").write_bytes(bytes_changed(rng, content.getvalue()))
        read_npy(folder / "a.npy")
        return
    rng.choice((np.savez, np.savez_compressed))(content, **made)
    (folder / "a.npz").write_bytes(bytes_changed(rng, content.getvalue()))
    dict(read_npz(folder / "a.npz"))


def tables(rng: Random, folder: Path) -> None:
    text = b"a,b,c\n" + b"".join(b"%d,%d.5,red\n" % (i, i) for i in range(20))
    (folder / "a.csv").write_bytes(bytes_changed(rng, text))
    read_table_file(folder / "a.csv")


def weights(rng: Random, folder: Path) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    whole = len(header).to_bytes(8, "little") + header + bytes(8)
    (folder / "a.safetensors").write_bytes(bytes_changed(rng, whole))
    with contextlib.suppress(NetError):
        read_safetensors(folder / "a.safetensors")
    with h5py.File(folder / "a.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones((4, 4))
    with zipfile.ZipFile(folder / "a.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.write(folder / "a.h5", "model.weights.h5")
    for name in ("a.h5", "a.keras"):
        path = folder / name
        path.write_bytes(bytes_changed(rng, path.read_bytes()))
        # `load_model` makes each of these N614
        with contextlib.suppress(OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile):
            check_claims(str(path))


def links(rng: Random, folder: Path) -> None:
    """Plant links that lead out of a folder where commands write, and write there."""
    victim, place = folder / "victim", folder / "place"
    place.mkdir()
    victim.write_text("input   4 > fc-2\n")
    before = victim.read_bytes()
    names = [".part-x.net", "x.net", "y.net", "lock", "checkpoint.npz", "run.json", ".part-lock"]
    for name in rng.sample(names, rng.randint(1, len(names))):
        leads = rng.choice(("../victim", str(victim), "../place/../victim", "../nothing", "x.net"))
        (place / name).symlink_to(leads)
    if not (place / "x.net").is_symlink():
        (place / "x.net").write_text("input   4 > fc-2\n")
    (folder / ".part-0123456789abcdef").symlink_to("victim")
    silently(["fmt", str(place)])
    for name in ("lock", "checkpoint.npz", "run.json"):
        with contextlib.suppress(NetError):
            write(place / name, "written")
    with contextlib.suppress(NetError), locked(place):
        pass
    remove_abandoned(place)
    with contextlib.suppress(NetError):
        new_folder(place, "x.net")
    assert victim.read_bytes() == before, "the victim was written"
    assert not (folder / "nothing").exists(), "a file was made through a link"


def cells(rng: Random, folder: Path) -> None:
    """Predict where names are formulas, which a spreadsheet would run."""

    def name() -> str:
        signs = (*FORMULA_SIGNS, '"', ",", "\n", ";", "cmd|'/c calc'!A1", "1", "\x1b", " ")
        return "".join(rng.choices(signs, k=rng.randint(1, 5)))

    record: dict[str, Any] = {"input": name()}
    if rng.random() < 0.5:
        record["top"] = [{"class": 0, "name": name(), "probability": 0.5} for _ in range(2)]
    else:
        record["outputs"] = {name(): {"output": [1.5, -2.5]}, name(): {"output": [-1e9]}}
    rows = list(csv.reader(io.StringIO(predictions_csv([record]), newline="")))
    assert len(rows) == 2
    for cell in (*rows[0], *rows[1]):
        with contextlib.suppress(ValueError):
            float(cell)
            continue
        assert not cell.startswith(FORMULA_SIGNS), f"a spreadsheet runs {cell!r}"


def captions(rng: Random, folder: Path) -> None:
    """Write and compare tables of files whose names are markup."""
    signs = "%$#&_{}~^\\|<>\n\r\x1b=`*[]\u202e'\" "
    paths = []
    for _ in range(2):
        marked = "".join(rng.choices(signs, k=rng.randint(0, 6)))
        ends = "".join(rng.choices(("\\PWN{}", "<PWN>", "\nPWN", "|PWN|"), k=rng.randint(1, 3)))
        paths.append(folder / f"{marked}{ends}.net")
        paths[-1].write_text(f"input 4 > fc-{rng.randint(2, 3)}\n")
    form = rng.choice(("latex", "markdown", "html", "csv", "text"))
    files = paths[: rng.randint(1, 2)]
    found = silently(["table", *map(str, files), "--format", form])
    assert not any(ord(sign) < 32 and sign != "\n" for sign in found), "a control character"
    assert "\u202e" not in found
    if form == "latex":
        body = [line for line in found.splitlines() if not line.startswith("%")]
        assert not any("\\PWN" in line or line.startswith("PWN") for line in body), found
    if form == "html":
        assert "<PWN" not in found, found
    if form == "markdown":
        lines = [line for line in found.splitlines() if line.startswith("|")]
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(widths) <= 1 + found.count("\n\n"), found


def silently(arguments: list[str]) -> str:
    """Run a command in this process, and return what it prints."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        main_of_commands(arguments)
        out.flush()
    content: bytes = out.buffer.getvalue()  # type: ignore[attr-defined]
    return content.decode()


WHAT: dict[str, Callable[[Random, Path], None]] = {
    "runs": runs,
    "recipes": recipes,
    "arrays": arrays,
    "tables": tables,
    "weights": weights,
    "links": links,
    "cells": cells,
    "captions": captions,
}


class TooSlow(Exception):
    """A file took more than `PATIENCE`."""


def _alarm(*_: Any) -> None:
    raise TooSlow


def tried(what: str, seed: str) -> str:
    """Return what goes wrong with the files of a seed; empty where nothing does."""
    signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        with tempfile.TemporaryDirectory() as folder:
            WHAT[what](Random(seed), Path(folder))
    except NetError as error:
        return "" if all(one.code and one.message for one in error.diagnostics) else "no code"
    except TooSlow:
        return f"it takes more than {PATIENCE} s of CPU time"
    except Exception:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description="changes files at random and reads them")
    parser.add_argument("--inputs", type=int, default=10_000, help="of each kind (default 10,000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=tuple(WHAT), help="one kind of file")
    options = parser.parse_args()
    failures = 0
    for what in [options.only] if options.only else WHAT:
        begin, wrong = time.perf_counter(), 0
        for count in range(options.inputs):
            seed = f"{options.seed}-{what}-{count}"
            if found := tried(what, seed):
                wrong += 1
                print(f"--- {seed}\n{found}\n", flush=True)
        seconds = time.perf_counter() - begin
        print(f"{what}: {options.inputs:,} inputs, {wrong} failures, {seconds:.0f} s", flush=True)
        failures += wrong
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
