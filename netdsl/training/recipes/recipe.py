"""The keys of a recipe: how a network is trained.

What the keys mean is in `docs/recipes.md`, which a test holds to be complete.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from netdsl.errors import Source, Span
from netdsl.sources import read_source
from netdsl.training.recipes.amounts import (
    MAX_EPOCHS,
    AverageValue,
    CountOrWord,
    StepsOrEpochs,
    StepsOrTime,
)
from netdsl.training.recipes.column_values import ColumnKindValue, ColumnValue, TargetValue
from netdsl.training.recipes.sections import Section, Variant, key, section
from netdsl.training.recipes.settings import SET, RecipeSetting, with_settings
from netdsl.training.recipes.values import (
    AddressValue,
    CharacterValue,
    ClassWeight,
    EncodingValue,
    MetricValue,
    NumberValue,
    OneOf,
    TextValue,
    ValueList,
    ValuesByName,
    WordOrNumber,
    YesNoValue,
)
from netdsl.training.recipes.yaml_reader import RecipeReader, compose
from netdsl.training.recipes.yaml_writer import to_yaml

if TYPE_CHECKING:
    from netdsl.params import Param

LARGEST = 1e6
"""The largest change of an example, noise added to an example, and weight of a GAN's penalty."""

LOSSES = ("cross-entropy", "binary", "squared", "absolute", "hinge", "perceptron")
GAN_LOSSES = ("nonsaturating", "least-squares", "wasserstein-gp")
REDUCTIONS = ("mean", "sum", "half")
METRICS = (
    "accuracy",
    "absolute_error",
    "top5_accuracy",
    "macro_f1",
    "rmse",
    "r2",
    "f1",
    "precision",
    "recall",
    "balanced_accuracy",
    "auc",
    "pr_auc",
    "ece",
)
"""The metrics of `netdsl.training.metrics`, in its order."""

THRESHOLDS = ("f1", "accuracy", "balanced_accuracy")
"""What a threshold can be chosen for."""

PRECISIONS = ("float32", "float64", "bfloat16", "mixed")
LOGGERS = ("tensorboard", "mlflow", "wandb")
SPEEDS = ("auto", "measure", "plain", "chunks", "compiled")
BACKENDS = ("tensorflow", "jax", "torch")

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "gd": {"rate": 0.1, "line_search": None},
    "sgd": {"rate": 0.01, "momentum": 0.0},
    "momentum": {"rate": 0.01, "momentum": 0.9},
    "nesterov": {"rate": 0.01, "momentum": 0.9},
    "adam": {"rate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7},
    "adamw": {"rate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7, "decay": 0.004},
    "rmsprop": {"rate": 0.001, "rho": 0.9, "momentum": 0.0, "eps": 1e-7},
    "adagrad": {"rate": 0.01, "eps": 1e-7},
    "lbfgs": {"memory": 10},
    "random_search": {"scale": 0.1},
    "local_search": {"scale": 0.01},
    "least_squares": {},
}
"""Each optimizer's options with their default values."""

SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {},
    "steps": {"at": None, "divide": 10.0},
    "invscaling": {"power": 0.5},
    "adaptive": {"divide": 5.0, "patience": 10, "tolerance": 1e-4, "least": 1e-6},
    "cosine": {"warmup": 0.0, "least": 0.0},
    "plateau": {"divide": 10.0, "patience": 5, "least": 0.0},
}
"""Each schedule's options with their default values."""


@dataclass(frozen=True)
class Split(Section):
    """Which parts of the data are used for the test and for validation."""

    short: ClassVar[str | None] = "column"

    test: float | None = key(NumberValue(min=0, below=1))
    fold: int | None = key(NumberValue(whole=True, min=0))
    validation: float | None = key(NumberValue(min=0, below=1))
    training: int | None = key(NumberValue(whole=True, min=1))
    order: str | None = key(ColumnValue("the column of the rows' times"))
    group: str | None = key(ColumnValue("the column of what rows belong to"))
    column: str | None = key(ColumnValue("the column of the rows' parts"))


