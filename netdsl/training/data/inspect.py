"""What data holds, before anything is trained on it: counts, shapes, ranges, classes, columns,
and a sheet of images.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import Span, fail
from netdsl.files import save
from netdsl.text_table import aligned
from netdsl.training.data.load import read
from netdsl.training.data.parts import INPUT, Gate, Part, Table, Wanted
from netdsl.training.data.sources import tables
from netdsl.training.data.sources.arrays import read_npz
from netdsl.training.data.sources.hub import HUBS
from netdsl.training.data.sources.images import Pictures, image_files
from netdsl.training.data.sources.named import NAMES
from netdsl.training.preparation.rows import pieces
from netdsl.training.preparation.shapes import size
from netdsl.training.recipes.recipe import DataSpec

if TYPE_CHECKING:
    from PIL.Image import Image

    from netdsl.architecture import Architecture
    from netdsl.training.preparation.rows import Array, Rows

MOST_CLASSES = 1000
SAMPLE = 1000
"""Images that are read for the ranges of a folder's pixels."""

BAR, MOST_BARS = 30, 100
"""Characters of the longest bar, and bars."""


class Survey(NamedTuple):
    """A source that was read to be looked at: its arrays, or its columns where it is a table of
    text and numbers.
    """

    source: str
    table: Table | None
    sheet: tables.Sheet | None
    target: str | None


def survey(spec: DataSpec, network: Architecture | None = None, span: Span | None = None) -> Survey:
    """What a source holds, read as the network takes it, or as it is.

    Raises NetError as `load_data` does of a source.
    """
    source = spec.source or ""
    path = Path(source)
    if source not in NAMES and path.suffix.lower() in tables.SUFFIXES:
        sheet = tables.read_sheet(path, spec.header, span=span)
        if not len(sheet.places):
            raise fail("N516", f"{source} has no rows", span)
        return Survey(
            source,
            None,
            sheet,
            tables.find_column(spec.target, sheet, span) if spec.target else None,
        )
    if network is not None:
        return Survey(source, read(spec, Wanted.of(network), span=span), None, spec.target)
    wanted, target = _guess(spec, span)
    table = read(DataSpec(source=source, target=target, header=spec.header), wanted, span=span)
    if source.startswith(HUBS) and len(table.train.x[0].shape) == 4:
        table = replace(
            table,
            notes=(
                *table.notes,
                f"images are looked at as {size(wanted.inputs[0].shape)}; a network says its own size",
            ),
        )
    return Survey(source, table, None, target)


def _guess(spec: DataSpec, span: Span | None) -> tuple[Wanted, str | None]:
    """What a network for this source may take, and what it learns."""
    source, target = spec.source or "", spec.target
    path, gate, end = Path(source), Gate("input", (64, 64, 3)), (Gate("output", (1,)),)
    if source == "imdb":
        return Wanted((Gate("input", (200,), vocabulary=20_000),), end), target
    if path.suffix.lower() == ".npz" and source not in NAMES:
        return _by_names(list(read_npz(path, span)), target)
    if path.suffix.lower() == ".npy":
        return Wanted((gate,), end), target or INPUT
    if path.is_dir():
        files = image_files(path)
        bare = not any(
            one.is_dir() and not one.name.startswith((".", "__")) for one in path.iterdir()
        )
        return Wanted((gate._replace(shape=_usual(files)),), end), INPUT if bare else target
    return Wanted((gate,), end), target


def _by_names(held: list[str], target: str | None) -> tuple[Wanted, str | None]:
    """The inputs and outputs that the names of arrays speak of: `x_left` is the input `left`."""
    suffix = "_train" if any(name.startswith(("x_train", "y_train")) for name in held) else ""
    inputs, outputs = (
        [
            name.removeprefix(f"{letter}{suffix}_")
            for name in held
            if name.startswith(f"{letter}{suffix}_")
        ]
        for letter in "xy"
    )
    single = f"x{suffix}" in held or len(inputs) < 2
    wanted = Wanted(
        tuple(Gate(name, ()) for name in (["input"] if single else inputs)),
        tuple(
            Gate(name, ())
            for name in (["output"] if f"y{suffix}" in held or len(outputs) < 2 else outputs)
        ),
    )
    return wanted, target if any(name.startswith("y") for name in held) else INPUT


def _usual(files: Sequence[Path]) -> tuple[int, int, int]:
    """The size that most of some images have, of three channels where one has colours."""
    from PIL import Image as pillow

    sizes: Counter[tuple[int, int]] = Counter()
    colour = False
    for path in files[:SAMPLE]:
        try:
            with pillow.open(path) as image:
                sizes[image.size] += 1
                colour = colour or image.mode not in ("1", "L", "I", "F", "I;16")
        except (OSError, ValueError, SyntaxError):  # it is told when the folder is read
            continue
    width, height = sizes.most_common(1)[0][0] if sizes else (64, 64)
    return height, width, 3 if colour else 1


