"""How a network is trained: the keys of a recipe, reading them from YAML, filling in what was left out.

The dataclasses are the schema: each key says what it takes, and reading, checking what is given in Python, and writing all
follow from that. What the keys mean stands in `docs/training.md`, which a test holds to be complete.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard, cast

from netdsl.errors import Diagnostic, NetError, Source, Span, did_you_mean, fail
from netdsl.network import read_source

if TYPE_CHECKING:
    import yaml

    from netdsl.network import Network
    from netdsl.train.data import Data

LOSSES = ("cross-entropy", "binary", "squared", "absolute")
METRICS = ("loss", "accuracy")
VALIDATION = 0.1

OPTIMIZERS: dict[str, dict[str, float]] = {
    "gd": {"rate": 0.1},
    "sgd": {"rate": 0.01, "momentum": 0.0},
    "momentum": {"rate": 0.01, "momentum": 0.9},
    "nesterov": {"rate": 0.01, "momentum": 0.9},
    "adam": {"rate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7},
    "adamw": {"rate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7, "decay": 0.004},
    "rmsprop": {"rate": 0.001, "rho": 0.9, "momentum": 0.0, "eps": 1e-7},
    "adagrad": {"rate": 0.01, "eps": 1e-7},
}
"""Each optimizer's options and their values where a recipe does not give them."""

Param = int | float | Fraction | str
"""The value of a network's `param`."""

LONGEST = 1 << 16
"""Characters: a text longer than this is no recipe, and reading it as YAML takes long."""


# --- what a key takes ---------------------------------------------------------------------------------------------