@dataclass(frozen=True)
class DataSpec(Section):
    """Which data, and how it is read."""

    short: ClassVar[str | None] = "source"

    source: str | None = key(TextValue("a data set's name or a path"))
    target: str | tuple[str, ...] | None = key(TargetValue())
    scale: float | None = key(NumberValue(above=0))
    missing: str | None = key(OneOf(("median", "drop", "error")))
    header: bool | None = key(YesNoValue())
    separator: str | None = key(CharacterValue(("tab", "space")))
    decimal: str | None = key(OneOf((".", ",")))
    thousands: str | None = key(OneOf((".", ",", "'", "space", "none")))
    encoding: str | None = key(EncodingValue())
    comment: str | None = key(CharacterValue())
    labels: str | None = key(OneOf(("random",)))
    weight: str | None = key(ColumnValue("the column, array or file of the examples' weights"))
    categories: Mapping[str, tuple[str, ...]] | None = key(
        ValuesByName(ValueList(TextValue("a category"), distinct=True))
    )
    columns: Mapping[str, str | tuple[str, ...]] | None = key(ValuesByName(ColumnKindValue()))
    drop: tuple[str, ...] | None = key(ValueList(ColumnValue(), distinct=True))
    day_first: bool | None = key(YesNoValue())
    damaged: str | None = key(OneOf(("error", "skip")))
    function: str | None = key(TextValue("a function of x, such as `sin(3*pi*x)`"))
    count: int | None = key(NumberValue(whole=True, min=1, max=10**7))
    noise: float | None = key(NumberValue(min=0))
    seed: int | None = key(NumberValue(whole=True, min=0, below=2**32))
    range: tuple[float, ...] | None = key(ValueList(NumberValue()))
    missing_values: tuple[str, ...] | None = key(ValueList(TextValue("the text of a cell")))
    validation: str | None = key(TextValue("the path of the validation part"))
    test: str | None = key(TextValue("the path of the test part"))
    split: Split = section(Split)
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)

    def place(self, key: str, name: str | None = None) -> Span | None:
        """Return the place of a key, `split.order`, or of a name in it, in the recipe's text.

        If the text does not have the key, or its value was replaced, it is that of the source.
        """
        keys = (f"{key}.{name}", key, "source", "function")
        return next((self.spans[one] for one in keys if one in self.spans), None)

    def replace(self, **values: Any) -> DataSpec:
        """Return this with other values.

        Values that are replaced lose their places in the text.
        """
        spans = {
            name: span for name, span in self.spans.items() if name.split(".")[0] not in values
        }
        return dataclasses.replace(self, **{"spans": spans, **values})


@dataclass(frozen=True)
class Loss(Section):
    """The loss by which outputs are compared with their targets."""

    short: ClassVar[str | None] = "name"
    brief: ClassVar[bool] = True

    name: str | None = key(OneOf(LOSSES))
    reduce: str | None = key(OneOf(REDUCTIONS))


@dataclass(frozen=True)
class Optimizer(Variant):
    """How weights follow their gradients."""

    choices: ClassVar[Mapping[str, Mapping[str, Any]]] = OPTIMIZERS
    common: ClassVar[tuple[str, ...]] = ("clip_norm", "clip_value")
    default: ClassVar[str] = "adam"
    what: ClassVar[str] = "optimizer"

    name: str | None = key(OneOf(tuple(OPTIMIZERS)))
    rate: float | None = key(NumberValue(above=0))
    momentum: float | None = key(NumberValue(min=0, below=1))
    beta1: float | None = key(NumberValue(min=0, below=1))
    beta2: float | None = key(NumberValue(min=0, below=1))
    rho: float | None = key(NumberValue(min=0, below=1))
    eps: float | None = key(NumberValue(above=0))
    decay: float | None = key(NumberValue(min=0))
    line_search: bool | None = key(YesNoValue())
    memory: int | None = key(NumberValue(whole=True, min=1, max=100))
    scale: float | None = key(NumberValue(above=0))
    clip_norm: float | None = key(NumberValue(above=0))
    clip_value: float | None = key(NumberValue(above=0))

    @property
    def whole(self) -> bool:
        """Whether a step is taken on the whole training part."""
        return self.chosen in ("gd", "lbfgs", "random_search", "local_search", "least_squares")

    @property
    def searches(self) -> bool:
        """Whether a step computes the loss several times, or solves for the weights."""
        return self.whole and (self.chosen != "gd" or bool(self.line_search))


