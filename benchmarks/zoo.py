"""All networks of examples/ and of keras.applications: figures, and how far each Keras model is
from the model that its imported `.net` file makes.

    python benchmarks/zoo.py                 # prints the tables
    python benchmarks/zoo.py --write         # and writes docs/zoo.md and examples/keras/*.net
    python benchmarks/zoo.py --only ResNet50 # one model of keras.applications

A model of keras.applications gets random weights and is imported; the text is built as a model,
which takes over the weights, and both get the same random images. All of it takes about ten minutes
on two cores, and 10 GB of memory.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "docs")]

from gallery import gallery  # noqa: E402
from imagenet import section  # noqa: E402

import netdsl  # noqa: E402
from netdsl.analysis.counts import depth  # noqa: E402
from netdsl.reading import ReadOptions, check_source  # noqa: E402
from netdsl.sources import read_source, stem  # noqa: E402


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows, the first their titles, as a Markdown table."""
    first, *rest = rows
    return "\n".join(
        "| " + " | ".join(row) + " |"
        for row in (first, ("---", *["---:"] * (len(first) - 1)), *rest)
    )


def examples() -> list[tuple[str, ...]]:
    """A row for each network of examples/."""
    rows: list[tuple[str, ...]] = [
        ("network", "lines", "params", "moving", "MACs", "depth", "output")
    ]
    for path in sorted((ROOT / "examples").glob("*.net")):
        lines = [
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.strip() and line.split()[0] not in ("#", "net", "expect")
        ]
        for network in check_source(read_source(path), ReadOptions(str(path)), stem(path)).networks:
            counts = network.counts
            name = path.stem if network.name == path.stem else f"{path.stem}: {network.name}"
            shape = ", ".join("x".join(map(str, output.shape)) for output in network.outputs)
            figures = (
                f"{number:,}"
                for number in (counts.params, counts.moving, counts.macs, depth(network.graph))
            )
            rows.append((name, str(len(lines)), *figures, shape))
    return rows


def application(name: str, write: bool) -> tuple[str, ...]:
    """A model of keras.applications, imported and built again."""
    import keras
    from support.clones import cloned

    from netdsl.keras.opening import open_model

    start = time.perf_counter()
    found = cloned(open_model(f"keras:{name}"))
    counts = netdsl.parse(found.text).counts
    keras.backend.clear_session()
    if write:
        folder = ROOT / "examples" / "keras"
        folder.mkdir(exist_ok=True)
        (folder / f"{FILES.get(name, name.lower())}.net").write_text(found.text, encoding="utf-8")
    print(f"{name}: {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)
    error = f"{found.error:.1e}" if found.error else "0"
    lines = str(len(found.text.splitlines()))
    return (
        name,
        lines,
        f"{counts.total:,}",
        f"{counts.moving:,}",
        f"{counts.macs:,}",
        error if found.alike else "differs",
    )


FILES = {
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3Small": "mobilenet_v3_small",
    "MobileNetV3Large": "mobilenet_v3_large",
    "InceptionV3": "inception_v3",
    "InceptionResNetV2": "inception_resnet_v2",
    "NASNetMobile": "nasnet_mobile",
    "NASNetLarge": "nasnet_large",
    **{f"ResNet{depth}V2": f"resnet{depth}_v2" for depth in (50, 101, 152)},
    **{f"EfficientNetB{number}": f"efficientnet_b{number}" for number in range(8)},
    **{
        f"EfficientNetV2{size}": f"efficientnet_v2_{size.lower()}"
        for size in ("B0", "B1", "B2", "B3", "S", "M", "L")
    },
    **{
        f"ConvNeXt{size}": f"convnext_{size.lower()}"
        for size in ("Tiny", "Small", "Base", "Large", "XLarge")
    },
}

HEAD = """\
# The zoo

Written by `python benchmarks/zoo.py --write`. All figures are for one example; params are trained
numbers, moving ones the statistics of batch norm, MACs those of convolutions and matrix products.
`netdsl check examples` verifies the `expect` lines of the files, and `tests/test_zoo.py` the
figures that others published.

## Networks of examples/

Each file names its paper, and the interpretation it follows if implementations differ. Lines are
counted without comments, `net` and `expect`.

"""

MIDDLE = """

## Models of keras.applications

Each is imported (`netdsl import keras:NAME`, in `examples/keras/`), built again from that text, and
gets the same random weights in every layer. Both get the same two random images; the error is the
largest difference of the outputs, relative to the largest output, in float32. {versions}.

"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--write", action="store_true", help="write docs/zoo.md and examples/keras/"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="these models of keras.applications alone"
    )
    options = parser.parse_args()
    first = table(examples())
    if not options.only:
        print(first)
    from netdsl.keras.quiet import quiet_keras

    keras: Any = quiet_keras()
    names = options.only or [name for name in dir(keras.applications) if name[0].isupper()]
    rows: list[tuple[str, ...]] = [("model", "lines", "weights", "moving", "MACs", "error")]
    rows += [application(name, options.write) for name in names]
    second = table(rows)
    print(second)
    if options.write and not options.only:
        versions = f"Keras {keras.__version__} on {keras.backend.backend()}, CPU"
        middle = section().rstrip() + MIDDLE.format(versions=versions)
        text = f"{HEAD}{first}{middle}{second}{gallery()}"
        (ROOT / "docs" / "zoo.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
