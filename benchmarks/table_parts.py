"""What `results.py tables` measures: each part's programs, and its targets.

To add one, write a function that takes a folder and a seed and returns figures by name, and one
that takes the figures of some seeds and returns which targets they reach, and add a line to
`PARTS`.
"""

from __future__ import annotations

import csv
import datetime
import math
import os
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

import netdsl

REGRESSION = "fc-256 > fc-128 > fc-64 > linear-1"
SIZES = (256, 128, 64)
IMAGES = "28x28x1 > conv3-16 > pool > conv3-32 > pool > fc-64 > softmax-10"
FORECAST = "fc-64 > fc-32 > linear-1"

Figures = dict[str, float]
"""The figures of one seed, by name."""


class Line(NamedTuple):
    """A target, and what was measured.

    Attributes:
        what: what is compared.
        target: the target in words.
        measured: the measured figures in words.
        reached: whether the target was reached.
    """

    what: str
    target: str
    measured: str
    reached: bool


class Part(NamedTuple):
    """A part of the measurements, which can be asked for by name.

    Attributes:
        name: its name on the command line.
        measure: gives a seed's figures; it writes its files into the folder.
        lines: makes the table's lines from the figures by seed.
    """

    name: str
    measure: Callable[[Path, int], Figures]
    lines: Callable[[dict[int, Figures]], list[Line]]


def data_file(name: str) -> Path:
    """A file of the folder that NETDSL_DATA names.

    Raises:
        SystemExit: where it is not there.
    """
    path = Path(os.environ.get("NETDSL_DATA", "."), name)
    if not path.is_file():
        raise SystemExit(f"{path} is not there: NETDSL_DATA names the folder that holds {name}")
    return path


def shown(values: Sequence[float], form: str) -> str:
    """Write the mean, and the values themselves where there are several."""
    each = ", ".join(form.format(value) for value in values)
    return form.format(mean(values)) + (f" ({each})" if len(values) > 1 else "")


# --- tables, compared with scikit-learn -----------------------------------------------------------


class Table(NamedTuple):
    """A table with a column of numbers to learn.

    Attributes:
        name: the name of its file, without the suffix.
        title: its name in the results.
        header: whether its first line names the columns.
        target: the column to learn, as a recipe names it.
        place: the place of this column, from 0.
        margin: how far our mean absolute error may be above HistGradientBoosting's, as a share of
            it.
        form: the format of a mean absolute error.
    """

    name: str
    title: str
    header: bool
    target: str
    place: int
    margin: float
    form: str


TABLES = (
    Table(
        "california_housing", "California housing", True, "median_house_value", 8, 0.10, "{:,.0f}"
    ),
    Table("abalone", "abalone", False, "-1", 8, 0.03, "{:.4f}"),
)
PARTS_OF_A_TABLE = ("train", "validation", "test")


def split_table(table: Table, folder: Path) -> dict[str, Path]:
    """Write the parts of a table, which are always the same: a fifth of the rows for testing, a
    tenth of the rest for validation.
    """
    import numpy as np

    first, *rows = data_file(f"{table.name}.csv").read_text("utf-8").splitlines()
    head = [first] if table.header else []
    rows = rows if table.header else [first, *rows]
    order = np.random.default_rng(0).permutation(len(rows)).tolist()
    tested = len(rows) // 5
    validated = (len(rows) - tested) // 10
    ends = {"test": order[:tested], "validation": order[tested : tested + validated]}
    ends["train"] = order[tested + validated :]
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for part in PARTS_OF_A_TABLE:
        found[part] = folder / f"{part}.csv"
        lines = [*head, *(rows[at] for at in ends[part])]
        found[part].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return found


def table_arrays(
    table: Table, paths: dict[str, Path]
) -> tuple[dict[str, tuple[Any, Any]], list[int]]:
    """Read parts as scikit-learn takes them.

    Returns:
        By part, x [n, columns], in which a missing number is NaN and a text its index in the sorted
        texts of its column, and y [n]; and the places of the columns of texts in x.
    """
    import numpy as np

    read = {}
    for part, path in paths.items():
        with path.open(encoding="utf-8", newline="") as file:
            read[part] = list(csv.reader(file))[1 if table.header else 0 :]
    every = [row for rows in read.values() for row in rows]
    texts = {
        at: sorted({row[at] for row in every})
        for at in range(len(every[0]))
        if not all(_is_number(row[at]) for row in every)
    }

    def value(at: int, cell: str) -> float:
        return texts[at].index(cell) if at in texts else float(cell or "nan")

    found = {}
    for part, rows in read.items():
        array = np.array([[value(at, cell) for at, cell in enumerate(row)] for row in rows])
        found[part] = np.delete(array, table.place, axis=1), array[:, table.place]
    return found, [at - (at > table.place) for at in texts]


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True