@dataclass(frozen=True)
class Schedule(Variant):
    """How the learning rate changes."""

    choices: ClassVar[Mapping[str, Mapping[str, Any]]] = SCHEDULES
    default: ClassVar[str] = "constant"
    what: ClassVar[str] = "schedule"

    name: str | None = key(OneOf(tuple(SCHEDULES)))
    at: tuple[float, ...] | None = key(ValueList(NumberValue(above=0)))
    divide: float | None = key(NumberValue(above=1))
    power: float | None = key(NumberValue(above=0))
    patience: int | None = key(NumberValue(whole=True, min=1))
    tolerance: float | None = key(NumberValue(min=0))
    warmup: float | None = key(NumberValue(min=0))
    least: float | None = key(NumberValue(min=0))


@dataclass(frozen=True)
class Penalty(Section):
    """Penalties on large weights, and a limit on their size."""

    l1: float | None = key(NumberValue(min=0))
    l2: float | None = key(NumberValue(min=0))
    proximal: bool | None = key(YesNoValue())
    max_norm: float | None = key(NumberValue(above=0))


@dataclass(frozen=True)
class Stopping(Section):
    """When a training is evaluated, and when it stops."""

    short: ClassVar[str | None] = "enabled"

    enabled: bool | None = key(YesNoValue())
    patience: int | None = key(NumberValue(whole=True, min=1))
    every: int | str | None = key(StepsOrEpochs())
    metric: str | None = key(MetricValue(METRICS, ("loss",)))
    then: str | None = key(OneOf(("stop", "retrain")))
    part: str | None = key(OneOf(("validation", "training")))
    tol: float | None = key(NumberValue(min=0))
    min_delta: float | None = key(NumberValue(min=0))
    start_from: int | None = key(NumberValue(whole=True, min=1))


@dataclass(frozen=True)
class Keep(Section):
    """The epochs whose weights stay in the run folder, in addition to the best and the last."""

    epochs: tuple[int, ...] | None = key(ValueList(NumberValue(whole=True, min=1), distinct=True))
    best: int | None = key(NumberValue(whole=True, min=1))
    every: int | None = key(NumberValue(whole=True, min=1))


@dataclass(frozen=True)
class Gan(Section):
    """Two networks of one file that are trained against each other."""

    short: ClassVar[str | None] = "loss"

    generator: str | None = key(TextValue("the name of a network"))
    discriminator: str | None = key(TextValue("the name of a network"))
    loss: str | None = key(OneOf(GAN_LOSSES))
    steps: int | None = key(NumberValue(whole=True, min=1, max=100))
    generator_rate: float | None = key(NumberValue(above=0))
    discriminator_rate: float | None = key(NumberValue(above=0))
    penalty: float | None = key(NumberValue(min=0, max=LARGEST))


@dataclass(frozen=True)
class Augment(Section):
    """How examples are changed at random."""

    flip: str | None = key(OneOf(("horizontal", "vertical", "both")))
    shift: int | None = key(NumberValue(whole=True, min=0))
    scale: float | None = key(NumberValue(min=0, below=1))
    rotate: float | None = key(NumberValue(min=0, max=180))
    shear: float | None = key(NumberValue(min=0, below=90))
    crop: float | None = key(NumberValue(above=0, max=1))
    crop_from: int | None = key(NumberValue(whole=True, min=1, max=1 << 14))
    brightness: float | None = key(NumberValue(min=0, max=1))
    contrast: float | None = key(NumberValue(min=0, max=1))
    colour: float | None = key(NumberValue(min=0, max=1))
    noise: float | None = key(NumberValue(min=0, max=LARGEST))
    cutout: int | None = key(NumberValue(whole=True, min=0))
    mixup: float | None = key(NumberValue(min=0))