# --- facts ----------------------------------------------------------------------------------------


def as_json(seen: Survey) -> dict[str, Any]:
    """What a source holds: `source`, `notes`, and `parts` (`examples`, `x`, `y`, `classes` each)
    or `rows` and `columns`.
    """
    if seen.sheet is not None:
        return {"source": seen.source, **_columns(seen.sheet, seen.target)}
    assert seen.table is not None
    table = seen.table
    parts = {
        name: part
        for name, part in (
            ("train", table.train),
            ("validation", table.validation),
            ("test", table.test),
        )
        if part
    }
    if len(parts) == 1:
        parts = {"all": table.train}
    made = {name: _part(part, table.classes) for name, part in parts.items()}
    return {"source": seen.source, "parts": made, "notes": list(table.notes)}


def _part(part: Part, classes: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"examples": len(part)}
    found["x"] = [_facts(array, name) for array, name in zip(part.x, part.x_names, strict=True)]
    found["y"] = [
        _facts(array, name) for name, array in dict(zip(part.y_names, part.y, strict=True)).items()
    ]
    if part.y and (counts := _counts(part.y[0], classes)):
        found["classes"] = counts
    return found


def _facts(array: Rows, name: str) -> dict[str, Any]:
    """An array's shape, type and range; of images with colours, each channel's too."""
    import numpy as np

    looked = array
    facts: dict[str, Any] = {
        "name": name.strip("`"),
        "shape": list(array.shape),
        "type": str(array.dtype),
    }
    if isinstance(array, Pictures) and len(array) > SAMPLE:
        looked = array[np.linspace(0, len(array) - 1, SAMPLE).astype(int)]
        facts["looked_at"] = SAMPLE
    colours = len(array.shape) == 4 and array.shape[3] in (3, 4)
    ranges = _ranges(looked, array.shape[3] if colours else 1)
    if not colours:
        return facts | ranges[0]
    whole = {
        "least": min(one["least"] for one in ranges),
        "mean": sum(one["mean"] for one in ranges) / len(ranges),
    }
    return facts | whole | {"most": max(one["most"] for one in ranges), "channels": ranges}


def _ranges(array: Rows, channels: int) -> list[dict[str, float]]:
    """The least, the mean and the most of each channel."""
    least, most, total, count = [math.inf] * channels, [-math.inf] * channels, [0.0] * channels, 0
    for _, piece in pieces(array):
        values = piece.reshape(-1, channels)
        count += len(values)
        for channel in range(channels):
            column = values[:, channel]
            least[channel] = min(least[channel], float(column.min()))
            most[channel] = max(most[channel], float(column.max()))
            total[channel] += float(column.sum(dtype=float))
    return [
        {"least": least[at], "mean": total[at] / count, "most": most[at]} for at in range(channels)
    ]


def _counts(y: Rows, classes: tuple[str, ...]) -> dict[str, int]:
    """How many examples each class has; nothing where the targets are no classes."""
    import numpy as np

    if math.prod(y.shape[1:]) != 1:
        return {}
    labels = np.asarray(y[:]).reshape(-1)
    if (labels != np.floor(labels)).any() or labels.min() < 0 or labels.max() >= tables.EXACT:
        return {}
    counts = np.unique(labels.astype(np.int64), return_counts=True)
    if len(counts[0]) > MOST_CLASSES:
        return {}
    found = {int(label): int(count) for label, count in zip(*counts, strict=True)}
    if classes:
        return {name: found.get(label, 0) for label, name in enumerate(classes)}
    return {str(label): count for label, count in found.items()}


def _columns(sheet: tables.Sheet, target: str | None) -> dict[str, Any]:
    """The columns of a table: `number` or `text`, missing cells, ranges, categories."""
    import numpy as np

    columns = []
    for cells in sheet.columns:
        known = cells.values[~np.isnan(cells.values)]
        column: dict[str, Any] = {
            "name": cells.name,
            "type": "number" if cells.categories is None else "text",
        }
        column["missing"] = len(cells.values) - len(known)
        if cells.categories is not None:
            counts = np.bincount(known.astype(int), minlength=len(cells.categories))
            order = np.argsort(-counts, kind="stable")
            column["categories"] = {cells.categories[at]: int(counts[at]) for at in order}
        elif len(known):
            middle = {"mean": float(known.mean()), "median": float(np.median(known))}
            column |= {
                "least": float(known.min()),
                **middle,
                "most": float(known.max()),
                "distinct": len(np.unique(known)),
            }
        if cells.name == target:
            column["target"] = True
        columns.append(column)
    return {"rows": len(sheet.places), "columns": columns, "notes": []}