def regressors(seed: int, columns: int, texts: list[int]) -> dict[str, Any]:
    """scikit-learn's regressors with their default settings.

    The networks read standardised columns and learn a standardised target; `mlp_stopped` keeps a
    tenth of its rows for early stopping.
    """
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [at for at in range(columns) if at not in texts]

    def network(stopped: bool) -> Any:
        prepared = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
        )
        mlp = MLPRegressor(hidden_layer_sizes=SIZES, random_state=seed, early_stopping=stopped)
        pipeline = make_pipeline(prepared, mlp)
        return TransformedTargetRegressor(pipeline, transformer=StandardScaler())

    boosting = HistGradientBoostingRegressor(random_state=seed, categorical_features=texts)
    return {"mlp": network(False), "mlp_stopped": network(True), "boosting": boosting}


def scores(name: str, true: Any, predicted: Any) -> Figures:
    """R2 and the mean absolute error of predictions [n]."""
    wrong = predicted - true
    r2 = 1 - float((wrong**2).sum()) / float(((true - true.mean()) ** 2).sum())
    return {f"{name}_r2": r2, f"{name}_mae": float(abs(wrong).mean())}


def predictions(run: netdsl.Run, path: Path) -> Any:
    """What a run predicts for a file's rows, one number each: [n]."""
    import numpy as np

    return np.array([one["output"] for one in run.predict(str(path))], float).reshape(-1)


def measure_table(table: Table, folder: Path, seed: int) -> Figures:
    """Train here and in scikit-learn on the rows that are not tested, and test on the others."""
    import numpy as np

    paths = split_table(table, folder)
    began = time.perf_counter()
    parts = {part: str(paths[part]) for part in ("validation", "test")}
    source = {"source": str(paths["train"]), "target": table.target, **parts}
    run = netdsl.train(
        REGRESSION, data=source, seed=seed, name=table.name, where=folder / "runs", quiet=True
    )
    found = {"seconds": time.perf_counter() - began, "epochs": float(run.epochs)}
    arrays, texts = table_arrays(table, paths)
    (x, y), test = (
        tuple(map(np.concatenate, zip(arrays["train"], arrays["validation"], strict=True))),
        arrays["test"],
    )
    found |= scores("netdsl", test[1], predictions(run, paths["test"]))
    for name, model in regressors(seed, x.shape[1], texts).items():
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the default of 200 iterations may be too few
            model.fit(x, y)
        found[f"{name}_seconds"] = time.perf_counter() - began
        found |= scores(name, test[1], model.predict(test[0]))
    return found


def table_lines(table: Table, found: dict[int, Figures]) -> list[Line]:
    """Compare R2 with that of scikit-learn's networks, and the mean absolute error with that of
    boosting.
    """
    each = {name: [one[name] for one in found.values()] for name in next(iter(found.values()))}
    boosting = shown(each["boosting_r2"], "{:.4f}")
    lines = []
    for name, title in (("mlp", "MLPRegressor"), ("mlp_stopped", "MLPRegressor stopped early")):
        needed = mean(each[f"{name}_r2"]) - 0.01
        lines.append(
            Line(
                f"{table.title}, R2 next to {title}",
                f"at least {needed:.4f}, scikit-learn's minus 0.01",
                f"{shown(each['netdsl_r2'], '{:.4f}')}; {title} "
                f"{shown(each[f'{name}_r2'], '{:.4f}')}; HistGradientBoosting {boosting}",
                mean(each["netdsl_r2"]) >= needed,
            )
        )
    bound = mean(each["boosting_mae"]) * (1 + table.margin)
    mae = Line(
        f"{table.title}, mean absolute error",
        f"at most {table.form.format(bound)}, that of HistGradientBoosting plus "
        f"{100 * table.margin:.0f} %",
        f"{shown(each['netdsl_mae'], table.form)}; HistGradientBoosting "
        f"{shown(each['boosting_mae'], table.form)}; MLPRegressor "
        f"{shown(each['mlp_mae'], table.form)}, with early stopping "
        f"{shown(each['mlp_stopped_mae'], table.form)}",
        mean(each["netdsl_mae"]) <= bound,
    )
    return [*lines, mae]


# --- folders of images, compared with Keras -------------------------------------------------------

COUNT = 6_000
TRAINED = COUNT * 9 // 10
EPOCHS = (1, 5)


def write_images(folder: Path, count: int) -> Path:
    """Write the first images of Fashion-MNIST as PNG files, in a folder for each class."""
    import numpy as np
    from PIL import Image

    with np.load(data_file("fashion_mnist.npz"), allow_pickle=False) as arrays:
        x, y = arrays["x_train"][:count], arrays["y_train"][:count]
    for at, (pixels, label) in enumerate(zip(x, y.tolist(), strict=True)):
        path = folder / str(label) / f"{at:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            Image.fromarray(pixels).save(path)
    return folder


def netdsl_folders(folder: Path, runs: Path, epochs: int, seed: int) -> None:
    """Train as `netdsl train` does, the run folder and its report included."""
    source = {"source": str(folder), "split": {"test": 0, "validation": 0.1}}
    netdsl.train(
        IMAGES,
        data=source,
        batch=32,
        epochs=epochs,
        seed=seed,
        name="images",
        where=runs,
        quiet=True,
    )