@dataclass(frozen=True)
class Adversarial(Section):
    """How examples are perturbed against the network that is trained on them."""

    short: ClassVar[str | None] = "eps"

    eps: float | None = key(NumberValue(min=0, max=LARGEST))


@dataclass(frozen=True)
class Recipe(Section):
    """How a network is trained. None means that a key was left out; `resolve` fills it in."""

    data: DataSpec = section(DataSpec)
    gan: Gan = section(Gan)
    loss: Loss = section(Loss)
    losses: Mapping[str, str] | None = key(ValuesByName(OneOf(LOSSES)))
    loss_weights: Mapping[str, float] | None = key(ValuesByName(NumberValue(min=0)))
    kl: float | None = key(NumberValue(min=0))
    label_smoothing: float | None = key(NumberValue(min=0, below=1))
    label_noise: float | None = key(NumberValue(min=0, below=1))
    class_weights: Mapping[str, float | str | Mapping[str, float]] | str | None = key(
        ValuesByName(ClassWeight(), ("balanced",))
    )
    optimizer: Optimizer = section(Optimizer)
    schedule: Schedule = section(Schedule)
    penalty: Penalty = section(Penalty)
    batch: int | str | None = key(CountOrWord("auto"))
    accumulate: int | None = key(NumberValue(whole=True, min=1, max=10_000))
    ema: float | str | None = key(AverageValue())
    epochs: int | None = key(NumberValue(whole=True, min=1, max=MAX_EPOCHS))
    early_stopping: Stopping = section(Stopping)
    metrics: tuple[str, ...] | None = key(ValueList(MetricValue(METRICS), distinct=True))
    threshold: float | str | None = key(WordOrNumber(THRESHOLDS, NumberValue(above=0, below=1)))
    positive: str | None = key(TextValue("the name of a class"))
    calibrate: str | None = key(OneOf(("temperature",)))
    keep: Keep = section(Keep)
    checkpoint: int | str | None = key(StepsOrTime())
    augment: Augment = section(Augment)
    adversarial: Adversarial = section(Adversarial)
    precision: str | None = key(OneOf(PRECISIONS))
    backend: str | None = key(OneOf(BACKENDS))
    speed: str | None = key(OneOf(SPEEDS))
    devices: int | str | None = key(CountOrWord("all"))
    hosts: tuple[str, ...] | None = key(ValueList(AddressValue()))
    init_from: str | None = key(TextValue("a run, a model or a file of weights"))
    freeze: tuple[str, ...] | None = key(
        ValueList(TextValue("a layer's name, or a pattern such as `block1*`"))
    )
    unfreeze: int | None = key(NumberValue(whole=True, min=1))
    rates: Mapping[str, float] | None = key(ValuesByName(NumberValue(min=0)))
    log: tuple[str, ...] | None = key(ValueList(OneOf(LOGGERS)))
    seed: int | None = key(NumberValue(whole=True, min=0, below=2**32))
    params: Mapping[str, Param] = field(default_factory=dict, metadata={"params": True})
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)

    def span(self, name: str) -> Span | None:
        """Return the place of a key, `early_stopping.every`, in the recipe's text, if it has it."""
        if name.startswith("data."):
            return self.data.spans.get(name.removeprefix("data."))
        return self.spans.get(name)

    @property
    def data_span(self) -> Span | None:
        """The place where the recipe's text names its data, if it does."""
        return self.data.place("source")

    @property
    def batch_size(self) -> int:
        """Examples in a step of a resolved recipe; 1 if the recipe leaves the batch size open."""
        return self.batch if isinstance(self.batch, int) else 1

    @property
    def is_gan(self) -> bool:
        """Whether two networks are trained against each other."""
        return self.gan != Gan()

    def given(self) -> dict[str, Any]:
        """Return the keys that are not left out, with their values."""
        usual = Recipe()
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value != getattr(usual, name)}

    def replace(self, **values: Any) -> Recipe:
        """Return this recipe with other values; None leaves a value as it is.

        A value that is replaced loses its place in the text.
        """
        given = {name: value for name, value in values.items() if value is not None}
        spans = {name: span for name, span in self.spans.items() if name.split(".")[0] not in given}
        return dataclasses.replace(self, **{"spans": spans, **given})