# --- in words -------------------------------------------------------------------------------------


def describe(seen: Survey) -> str:
    """What a source holds, for people."""
    facts = as_json(seen)
    blocks = [_title(facts)]
    if "columns" in facts:
        blocks.append(_column_table(facts["columns"]))
        target = next(
            (
                column
                for column in facts["columns"]
                if column.get("target") and "categories" in column
            ),
            None,
        )
        if target:
            blocks.append(_class_bars({"all": target["categories"]}))
    else:
        blocks.append(_array_table(facts["parts"]))
        classes = {
            name: part["classes"] for name, part in facts["parts"].items() if "classes" in part
        }
        if classes:
            blocks.append(_class_bars(classes))
    return "\n\n".join([*blocks, *facts["notes"]])


def _title(facts: dict[str, Any]) -> str:
    if "columns" in facts:
        return f"{facts['source']}: {facts['rows']:,} rows, {len(facts['columns'])} columns"
    parts = facts["parts"]
    if list(parts) == ["all"]:
        return f"{facts['source']}: {parts['all']['examples']:,} examples"
    counts = ", ".join(f"{part['examples']:,} {name}" for name, part in parts.items())
    return f"{facts['source']}: {counts}"


def _array_table(parts: dict[str, Any]) -> str:
    rows = [("array", "shape", "type", "least", "mean", "most")]
    for part in parts.values():
        for array in (*part["x"], *part["y"]):
            shape = size(tuple(array["shape"]))
            rows.append((array["name"], shape, array["type"], *_range(array)))
            colours = array.get("channels", ())
            rows += [
                (f"  {name}", "", "", *_range(channel))
                for name, channel in zip(("red", "green", "blue", "alpha"), colours, strict=False)
            ]
    return aligned(rows, "lllrrr", rule=True)


def _range(facts: dict[str, Any]) -> tuple[str, str, str]:
    return shown(facts["least"]), shown(facts["mean"]), shown(facts["most"])


def _column_table(columns: list[dict[str, Any]]) -> str:
    rows = [("column", "type", "missing", "least", "mean", "most", "")]
    for column in columns:
        name, missing = (
            column["name"] + (" (target)" if column.get("target") else ""),
            f"{column['missing']:,}",
        )
        ranges = _range(column) if "least" in column else ("", "", "")
        rows.append(
            (name, column["type"], missing, *ranges, _categories(column.get("categories", {})))
        )
    return aligned(rows, "llrrrrl", rule=True)


def _categories(found: dict[str, int]) -> str:
    if not found:
        return ""
    names = list(found)[:4]
    return f"{len(found):,}: {', '.join(names)}{', ...' if len(found) > len(names) else ''}"


def _class_bars(parts: dict[str, dict[str, int]]) -> str:
    """How many examples each class has in each part, with a bar for the first part."""
    names = list(dict.fromkeys(name for counts in parts.values() for name in counts))
    first = next(iter(parts.values()))
    longest = max(first.values(), default=1) or 1
    rows: list[tuple[str, ...]] = [
        ("class", *("examples" if part == "all" else part for part in parts), "")
    ]
    for name in names[:MOST_BARS]:
        bar = "█" * round(BAR * first.get(name, 0) / longest)
        rows.append((name, *(f"{counts.get(name, 0):,}" for counts in parts.values()), bar))
    more = f"\n... and {len(names) - MOST_BARS:,} more classes" if len(names) > MOST_BARS else ""
    return aligned(rows, "l" + "r" * len(parts) + "l", rule=True) + more