def keras_folders(folder: Path, runs: Path, epochs: int, seed: int) -> None:
    """Train the same network from the same folders, with Keras alone."""
    import keras

    train, validation = keras.utils.image_dataset_from_directory(
        folder,
        validation_split=0.1,
        subset="both",
        seed=seed,
        color_mode="grayscale",
        image_size=(28, 28),
        batch_size=32,
        verbose=False,
    )
    network = netdsl.parse(IMAGES).keras(seed=seed)
    inputs = keras.Input((28, 28, 1))
    model = keras.Model(inputs, network(keras.layers.Rescaling(1 / 255)(inputs)))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train, validation_data=validation, epochs=epochs, verbose=0)


def measure_folders(folder: Path, seed: int) -> Figures:
    """Time both ways, in turn, from the folder to the trained network."""
    images = write_images(folder / "images", COUNT)
    few = write_images(folder / "few", 100)
    ways = {"netdsl": netdsl_folders, "keras": keras_folders}
    for way in ways.values():
        way(few, folder / "runs", 1, seed)  # start-up costs of the process are not counted
    found = {}
    for epochs in EPOCHS:
        for name in sorted(ways, reverse=bool(seed % 2)):
            began = time.perf_counter()
            ways[name](images, folder / "runs", epochs, seed)
            found[f"{name}_{epochs}"] = TRAINED * epochs / (time.perf_counter() - began)
    return found


def folders_lines(found: dict[int, Figures]) -> list[Line]:
    """Images a second for each number of epochs, and the median of the rounds' ratios."""
    lines = []
    for epochs in EPOCHS:
        ours, theirs = (
            [one[f"{name}_{epochs}"] for one in found.values()] for name in ("netdsl", "keras")
        )
        ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
        what = f"images a second, {TRAINED:,} PNG files, {epochs} epoch{'s' * (epochs > 1)}"
        lines.append(
            Line(
                what,
                "at least those of `image_dataset_from_directory` and `fit`",
                f"{shown(ours, '{:,.0f}')}; Keras {shown(theirs, '{:,.0f}')}; {ratio:.2f} times",
                ratio >= 1,
            )
        )
    return lines


# --- a series -------------------------------------------------------------------------------------

DAYS = 1_826
FOLLOWING = 365
NOISE = 10.0
WEEK = (0.0, 5.0, 8.0, 12.0, 30.0, 55.0, 40.0)
"""What each day of the week adds."""


def write_series(folder: Path, seed: int) -> tuple[Path, Path]:
    """Write daily values with a trend, a weekly pattern and noise of a known size.

    Each row also has the values of the day before and of a week before. The values of the days that
    follow are in a file of their own.
    """
    import numpy as np

    days = np.arange(7 + DAYS + FOLLOWING)
    noise = np.random.default_rng(seed).normal(0, NOISE, len(days))
    values = 200 + 0.05 * days + np.array(WEEK)[days % 7] + noise
    start = datetime.date(2019, 1, 1)
    lines = [
        f"{start + datetime.timedelta(day)},{values[day - 1]:.2f},{values[day - 7]:.2f},"
        f"{values[day]:.2f}"
        for day in days[7:].tolist()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"series{seed}.csv", folder / f"following{seed}.csv"
    for path, some in zip(paths, (lines[:DAYS], lines[DAYS:]), strict=True):
        head = "date,yesterday,week_ago,value"
        path.write_text("\n".join([head, *some]) + "\n", encoding="utf-8")
    return paths


def measure_series(folder: Path, seed: int) -> Figures:
    """The mean absolute error that a run reports for its test part, the last days, and its error
    on the days after.
    """
    import numpy as np

    series, following = write_series(folder, seed)
    source = {"source": str(series), "target": "value", "split": {"order": "date"}}
    run = netdsl.train(
        FORECAST, data=source, seed=seed, name="series", where=folder / "runs", quiet=True
    )
    (output,) = run.evaluate()["outputs"].values()
    true = np.loadtxt(following, delimiter=",", skiprows=1, usecols=3)
    after = float(abs(predictions(run, following) - true).mean())
    return {"reported": float(output["mae"]), "after": after}


def series_lines(found: dict[int, Figures]) -> list[Line]:
    """Compare each seed's reported error with the error on the days after: each must be near."""
    ratios = [one["reported"] / one["after"] for one in found.values()]
    reported, after = ([one[name] for one in found.values()] for name in ("reported", "after"))
    target = f"within 20 % of the error on the following {FOLLOWING} days"
    said = (
        f"{shown(reported, '{:.2f}')}; on the following days {shown(after, '{:.2f}')}; "
        f"{', '.join(f'{ratio:.2f}' for ratio in ratios)} times (the noise alone: "
        f"{NOISE * (2 / math.pi) ** 0.5:.2f})"
    )
    reached = all(abs(ratio - 1) <= 0.2 for ratio in ratios)
    return [Line("a series split by time, the reported error", target, said, reached)]


PARTS = (
    *(
        Part(
            table.name.partition("_")[0], partial(measure_table, table), partial(table_lines, table)
        )
        for table in TABLES
    ),
    Part("folders", measure_folders, folders_lines),
    Part("series", measure_series, series_lines),
)