def load_recipe(path: str | Path, settings: Sequence[RecipeSetting] = ()) -> Recipe:
    """Read the recipe in a YAML file. Relative paths in it count from the recipe's folder.

    Args:
        path: the file.
        settings: keys that are set in addition to its own, or replace them.

    Raises:
        NetError: as `read_source` does for a file that cannot be read, and as `parse_recipe` does.
    """
    source = read_source(path)
    recipe, folder = parse_recipe(source.text, source.name, settings), Path(path).parent

    def from_here(key: str, path: Any) -> Any:
        span = recipe.span(key)
        # `--set data.source=x.csv` is typed in the current folder, not in the recipe's.
        return path if span and span.source.name == SET else _side_by_side(path, folder)

    data = dataclasses.replace(
        recipe.data,
        source=from_here("data.source", recipe.data.source),
        target=from_here("data.target", recipe.data.target),
        weight=from_here("data.weight", recipe.data.weight),
        validation=from_here("data.validation", recipe.data.validation),
        test=from_here("data.test", recipe.data.test),
    )
    return dataclasses.replace(
        recipe, data=data, init_from=from_here("init_from", recipe.init_from)
    )


FILES = (".npz", ".npy", ".csv", ".tsv", ".parquet", ".keras", ".safetensors")


def _side_by_side(path: Any, folder: Path) -> Any:
    """Return a path relative to the current folder.

    What is not a file's name is returned unchanged: a data set's name, a column, several columns.
    """
    # Several targets are columns, never files.
    if isinstance(path, tuple):
        return path
    # A name such as `mnist` is a data set, unless a file of that name is there.
    is_file = path and (path.endswith(FILES) or os.path.exists(folder / path))
    return str(folder / path) if path and is_file else path


def parse_recipe(text: str, name: str = "recipe", settings: Sequence[RecipeSetting] = ()) -> Recipe:
    """Read the recipe that a YAML text holds. An empty text leaves every key out.

    Args:
        text: the recipe.
        name: the file's name in messages.
        settings: keys that are set in addition to its own, or replace them.

    Raises:
        NetError: with every mistake: N501 not YAML, N502 not keys and values, N503 unknown key,
            N504 wrong type, N505 out of range, N506 a key twice.
    """
    source = Source(name, text)
    root, sources = with_settings(compose(source), settings, Recipe)
    if root is None:
        return Recipe()
    reader = RecipeReader(source, sources)
    recipe = cast(Recipe, reader.read(Recipe, root, "a recipe"))
    if "gan" in reader.spans and recipe.gan == Gan():  # `gan: {}`, all by default
        recipe = recipe.replace(gan=Gan(loss=GAN_LOSSES[0]))
    data = {
        key.removeprefix("data."): span
        for key, span in reader.spans.items()
        if key.startswith("data.")
    }
    return recipe.replace(data=dataclasses.replace(recipe.data, spans=data), spans=reader.spans)


def recipe_hash(recipe: Recipe) -> str:
    """Hash a recipe: recipes with the same values have the same hash.

    The machines and devices are left out: a run may be resumed on others.
    """
    import hashlib

    # Steps are the same on any number of devices.
    anywhere = dataclasses.replace(recipe, devices=None, hosts=None)
    return hashlib.sha256(to_yaml(anywhere).encode()).hexdigest()