def shown(value: float) -> str:
    """A number of at most some six characters."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.4g}"


# --- a sheet of images ----------------------------------------------------------------------------

TILE, GAP, MARGIN, ACROSS, CLASSES = 64, 6, 24, 10, 10
"""Pixels of an image, between images and around all of them; images of a class, and classes."""

INK, PAPER = (34, 34, 34), (255, 255, 255)


def contact_sheet(table: Table | None, path: str | Path) -> None:
    """Writes a PNG of up to ten examples of each of up to ten classes, a row for each class; of
    data without classes, of 100 examples.

    Which examples is by chance, always the same one. Raises NetError N518 where the data holds no
    images, N631 for another suffix.
    """
    if Path(path).suffix.lower() != ".png":
        raise fail(
            "N631",
            f"{path} is not named as a PNG, which a sheet of images is",
            help=f"name it {Path(path).with_suffix('.png')}",
        )
    if table is None:
        raise fail("N518", "a table of text and numbers holds no images")
    part = table.train
    pictures = part.x[0]
    if len(pictures.shape) not in (3, 4) or (
        len(pictures.shape) == 4 and pictures.shape[3] not in (1, 3, 4)
    ):
        raise fail(
            "N518",
            f"{part.x_names[0]} of {table.source} holds examples of {size(pictures.shape[1:])}, which are no images",
        )
    rows = _chosen(part, table.classes)
    most = _white(pictures, table.scale)
    sheet = _drawn(
        [(name, [_tile(image, most) for image in pictures[places]]) for name, places in rows],
        _headline(table, len(rows)),
    )
    save(Path(path), lambda to: sheet.save(to, format="PNG"))


def _chosen(part: Part, classes: tuple[str, ...]) -> list[tuple[str, Array]]:
    """The rows of the sheet: a class and the places of some of its examples each."""
    import numpy as np

    order = np.random.default_rng(0).permutation(len(part))
    counts = _counts(part.y[0], classes) if part.y else {}
    if not counts:
        return [
            ("", order[at : at + ACROSS])
            for at in range(0, min(len(order), ACROSS * CLASSES), ACROSS)
        ]
    labels = np.asarray(part.y[0][:]).reshape(-1)[order]
    known = {
        classes[label] if classes else str(label): label
        for label in np.unique(labels).astype(int).tolist()
    }
    return [
        (name, order[labels == label][:ACROSS]) for name, label in list(known.items())[:CLASSES]
    ]


def _white(pictures: Rows, scale: float | None) -> tuple[float, float]:
    """The values that are shown black and white."""
    import numpy as np

    if pictures.dtype == "uint8" and (scale or isinstance(pictures, Pictures)):
        return 0.0, scale or 255.0
    some = np.asarray(pictures[np.arange(min(len(pictures), SAMPLE))], float)
    if some.min() >= 0:
        return 0.0, scale or (
            1.0 if some.max() <= 1 else 255.0 if 16 < some.max() <= 255 else float(some.max())
        )
    return float(some.min()), float(some.max())


def _tile(pixels: Array, ends: tuple[float, float]) -> Image:
    """An example [h, w] or [h, w, c] as an image that fits a tile; enlarged by whole numbers, so
    that pixels stay square.
    """
    import numpy as np
    from PIL import Image as pillow

    black, white = ends
    values = (
        np.clip((pixels.astype(float) - black) / ((white - black) or 1) * 255, 0, 255)
        .round()
        .astype(np.uint8)
    )
    image = pillow.fromarray(
        values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
    ).convert("RGB")
    factor = TILE / max(image.size)
    factor = math.floor(factor) if factor >= 1 else factor
    to = tuple(max(1, round(side * factor)) for side in image.size)
    return image.resize(
        (to[0], to[1]), pillow.Resampling.NEAREST if factor >= 1 else pillow.Resampling.LANCZOS
    )


def _headline(table: Table, rows: int) -> str:
    named = (
        f"{rows} of {len(table.classes)} classes"
        if len(table.classes) > rows
        else f"{len(table.classes)} classes"
        if table.classes
        else ""
    )
    shape = size(table.train.x[0].shape[1:])
    count = f"{len(table.train):,} {'training ' if table.test else ''}examples of {shape}"
    return " · ".join(filter(None, (Path(table.source).name, count, named)))


def _drawn(rows: Sequence[tuple[str, Sequence[Image]]], headline: str) -> Image:
    """Labels on the left, images in rows, a headline above."""
    from PIL import Image as pillow
    from PIL import ImageDraw, ImageFont

    title, font = ImageFont.load_default(15), ImageFont.load_default(14)
    labels = [_short(name) for name, _ in rows]
    tile = max(max(image.size) for _, images in rows for image in images)
    left = MARGIN + (
        math.ceil(max(font.getlength(label) for label in labels)) + 14 if any(labels) else 0
    )
    top, step = MARGIN + 32, tile + GAP
    across = max(len(images) for _, images in rows)
    width = max(left + across * step - GAP, MARGIN + math.ceil(title.getlength(headline))) + MARGIN
    sheet = pillow.new("RGB", (width, top + len(rows) * step - GAP + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, MARGIN - 6), headline, INK, title)
    for line, (label, (_, images)) in enumerate(zip(labels, rows, strict=True)):
        y = top + line * step
        pen.text((left - 14, y + tile // 2), label, INK, font, anchor="rm")
        for place, image in enumerate(images):
            x = left + place * step
            sheet.paste(image, (x + (tile - image.width) // 2, y + (tile - image.height) // 2))
    return sheet


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"