class Wrong(Exception):
    """A value that its key does not take: the code, what is wrong, how to mend it."""

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number within bounds; `above` and `below` are outside them, `least` is inside."""

    whole: bool = False
    above: float | None = None
    least: float | None = None
    below: float | None = None

    @property
    def wants(self) -> str:
        bounds = (("above", self.above), ("at least", self.least), ("below", self.below))
        given = " and ".join(f"{word} {bound:,}" for word, bound in bounds if bound is not None)
        return ", ".join(filter(None, ("a whole number" if self.whole else "a number", given)))

    def read(self, text: str) -> int | float:
        """The number that a plain scalar holds: YAML 1.1 would take 1e-3 for a string and 010 for eight."""
        try:
            return int(text) if self.whole else float(text)
        except ValueError:
            raise Wrong("N504", f"takes {self.wants}, not `{text}`") from None

    def check(self, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, (int,) if self.whole else (int, float)):
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")
        inside = (
            (isinstance(value, int) or math.isfinite(value))
            and (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.below is None or value < self.below)
        )
        if not inside:
            raise Wrong("N505", f"takes {self.wants}, not {value:,}")


@dataclass(frozen=True, slots=True)
class Word:
    """One of some words."""

    words: tuple[str, ...]

    @property
    def wants(self) -> str:
        return "one of " + ", ".join(f"`{word}`" for word in self.words)

    def read(self, text: str) -> str:
        return text

    def check(self, value: object) -> None:
        if value not in self.words:
            raise Wrong("N505", f"takes {self.wants}, not `{value}`", did_you_mean(str(value), self.words))


@dataclass(frozen=True, slots=True)
class Text:
    """Any text that is not empty."""

    wants: str = "a text"

    def read(self, text: str) -> str:
        return text

    def check(self, value: object) -> None:
        if not isinstance(value, str) or not value.strip():
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")


Takes = Number | Word | Text


def key(takes: Takes) -> Any:
    """A key that may be left out (None) until the recipe is resolved."""
    return field(default=None, metadata={"takes": takes})


class Section:
    """Keys that stand together. A section given as one scalar means its `short` key."""

    short: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        values = {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]
        for name, wrong in self.wrongs({name: value for name, value in values.items() if value is not None}):
            raise fail(wrong.code, f"`{name}` {wrong.message}", help=wrong.help)

    @classmethod
    def wrongs(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
        """The keys whose values are not what they take, and why."""
        for item in fields(cls):  # type: ignore[arg-type]
            if "takes" in item.metadata and item.name in values:
                try:
                    item.metadata["takes"].check(values[item.name])
                except Wrong as wrong:
                    yield item.name, wrong


# --- the keys -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataSpec(Section):
    short: ClassVar[str | None] = "source"

    source: str | None = key(Text("a data set's name or a path"))
    test: float | None = key(Number(above=0, below=1))
    scale: float | None = key(Number(above=0))


@dataclass(frozen=True)
class Optimizer(Section):
    short: ClassVar[str | None] = "name"

    name: str | None = key(Word(tuple(OPTIMIZERS)))
    rate: float | None = key(Number(above=0))
    momentum: float | None = key(Number(least=0, below=1))
    beta1: float | None = key(Number(least=0, below=1))
    beta2: float | None = key(Number(least=0, below=1))
    rho: float | None = key(Number(least=0, below=1))
    eps: float | None = key(Number(above=0))
    decay: float | None = key(Number(least=0))

    @classmethod
    def wrongs(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
        yield from super().wrongs(values)
        name = values.get("name", "adam")
        taken = OPTIMIZERS.get(name, {})
        for option in values:
            if taken and option != "name" and option not in taken:
                help = f"{name} takes " + ", ".join(f"`{one}`" for one in taken)
                yield option, Wrong("N503", f"is no option of the optimizer `{name}`", help)

    def resolved(self) -> Optimizer:
        """This optimizer with every option that it takes."""
        name = self.name or "adam"
        return Optimizer(name=name, **(OPTIMIZERS[name] | self.options()))

    def options(self) -> dict[str, float]:
        """The options that are given, by name."""
        found = {option: getattr(self, option) for option in OPTIMIZERS[self.name or "adam"]}
        return {option: value for option, value in found.items() if value is not None}


@dataclass(frozen=True)
class Stopping(Section):
    patience: int | None = key(Number(whole=True, least=1))
    every: int | None = key(Number(whole=True, least=1))
    metric: str | None = key(Word(METRICS))


@dataclass(frozen=True)
class Augment(Section):
    shift: int | None = key(Number(whole=True, least=0))


@dataclass(frozen=True)
class Recipe(Section):
    """How a network is trained. A value of None was left out; `resolve` fills it in."""

    data: DataSpec = field(default_factory=DataSpec, metadata={"section": DataSpec})
    loss: str | None = key(Word(LOSSES))
    optimizer: Optimizer = field(default_factory=Optimizer, metadata={"section": Optimizer})
    batch: int | None = key(Number(whole=True, least=1))
    epochs: int | None = key(Number(whole=True, least=1))
    validation: float | None = key(Number(above=0, below=1))
    early_stopping: Stopping = field(default_factory=Stopping, metadata={"section": Stopping})
    augment: Augment = field(default_factory=Augment, metadata={"section": Augment})
    seed: int | None = key(Number(whole=True, least=0, below=2**32))
    params: Mapping[str, Param] = field(default_factory=dict, metadata={"params": True})
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)

    def span(self, name: str) -> Span | None:
        """Where the recipe's text gives this key (`early_stopping.every`), if it does."""
        return self.spans.get(name)

    def replace(self, **values: Any) -> Recipe:
        """This recipe with other values; None leaves a value as it is. What the text says of a replaced value is forgotten."""
        given = {name: value for name, value in values.items() if value is not None}
        spans = {name: span for name, span in self.spans.items() if name.split(".")[0] not in given}
        return dataclasses.replace(self, **{"spans": spans, **given})


# --- YAML -> recipe -----------------------------------------------------------------------------------------------


def load_recipe(path: str | Path) -> Recipe:
    """The recipe in a YAML file. A relative path of data in it counts from the recipe's folder.

    Raises NetError: what `read_source` raises of a file that cannot be read, and what `parse_recipe` raises.
    """
    source = read_source(path)
    recipe = parse_recipe(source.text, source.name)
    data = recipe.data.source
    if data is None or not data.endswith(".npz"):
        return recipe
    return dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, source=str(Path(path).parent / data)))


def parse_recipe(text: str, name: str = "recipe") -> Recipe:
    """The recipe that a YAML text holds; `name` is the file that messages speak of. An empty text leaves all out.

    Raises NetError with every mistake: N501 not YAML, N502 not keys and values, N503 unknown key, N504 wrong type,
    N505 out of range, N506 a key twice.
    """
    import yaml

    source = Source(name, text)
    root = _compose(yaml, source)
    if root is None:
        return Recipe()
    reader = _Reader(yaml, source)
    recipe = reader.recipe(root)
    if reader.problems:
        raise NetError(*sorted(reader.problems, key=lambda problem: problem.span.start if problem.span else 0))
    return recipe.replace(spans=reader.spans)


