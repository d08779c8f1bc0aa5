"""What pictures cost: `netdsl draw` compared with `netdsl table`, Graphviz, plot_model,
visualkeras, visualtorch.

    python benchmarks/draw.py                     # measures the tools that are installed
    python benchmarks/draw.py --sheet sheet.html  # and shows all pictures side by side in a page

All times are CPU seconds on this machine, measured in one run. Cold ones are the least of several
processes; the others leave out imports and the building of Keras models. plot_model requires pydot
and Graphviz. visualtorch draws PyTorch modules: Keras's models are such modules with the backend
torch, which is chosen where visualtorch is installed.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import io
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from cold import measured

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import netdsl  # noqa: E402

NETWORKS = ("lenet5", "googlenet", "resnet50", "unet", "wavenet")
LARGE = "efficientnet_b7"  # unfolded
WIDE, HIGH = 420, 900  # the largest size of a picture in the sheet, in pixels
LIMIT = 120  # seconds that another tool may take


class Drawn(NamedTuple):
    """A picture by one tool: CPU seconds (None: over the limit), its file, width x height in px."""

    seconds: float | None
    path: Path | None
    size: tuple[int, int] | None

    def __str__(self) -> str:
        if self.seconds is None:
            return f"over {LIMIT} s"
        size = f" {self.size[0]:,} x {self.size[1]:,}" if self.size else ""
        return f"{self.seconds:.3f} s{size}"


def installed(*modules: str) -> bool:
    """Whether modules can be imported."""
    return all(importlib.util.find_spec(name) for name in modules)


# --- next to a table ------------------------------------------------------------------------------


def cold(command: list[str], runs: int) -> float:
    """CPU seconds of a command in a process of its own."""
    arguments = [sys.executable, "-m", "netdsl", *command]
    return min(measured(arguments, ROOT)[0] for _ in range(runs))


def next_to_table(runs: int) -> None:
    """Print what a picture costs compared with a table, and what a large one costs unfolded."""
    print("cold, CPU s          table    draw   ratio")
    for name in ("lenet5", "resnet152", "wavenet"):
        file = f"examples/{name}.net"
        table, draw = cold(["table", file], runs), cold(["draw", file], runs)
        print(f"{name:18} {table:7.3f} {draw:7.3f} {draw / table:7.2f}")
    network = netdsl.load(ROOT / "examples" / f"{LARGE}.net")
    start = time.process_time()
    text = network.draw(fold="none").svg
    seconds = time.process_time() - start
    print(
        f"{LARGE}, {len(network.graph.layers)} layers unfolded: "
        f"{seconds:.3f} s, {len(text) / 1000:.0f} KB"
    )


# --- next to other tools --------------------------------------------------------------------------


def by_netdsl(network: netdsl.Network, folder: Path, fold: str) -> Drawn:
    path = folder / f"{network.name}_{fold}.svg"
    start = time.process_time()
    picture = network.draw(fold=fold)
    text = picture.svg
    seconds = time.process_time() - start
    path.write_text(text, encoding="utf-8")
    return Drawn(seconds, path, (round(picture.sheet.width), round(picture.sheet.height)))


def by_graphviz(network: netdsl.Network, folder: Path) -> Drawn:
    """The same layers and edges, each layer as a box."""
    graph = network.graph
    lines = ["digraph {", "node [shape=box]"]
    lines += [f'{at} [label="{layer.text}"]' for at, layer in enumerate(graph.layers)]
    edges = {
        (graph.ops[source].layer, op.layer)
        for op in graph.ops
        for source in op.inputs
        if graph.ops[source].layer != op.layer
    }
    lines += [f"{a} -> {b}" for a, b in sorted(edges)]
    source, path = folder / f"{network.name}.dot", folder / f"{network.name}_graphviz.svg"
    source.write_text("\n".join([*lines, "}"]), encoding="utf-8")
    before = children()
    try:
        subprocess.run(
            ["dot", "-Tsvg", str(source), "-o", str(path)],
            check=True,
            timeout=LIMIT,
            capture_output=True,
        )
    except subprocess.TimeoutExpired:
        return Drawn(None, None, None)
    return Drawn(children() - before, path, None)


def children() -> float:
    """CPU seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def by_plot_model(model: Any, folder: Path) -> Drawn:
    import keras

    path = folder / f"{model.name}_plot_model.png"
    before = children() + time.process_time()
    keras.utils.plot_model(model, str(path), show_shapes=True)
    return Drawn(children() + time.process_time() - before, path, pixels(path))