def _compose(yaml: Any, source: Source) -> yaml.Node | None:
    """The YAML text as nodes, each with its place."""
    if len(source.text) > LONGEST:
        raise fail("N501", f"{source.name} has {len(source.text):,} characters: more than {LONGEST:,} are no recipe")
    try:
        return yaml.compose(source.text, Loader=yaml.SafeLoader)  # type: ignore[no-any-return]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, max(0, len(source.text) - 1)) if mark else 0
        raise fail("N501", f"this is not YAML: {error.problem or error.context}", Span(source, at, at + 1)) from None
    except yaml.reader.ReaderError as error:
        message = f"this is not YAML: a character that it does not allow, U+{ord(source.text[error.position]):04X}"
        raise fail("N501", message, Span(source, error.position, error.position + 1)) from None
    except RecursionError:
        raise fail("N501", f"the brackets in {source.name} are nested too deep") from None


class _Reader:
    """Reads nodes by the schema. Mistakes are gathered, so that one run tells them all."""

    def __init__(self, yaml: Any, source: Source) -> None:
        self.yaml, self.source = yaml, source
        self.problems: list[Diagnostic] = []
        self.spans: dict[str, Span] = {}

    def recipe(self, root: yaml.Node) -> Recipe:
        return cast(Recipe, self.section(Recipe, root, "")) if self.is_mapping(root, "a recipe") else Recipe()

    def section(self, of: type[Section], node: yaml.Node, path: str) -> Section:
        """The section that the node holds; what is wrong with it is reported and left out."""
        keys = {item.name: item for item in fields(of) if item.metadata}  # type: ignore[arg-type]
        nodes = self.entries(node, of, keys, path)
        values = {name: self.value(keys[name], given, f"{path}{name}") for name, given in nodes.items()}
        values = {name: value for name, value in values.items() if value is not None}
        for name, wrong in list(of.wrongs(values)):
            self.report(wrong.code, f"`{name}` {wrong.message}", nodes[name], wrong.help)
            del values[name]
        return of(**values) if not self.problems else of()

    def entries(self, node: yaml.Node, of: type[Section], keys: Iterable[str], path: str) -> dict[str, yaml.Node]:
        """The section's known keys and the nodes of their values."""
        if of.short and isinstance(node, self.yaml.ScalarNode):
            return {of.short: node}
        if not self.is_mapping(node, f"`{path[:-1]}`"):
            return {}
        found = self.mapping(node)
        for name in found.keys() - set(keys):
            where = f"`{path[:-1]}` has" if path else "a recipe has"
            known = ", ".join(f"`{one}`" for one in keys)
            self.report("N503", f"{where} no key `{name}`", found.pop(name)[0], did_you_mean(name, keys) or f"the keys are {known}")
        return {name: value for name, (_, value) in found.items()}

    def mapping(self, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """The keys of a mapping, each with its own node and its value's; the first of two that are alike."""
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for name, value in node.value:
            if not isinstance(name, self.yaml.ScalarNode):
                self.report("N502", "a key is a word", name)
            elif name.value in found:
                first = self.source.position(found[name.value][0].start_mark.index)[0]
                self.report("N506", f"the key `{name.value}` stands twice, first in line {first}", name)
            else:
                found[name.value] = name, value
        return found

    def is_mapping(self, node: yaml.Node, what: str) -> TypeGuard[yaml.MappingNode]:
        if isinstance(node, self.yaml.MappingNode):
            return True
        given = "a list" if isinstance(node, self.yaml.SequenceNode) else f"`{node.value}`"
        self.report("N502", f"{what} takes keys and values, not {given}", node)
        return False

    def value(self, item: dataclasses.Field[Any], node: yaml.Node, path: str) -> Any:
        """What the node gives the key; None where it is wrong (and reported)."""
        self.spans[path] = self.span(node)
        if "section" in item.metadata:
            return self.section(item.metadata["section"], node, f"{path}.")
        if "takes" not in item.metadata:
            return self.params(node, path)
        takes = item.metadata["takes"]
        if isinstance(node, self.yaml.ScalarNode) and (node.value or node.style):
            try:
                return takes.read(node.value) if node.style is None else node.value
            except Wrong as wrong:
                self.report(wrong.code, f"`{item.name}` {wrong.message}", node, wrong.help)
        else:
            given = {"ScalarNode": "nothing", "SequenceNode": "a list", "MappingNode": "keys and values"}[type(node).__name__]
            self.report("N504", f"`{item.name}` takes {takes.wants}, not {given}", node)
        return None

    def params(self, node: yaml.Node, path: str) -> dict[str, Param]:
        """The network's parameters: numbers and texts by name."""
        if not self.is_mapping(node, f"`{path}`"):
            return {}
        values: dict[str, Param] = {}
        for name, (_, value) in self.mapping(node).items():
            self.spans[f"{path}.{name}"] = self.span(value)
            if isinstance(value, self.yaml.ScalarNode):
                values[name] = value.value if value.style else _number_or_text(value.value)
            else:
                self.report("N504", f"the parameter `{name}` takes a number or a text", value)
        return values

    def report(self, code: str, message: str, node: yaml.Node, help: str = "") -> None:
        self.problems.append(Diagnostic(code, message, self.span(node), help))

    def span(self, node: yaml.Node) -> Span:
        start, end = node.start_mark.index, node.end_mark.index
        return Span(self.source, start, start + len(self.source.text[start:end].rstrip()))


def _number_or_text(text: str) -> Param:
    """A param's value as `-p` on the command line reads it: decimals are exact."""
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if re.fullmatch(r"-?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})(e-?[0-9]{1,2})?", text):
        return Fraction(text)
    return text


# --- recipe -> YAML -----------------------------------------------------------------------------------------------


def to_yaml(recipe: Recipe) -> str:
    """The recipe as YAML, without what was left out; `parse_recipe` gives it back."""
    import yaml

    return yaml.safe_dump(_plain(recipe), sort_keys=False)


def _plain(section: Section) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in fields(section):  # type: ignore[arg-type]
        value = getattr(section, item.name)
        if isinstance(value, Section):
            value = _plain(value)
        elif isinstance(value, Mapping):
            value = {name: _decimal(given) for name, given in value.items()}
        if item.metadata and value is not None and value != {}:
            found[item.name] = value
    return found


def _decimal(value: object) -> int | float | str:
    """A param's value as YAML has it; a fraction that is no decimal as a text, which no number parameter takes unnoticed."""
    if isinstance(value, Fraction) and Fraction(str(float(value))) == value:
        return float(value)
    return value if isinstance(value, (int, float, str)) else str(value)


# --- filling in ---------------------------------------------------------------------------------------------------

SMALL = 10_000
"""Training examples: below, 32 a step leave an epoch steps enough; from here on, 128 are quicker."""


def resolve(recipe: Recipe, network: Network, data: Data) -> Recipe:
    """The recipe with every value filled in, for this network and data.

    Raises NetError N507 where values do not go together, or with the network and the data.
    """
    examples = len(data.train)
    full = recipe.optimizer.name == "gd"
    batch = recipe.batch or (examples if full or examples < 32 else 32 if examples < SMALL else 128)
    if full and batch != examples:
        message = f"`gd` takes the whole training part ({examples:,} examples) as its batch, not {batch:,}"
        raise fail("N507", message, recipe.span("batch"), help="leave `batch` out, or take `sgd`")
    if batch > examples:
        raise fail("N507", f"a batch of {batch:,} is more than the {examples:,} training examples", recipe.span("batch"))
    return recipe.replace(
        data=data.spec,
        loss=data.preparation.loss,
        optimizer=recipe.optimizer.resolved(),
        batch=batch,
        epochs=recipe.epochs or 100,
        validation=recipe.validation or VALIDATION,
        early_stopping=_stopping(recipe, math.ceil(examples / batch), data),
        augment=_augment(recipe, data),
        seed=recipe.seed or 0,
        params={**recipe.params, **network.params},
    )


def _stopping(recipe: Recipe, epoch: int, data: Data) -> Stopping:
    given = recipe.early_stopping
    if given.metric == "accuracy" and not data.preparation.accuracy:
        raise fail("N507", "the data holds values, not classes: there is no accuracy to stop by", recipe.span("early_stopping.metric"))
    return Stopping(patience=given.patience or 10, every=given.every or epoch, metric=given.metric or "loss")


def _augment(recipe: Recipe, data: Data) -> Augment:
    shift, shape = recipe.augment.shift or 0, data.preparation.input
    if shift and len(shape) != 3:
        raise fail("N507", f"`shift` moves images; the network's input is {'x'.join(map(str, shape))}", recipe.span("augment.shift"))
    if shift and shift >= min(shape[:2]):
        raise fail("N507", f"a shift of {shift} leaves nothing of {shape[0]}x{shape[1]} pixels", recipe.span("augment.shift"))
    return Augment(shift=shift)