def by_visualkeras(model: Any, folder: Path) -> Drawn:
    import visualkeras

    path = folder / f"{model.name}_visualkeras.png"
    start = time.process_time()
    visualkeras.layered_view(model, to_file=str(path))
    return Drawn(time.process_time() - start, path, pixels(path))


def by_visualtorch(model: Any, folder: Path) -> Drawn:
    import visualtorch

    path = folder / f"{model.name}_visualtorch.png"
    start = time.process_time()
    image = visualtorch.render(model, (1, *model.input_shape[1:]), style="graph")
    seconds = time.process_time() - start
    image.save(path)
    return Drawn(seconds, path, image.size)


def pixels(path: Path) -> tuple[int, int]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as image:
        return image.size


def next_to_others(folder: Path) -> dict[str, dict[str, Drawn]]:
    """Draw and print every network by every tool that is installed."""
    on_models: dict[str, Callable[[Any, Path], Drawn]] = {}
    if installed("pydot", "keras") and shutil.which("dot"):
        on_models["plot_model"] = by_plot_model
    if installed("visualkeras", "keras"):
        on_models["visualkeras"] = by_visualkeras
    if installed("visualtorch", "torch", "keras"):
        os.environ["KERAS_BACKEND"] = "torch"
        on_models["visualtorch"] = by_visualtorch
    networks = {name: netdsl.load(ROOT / "examples" / f"{name}.net") for name in NETWORKS}
    found: dict[str, dict[str, Drawn]] = {}
    # Before Keras is imported: its many objects would slow down Python's garbage collection.
    for name, network in networks.items():
        found[name] = {
            "netdsl": by_netdsl(network, folder, "all"),
            "netdsl, unfolded": by_netdsl(network, folder, "none"),
        }
        if shutil.which("dot"):
            found[name]["Graphviz"] = by_graphviz(network, folder)
    for name, network in networks.items():
        model = network.keras() if on_models else None
        for tool, draw in on_models.items():
            try:
                found[name][tool] = draw(model, folder)
            except Exception as error:  # a tool that fails is reported, too
                print(f"{name}: {tool} failed: {type(error).__name__}: {error}"[:200])
    for name, row in found.items():
        print(f"\n{name}, {len(networks[name].graph.layers)} layers")
        for tool, drawn in row.items():
            print(f"  {tool:18} {drawn}")
    return found


# --- side by side ---------------------------------------------------------------------------------


def embedded(path: Path) -> bytes:
    """The file, reduced to the pixels that the page shows: some tools draw a hundred million."""
    if path.suffix == ".svg":
        return path.read_bytes()
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as image:
        small = image.convert("RGB")
    small.thumbnail((3 * WIDE, 3 * HIGH))
    written = io.BytesIO()
    small.save(written, "PNG")
    return written.getvalue()


def sheet(found: dict[str, dict[str, Drawn]]) -> str:
    """A page with all pictures, a row for each network."""
    parts = [
        "<!doctype html><meta charset=utf-8><title>pictures side by side</title>",
        "<style>body{font:14px sans-serif}td{vertical-align:top;padding:8px}",
        f"img{{max-width:{WIDE}px;max-height:{HIGH}px}}</style><table>",
    ]
    for name, row in found.items():
        parts.append(f"<tr><th>{escape(name)}</th>")
        for tool, drawn in row.items():
            image = ""
            if drawn.path is not None:
                kind = "svg+xml" if drawn.path.suffix == ".svg" else "png"
                data = base64.b64encode(embedded(drawn.path)).decode()
                image = f'<img src="data:image/{kind};base64,{data}" alt="{escape(tool)}">'
            parts.append(f"<td>{escape(tool)}: {escape(str(drawn))}<br>{image}</td>")
        parts.append("</tr>")
    return "\n".join([*parts, "</table>\n"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="processes for each cold figure")
    parser.add_argument(
        "--sheet", type=Path, metavar="PAGE", help="write all pictures side by side"
    )
    options = parser.parse_args()
    next_to_table(options.runs)
    with tempfile.TemporaryDirectory() as name:
        found = next_to_others(Path(name))
        if options.sheet:
            options.sheet.write_text(sheet(found), encoding="utf-8")
            print(f"\n{options.sheet}")


if __name__ == "__main__":
    main()
