"""Tree to graph: blocks, repeats, defaults, references and shapes, in one pass over the text.

`in` needs the shape at hand, so expansion and shape inference cannot be two passes. What calls
itself here does so through generators that `_run` drives with a stack of its own: no nesting of a
text can exhaust Python's.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from netdsl.errors import Diagnostic, NetError, Note, Source, Span, did_you_mean, fail, once
from netdsl.expressions import evaluate
from netdsl.graph import Graph, Layer, Op, Piece, Port, consumers_of
from netdsl.kinds import KINDS, Argument, Kind, LayerError, LayerSpec, Ref, Word, make
from netdsl.kinds.arguments import default_argument
from netdsl.kinds.facts import Weight
from netdsl.kinds.hints import unknown_option
from netdsl.kinds.part import Part
from netdsl.kinds.values import Defaults, Dims, Indices, Shape, dims, shown
from netdsl.library import Library, used_here
from netdsl.limits import Limits
from netdsl.lowering.defaults import Default, Settled, settle
from netdsl.params import YES_OR_NO, as_declared
from netdsl.syntax import Parsed, tree
from netdsl.syntax.split import STATEMENT_WORDS

FORMS = ("res",)  # words that are looked up like kinds and are expanded here
_LAYERS_ELSEWHERE = {  # Keras's and PyTorch's layers, in small letters, without `2d` and `_`
    **dict.fromkeys(
        ("conv1d", "conv2d", "conv3d", "convolution"), "conv3-64: window 3x3, 64 filters"
    ),
    **dict.fromkeys(("convtranspose", "convtransposed", "deconv"), "tconv3-64/2"),
    **dict.fromkeys(("depthwiseconv", "depthwise"), "dw3"),
    **dict.fromkeys(("separableconv", "separable"), "sep3-64"),
    **dict.fromkeys(("maxpool", "maxpooling"), "pool2, or pool3/2 for a window of 3 at stride 2"),
    **dict.fromkeys(("averagepool", "averagepooling", "avgpooling", "meanpool"), "avgpool2"),
    **dict.fromkeys(("globalaveragepooling", "globalavgpool", "adaptiveavgpool"), "gap"),
    **dict.fromkeys(("globalmaxpooling", "globalmaxpool", "adaptivemaxpool"), "gmp"),
    **dict.fromkeys(("batchnorm", "batchnormalization"), "bn"),
    **dict.fromkeys(("layernorm", "layernormalization"), "ln"),
    **dict.fromkeys(("groupnorm", "groupnormalization"), "gn"),
    **dict.fromkeys(("fully", "fullyconnected", "full"), "fc-10"),
    **dict.fromkeys(("residual", "shortcut", "skip"), "res(conv3-64 > conv3-64)"),
    **dict.fromkeys(("leakyrelu", "leaky"), "lrelu"),
    **dict.fromkeys(("zeropadding", "zeropad"), "pad(1)"),
    **dict.fromkeys(("upsampling", "upsample"), "up2"),
    "identity": "id",
    "embedding": "embed-64",
    "concatenate": "[ a | b ]",
}
_SIZES_OF_INPUT = {2: ("n",), 3: ("h", "w"), 4: ("d", "h", "w")}
_SHOWN_USES = 3
_MOST_USING = 50  # files that use one the other


class Earlier(Mapping[str, Any]):
    """The names that were known at one place of a text: a view of all names up to there, which
    later ones do not change.

    Each block keeps what it sees, so that copies would take time and memory with the square of a
    text's length.
    """

    def __init__(self, names: dict[str, tuple[int, Any]] | None = None, count: int = 0) -> None:
        self._names = {} if names is None else names
        self._count = count

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return self._names[name][1]

    def __contains__(self, name: object) -> bool:
        return name in self._names and self._names[name][0] < self._count

    def __iter__(self) -> Iterator[str]:
        return islice(self._names, self._count)

    def __len__(self) -> int:
        return self._count

    def followed_by(self, name: str, value: Any) -> Earlier:
        """The view behind a new name.

        Only the last view can be followed, and no name comes twice.
        """
        self._names[name] = (self._count, value)
        return self.with_next()

    def with_next(self) -> Earlier:
        """The view with the one name that followed: a block sees itself."""
        return Earlier(self._names, self._count + 1)


class Chained(NamedTuple):
    """A chain as a value, with what it sees: the names of the place where it was written."""

    chain: tree.Chain
    env: Env


class Shared(NamedTuple):
    """A `let`: a piece that is made once. Every use runs the same chain; the first one's weights
    serve all.
    """

    definition: tree.Let
    env: Env


class Block(NamedTuple):
    """A definition with what it sees.

    Its own name comes in when it is used, so that it can call itself.
    """

    definition: tree.Def
    env: Env


class Made(NamedTuple):
    """A layer worked out: what it is, its output's shape, its text, its norm and activation (and
    whether that is a default).
    """

    kind: Kind
    shape: Shape
    text: str
    parts: tuple[tuple[Kind, bool], ...]
    warnings: tuple[LayerError, ...]
    defaults: Any  # kept alive: `_key` knows them by their identity


class Scope:
    """The named points of a network, a block's use or a repeat's pass, and the counters that
    name layers.
    """

    def __init__(self, prefix: str = "", parent: Scope | None = None) -> None:
        self.names: dict[
            str, Any
        ] = {}  # `a` to its operation, or to its passes; `a.` to what is within
        self.places: dict[str, Span] = {}
        self.prefix = prefix
        self.parent = parent
        self.counts: dict[str, int] = parent.counts if parent else {}

    def layer_name(self, word: str) -> str:
        """The next name for a layer called `word`: `conv_1`, `bottleneck_2_conv_1`."""
        self.counts[word] = self.counts.get(word, 0) + 1
        return f"{self.prefix}{word}_{self.counts[word]}"

    def holder(self, name: str) -> Scope | None:
        """The innermost scope that has the name."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope

    def known(self) -> list[str]:
        """The names that can be referred to here."""
        names: dict[str, None] = {}
        scope: Scope | None = self
        while scope is not None:
            names |= dict.fromkeys(name for name in scope.names if not name.endswith("."))
            scope = scope.parent
        return list(names)


class Env(NamedTuple):
    """What a piece of text sees."""

    source: Source
    values: Mapping[str, Any]
    blocks: Earlier
    defaults: Defaults
    scope: Scope
    path: tuple[str, ...] = ()
    uses: tuple[Span, ...] = ()

    def span(self, node: Any) -> Span:
        return Span(self.source, node.start, node.end)


class Expanded(NamedTuple):
    """A network read to the end: its graph, or what is wrong with it (then `graph` is None), and
    warnings.
    """

    name: str
    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    params: dict[str, Any]
    expectations: tuple[tuple[tree.Expect, Source], ...]


class Unshared(Exception):
    """A further use of a `let` that makes another piece than the first; `_shared` says where."""


Work: TypeAlias = Generator[Any, Any, Any]


def _run(work: Work) -> Any:
    """Drives generators that yield the generators they wait for, and gives back what the first
    one returns.
    """
    stack, value, error = [work], None, None
    while stack:
        try:
            child = stack[-1].throw(error) if error else stack[-1].send(value)
        except StopIteration as stop:
            stack.pop()
            value, error = stop.value, None
        except (NetError, Unshared) as problem:
            stack.pop()
            value, error = None, problem
        else:
            stack.append(child)
            value, error = None, None
    if error:
        raise error
    return value


def expand(
    name: str,
    statements: tuple[tree.Statement, ...],
    source: Source,
    *,
    params: Mapping[str, Any],
    input_shape: Shape | None,
    lost_names: frozenset[str],
    limits: Limits,
    library: Library,
) -> Expanded:
    """The graph of one network's statements. Raises nothing that the text can cause: mistakes
    come in `diagnostics`.
    """
    expander = _Expander(source, params, input_shape, set(lost_names), limits, library)
    expander.definitions = {
        s.name.text: Span(source, s.name.start, s.name.end)
        for s in statements
        if isinstance(s, tree.Def | tree.Let)
    }
    for statement in statements:
        expander.statement(statement)
    return expander.finished(name, source)


class _Expander:
    """The state of one expansion: operations made so far, and what was found on the way."""

    def __init__(
        self,
        source: Source,
        params: Mapping[str, Any],
        input_shape: Shape | None,
        lost: set[str],
        limits: Limits,
        library: Library,
    ) -> None:
        self.params, self.input_shape, self.lost, self.limits = params, input_shape, lost, limits
        self.ops: list[Op] = []
        self.layers: list[Layer] = []
        self.inputs: list[Port] = []
        self.ends: list[int] = []
        self.defaults: dict[int, Default] = {}  # default activations by their operation
        self.sum_ends: set[int] = set()
        self.repeats: list[tuple[Span, list[int]]] = []
        self.taken_names: set[str] = set()
        self.declared: dict[str, Any] = {}
        self.used: set[str] = set()
        self.expectations: list[tuple[tree.Expect, Source]] = []
        self.problems: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.failed = False
        self.steps = 0
        self.net: Span | None = None  # where the network is named
        self.definitions: dict[str, Span] = {}  # of all blocks, also those to come
        self.library = library
        self.using: tuple[str, ...] = (source.name,)
        self.lost_library = (
            False  # a used file could not be read: any unknown word may be one of its blocks
        )
        self.brought: dict[
            str, Mapping[str, Block | Shared]
        ] = {}  # blocks by the used file that they are from
        self.shared: dict[tree.Let, range] = {}
        self.made: dict[Any, Made] = {}
        self.least: dict[int, tuple[int, Any]] = {}
        self.sharing: list[Any] = []
        self.pieces: list[Piece] = []
        self.env = Env(source, Earlier(), Earlier(), {}, Scope())

    # --- statements ---

    def statement(self, statement: tree.Statement) -> None:
        """Takes in one statement; a mistake in it is kept, and the names that it would have
        brought are lost.
        """
        wrong_words = _check_words(statement, self.env)
        try:
            if wrong_words:
                told = [
                    wrong
                    for wrong in wrong_words
                    if not (wrong[0] in self.lost or self.lost_library)
                ]
                raise NetError(*(self._or_defined_below(word, problem) for word, problem in told))
            getattr(self, f"_{type(statement).__name__.lower()}")(statement)
        except NetError as error:
            self.failed = True
            self.problems += error.diagnostics
            self.lost |= _names_of(statement)

    def _or_defined_below(self, word: str, problem: Diagnostic) -> Diagnostic:
        """The problem of an unknown word, with the place of its definition where that comes too
        late.
        """
        if problem.code != "N101" or word not in self.definitions:
            return problem
        notes = (Note("defined here", self.definitions[word]),)
        return problem._replace(
            help="define it before: a block sees earlier blocks only", notes=notes
        )

    def _use(self, statement: tree.Use) -> None:
        """Brings in the blocks and shared pieces of another file, which sees nothing of this
        one.
        """
        place = self.env.span(statement)
        known = self.lost_library
        self.lost_library = True
        if isinstance(statement.what, tree.Name):
            parsed = self.library.standard(statement.what.text, place)
        else:
            parsed = self.library.beside(statement.what.value, self.env.source, place)
        self.lost_library = known
        self.lost |= parsed.lost_names
        name = parsed.source.name
        if name in self.using:
            raise fail(
                "N116",
                f"files use each other in a circle: {' -> '.join([*self.using, name])}",
                place,
            )
        if len(self.using) > _MOST_USING:
            raise fail(
                "N405",
                f"more than {_MOST_USING} files use one the other",
                place,
                help="let one file use several, side by side",
            )
        if name not in self.brought:
            self.brought[name] = self._blocks_of(parsed, place)
        blocks = self.env.blocks
        for word, block in self.brought[name].items():
            if blocks.get(word, block) is not block:
                raise fail(
                    "N104",
                    f"`{word}` of {name} is defined here already",
                    place,
                    help="one of the two needs another name",
                )
            blocks = blocks if word in blocks else blocks.followed_by(word, block)
        self.env = self.env._replace(blocks=blocks)

    def _blocks_of(self, parsed: Parsed, place: Span) -> Mapping[str, Block | Shared]:
        """A used file's blocks and shared pieces.

        Its mistakes are told once, with the place of its first use.
        """
        before = len(self.problems)
        if parsed.diagnostics:
            self.failed = True
            self.problems += parsed.diagnostics
        outside, outer_using, declared = self.env, self.using, self.declared
        self.using, self.declared = (*self.using, parsed.source.name), {}
        self.env = Env(parsed.source, Earlier(), Earlier(), {}, Scope())
        for inner in parsed.statements:
            if isinstance(inner, tree.Use | tree.Param | tree.Default | tree.Def | tree.Let):
                self.statement(inner)
        blocks = self.env.blocks
        self.env, self.using, self.declared = outside, outer_using, declared
        for at in range(before, len(self.problems)):
            problem = self.problems[at]
            if len(problem.notes) < _SHOWN_USES:
                self.problems[at] = problem._replace(
                    notes=(*problem.notes, *used_here(problem.span, place))
                )
        return blocks

    def _let(self, statement: tree.Let) -> None:
        self._new_name(statement.name, "block")
        self.env = self.env._replace(
            blocks=self.env.blocks.followed_by(statement.name.text, Shared(statement, self.env))
        )

    def _tie(self, statement: tree.Tie) -> None:
        if statement.how.text != "transpose":
            mend = "write tie NAME = transpose OTHER"
            raise fail(
                "N107",
                f"layers are tied by `transpose`, not `{statement.how.text}`",
                self.env.span(statement.how),
                help=mend,
            )
        here, there = (self._tied_layer(name) for name in (statement.name, statement.other))
        if here <= there:
            raise fail(
                "N215",
                "the tied layer stands behind the one whose kernel it takes",
                self.env.span(statement),
            )
        tied, other = self.ops[here], self.ops[there]
        assert tied.kind is not None
        assert other.kind is not None
        if (
            tied.tied is not None
            or tied.shares is not None
            or tied.kind.tied_to is None
            or tied.kind.values.get("dropconnect")
        ):
            mend = "fc, dense and tconv can be tied"
            raise fail(
                "N215",
                f"`{statement.name.text}` has no kernel of its own to tie",
                self.env.span(statement.name),
                help=mend,
            )
        own, theirs = self._kernel(here), self._kernel(there)
        if tied.kind.tied_to != other.kind.word or own != tied.kind.tied_kernel(theirs):
            message = f"the kernel of `{statement.name.text}` is {dims(own)}, and that of `{statement.other.text}` {dims(theirs)}"
            mend = "a tied layer is the other one backwards: fc-784 behind fc-64 on 784, tconv3-4 for conv3-8 on 4 channels"
            raise fail(
                "N215",
                f"{message}: the one is not the other transposed",
                self.env.span(statement),
                help=mend,
            )
        self.ops[here] = tied._replace(tied=there if other.shares is None else other.shares)

    def _tied_layer(self, name: tree.Name) -> int:
        """The operation with the kernel of the layer that a point names."""
        span = self.env.span(name)
        point = self._found(tree.Reference(name.text, name.start, name.end), [name.text], self.env)
        index = self.layers[self.ops[point].layer].ops[0] if isinstance(point, int) else -1
        if index < 0 or not any(array.role == "kernel" for array in self._arrays(index)):
            raise fail(
                "N215",
                f"`{name.text}` names no layer with a kernel",
                span,
                help="name the layer: fc-64 as encoder",
            )
        return index

    def _arrays(self, index: int) -> tuple[Weight, ...]:
        op = self.ops[index]
        return op.kind.weights(*(self.ops[source].shape for source in op.inputs)) if op.kind else ()

    def _kernel(self, index: int) -> Shape:
        return next(array.shape for array in self._arrays(index) if array.role == "kernel")

    def _net(self, statement: tree.Net) -> None:
        """Names are taken in by the one who groups the statements."""
        self.net = self.env.span(statement.name)

    def _param(self, statement: tree.Param) -> None:
        name = statement.name.text
        self._new_name(statement.name, "param")
        value = evaluate(
            statement.value, self.env.source, self._lookup(self.env, None), self.limits
        )
        given = self.params.get(name, value)
        self.declared[name] = as_declared(given, value)
        assert isinstance(self.env.values, Earlier)  # beneath no block
        self.env = self.env._replace(values=self.env.values.followed_by(name, self.declared[name]))

    def _default(self, statement: tree.Default) -> None:
        defaults = dict(self.env.defaults)
        for setting in statement.settings:
            kind = KINDS[setting.word.text]
            given = tuple(self._given(argument, self.env, None) for argument in setting.arguments)
            try:
                kind.make(_smallest_call(kind.word, given))
            except LayerError as problem:
                if problem.code != "N106":  # what else the layer must have is said where it stands
                    raise self._problem(problem, setting, self.env) from None
            defaults[kind.word] = (*defaults.get(kind.word, ()), given)
        self.env = self.env._replace(defaults=defaults)

    def _def(self, statement: tree.Def) -> None:
        self._new_name(statement.name, "block")
        seen: set[str] = set()
        for parameter in statement.parameters:
            self._new_name(parameter.name, "parameter")
            if parameter.name.text in seen:
                raise fail(
                    "N104",
                    f"the parameter `{parameter.name.text}` is there twice",
                    self.env.span(parameter.name),
                )
            seen.add(parameter.name.text)
        block = Block(statement, self.env)
        self.env = self.env._replace(blocks=self.env.blocks.followed_by(statement.name.text, block))

    def _new_name(self, name: tree.Name, what: str) -> None:
        """Refuses names that would mean two things."""
        word = name.text
        reason = ""
        if word == "in":
            reason = "is what comes in"
        elif (
            word in STATEMENT_WORDS
            or word in FORMS
            or word in ("as", "of", "when", "and", "or", "not", "if", *YES_OR_NO)
        ):
            reason = "is a word of the language"
        elif word in KINDS:
            reason = "is a kind of layer"
        elif re.fullmatch(r"x[0-9_]*", word) and what != "parameter":
            reason = "reads as a repeat"
        elif what == "block" and _kind_and_size(word):
            kind, size = _kind_and_size(word) or ("", ())
            reason = f"reads as `{kind}` with the size {dims(size)}"
        if reason:
            raise fail(
                "N102",
                f"`{word}` {reason}, and cannot name a {what}",
                self.env.span(name),
                help="choose another name",
            )
        for known, names in (("param", self.declared), ("block", self.env.blocks)):
            if what != "parameter" and word in names:
                raise fail(
                    "N104",
                    f"there is a {known} called `{word}` already",
                    self.env.span(name),
                    help="choose another name",
                )

    def _input(self, statement: tree.Input) -> None:
        head = statement.head
        name = statement.name.text if statement.name else "input"
        if any(point.name == name for point in self.inputs):
            mend = "" if statement.name else "name them: input left: 28x28x1"
            raise fail(
                "N104",
                f"there is a second input called `{name}`",
                self.env.span(statement.name or head),
                help=mend,
            )
        shape = tuple(
            self._whole(item, self.env, None, "a size of the input", least=1)
            for item in head.shape.items
        )
        if self.input_shape is not None:
            if self.inputs:
                raise fail(
                    "N210",
                    "the network has several inputs: --input can stand for one only",
                    self.env.span(head),
                )
            shape = self.input_shape
        if head.type is not None:
            shape = Indices(shape, self._limit(head))
        x: int | None = self._add_input(name, shape, self.env.span(statement.name or head))
        if statement.steps:
            if isinstance(first := statement.steps[0].body, tree.Reference):
                raise self._reference_inside(first, self.env)
            chain = tree.Chain(statement.steps, statement.steps[0].start, statement.steps[-1].end)
            x = _run(self._chain(chain, x, self.env))
        assert x is not None
        self.ends.append(x)

    def _limit(self, head: tree.Head) -> int:
        """How many different indices come in: V of `128 of int(V)`."""
        assert head.type is not None
        if head.type.text != "int":
            mend = "indices below 20000 are 128 of int(20000)"
            raise fail(
                "N107",
                f"an input is of numbers, or of `int(V)`, not of `{head.type.text}`",
                self.env.span(head.type),
                help=mend,
            )
        limit = None if head.limit is None else self._value(head.limit, self.env, None)
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            message = f"`int` takes how many indices there are, a whole number from 1 up, not {shown(limit)}"
            raise fail("N107", message, self.env.span(head.limit or head))
        return limit

    def _add_input(self, name: str, shape: Shape, span: Span | None) -> int:
        self._check_elements(shape, span)
        index = len(self.ops)
        self.ops.append(Op(None, (), shape, len(self.layers), self._unique(name)))
        label = "input" if name == "input" else f"input {name}:"
        self.layers.append(Layer((index,), f"{label} {dims(shape)}", name, span, ()))
        self.inputs.append(Port(name, index, shape))
        self._define(self.env.scope, name, index, None)
        return index

    def _flow(self, statement: tree.Flow) -> None:
        x = None
        if (
            not self.inputs
            and self.input_shape is not None
            and not _begins_with_reference(statement.chain)
        ):
            x = self._add_input("input", self.input_shape, None)
        end = _run(self._chain(statement.chain, x, self.env))
        if end is not None:
            self.ends.append(end)

    def _expect(self, statement: tree.Expect) -> None:
        self.expectations.append((statement, self.env.source))
        if isinstance(statement.what, tree.Reference):
            self.used.add(statement.what.name.split(".")[0])

    # --- chains and steps ---

    def _chain(self, chain: tree.Chain, x: int | None, env: Env) -> Work:
        """The chain's last operation, from operation `x` (None where nothing comes in)."""
        if (yield self._least(chain, env)) > (left := self.limits.operations - len(self.ops)):
            for step in chain.steps:
                if step.repeat is not None or (yield self._least(step.body, env)) > left:
                    break  # said more exactly within this step
            else:
                raise self._too_many_operations(env.span(chain))
        for position, step in enumerate(chain.steps):
            body = step.body
            if isinstance(body, tree.Reference):
                if position:
                    raise self._reference_inside(body, env)
                x = self._referred(body, env)
                if step.repeat is not None:
                    raise fail(
                        "N109", "a reference has no repeat", env.span(step), notes=self._notes(env)
                    )
            elif (
                step.repeat is None
                and isinstance(body, tree.Layer)
                and self._is_kind(body.word.text, env)
            ):
                x = self._layer(body, x, env, step.name.text if step.name else None)
            else:
                x = yield self._step(step, x, env)
                continue
            if step.name:
                self._name(step.name, x, env)
        return x

    @staticmethod
    def _is_kind(word: str, env: Env) -> bool:
        return word not in env.values and word not in env.blocks and word not in FORMS

    def _reference_inside(self, body: tree.Reference, env: Env) -> NetError:
        mend = "begin a new flow with it, or merge it: [ ... | @name ]"
        return fail(
            "N109",
            f"`@{body.name}` begins a chain, it cannot stand behind `>`",
            env.span(body),
            help=mend,
            notes=self._notes(env),
        )

    def _step(self, step: tree.Step, x: int | None, env: Env) -> Work:
        if step.repeat is None:
            own_name = step.name.text if step.name and isinstance(step.body, tree.Layer) else None
            x = yield self._body(step.body, x, env, own_name)
        else:
            count = self._whole(step.repeat, env, x, "how often", least=0)
            if count * (yield self._least(step.body, env)) > self.limits.operations - len(self.ops):
                raise self._too_many_operations(env.span(step))
            acts: list[int] = []
            inner_names: set[str] = set()
            for turn in range(count):
                scope = Scope(env.scope.prefix, env.scope)
                inside = env._replace(values={**env.values, "i": turn}, scope=scope)
                x = yield self._body(step.body, x, inside, None)
                if (
                    isinstance(step.body, tree.Layer)
                    and self._is_kind(step.body.word.text, env)
                    and x in self.defaults
                ):
                    acts.append(x)
                self._take_over(scope, str(turn), inner_names, env)
            if count > 1 and len(acts) == count:
                self.repeats.append((env.span(step), acts))
        if step.name:
            self._name(step.name, x, env)
        return x

    def _body(self, body: tree.Body, x: int | None, env: Env, name: str | None) -> Work:
        self.steps += 1
        if self.steps > 4 * len(self.ops) + self.limits.operations // 10:
            message = f"{self.steps:,} steps were taken here for {len(self.ops):,} operations: blocks call each other again and again"
            raise fail(
                "N406",
                message,
                env.span(body),
                help="each call of a block should make layers of its own",
                notes=self._notes(env),
            )
        if isinstance(body, tree.Layer):
            return self._word(body, x, env, name)
        if isinstance(body, tree.Group):
            return self._chain(body.chain, x, env)
        if isinstance(body, tree.Merge):
            return self._merge(body, x, env)
        if isinstance(body, tree.When):
            return self._when(body, x, env)
        raise self._reference_inside(body, env)

    def _least(self, node: Any, env: Env) -> Work:
        """How many operations a piece makes at least: repeats that cannot fit are refused before
        the first is made.
        """
        known = self.least.get(id(node))
        if known is not None:
            return known[0]
        self.least[id(node)] = (
            0,
            node,
        )  # of a block that calls itself; the node is kept, so that its identity stays its own
        least = 0
        if isinstance(node, tree.Chain):
            for step in node.steps:
                times = (
                    step.repeat.value
                    if isinstance(step.repeat, tree.Number)
                    else 0
                    if step.repeat
                    else 1
                )
                if times:
                    least += times * (yield self._least(step.body, env))
        elif isinstance(node, tree.Group):
            least = yield self._least(node.chain, env)
        elif isinstance(node, tree.Merge):
            least = 1
            for branch in node.branches:
                least += yield self._least(branch, env)
        elif isinstance(node, tree.Layer):
            block = env.blocks.get(node.word.text)
            if block is not None:
                least = yield self._least(block.definition.chain, block.env)
            elif node.word.text != "id" and self._is_kind(node.word.text, env):
                least = 1
            elif node.word.text == "res":
                for argument in node.arguments or ():
                    if (
                        argument.name is None
                        and isinstance(argument.value, tree.Chain)
                        and not _bare_word(argument.value)
                    ):
                        least += yield self._least(argument.value, env)
        self.least[id(node)] = (least, node)
        return least

    def _when(self, body: tree.When, x: int | None, env: Env) -> Work:
        holds = evaluate(body.condition, env.source, self._lookup(env, x), self.limits)
        if not isinstance(holds, bool):
            message = f"the condition of `when` is yes or no, not {_shown_value(holds)}"
            raise fail(
                "N111",
                message,
                env.span(body.condition),
                help="compare: t > 1",
                notes=self._notes(env),
            )
        chain = body.then if holds else body.otherwise
        return (yield self._chain(chain, x, env)) if chain else x

    def _merge(self, body: tree.Merge, x: int | None, env: Env) -> Work:
        word = body.word.text if body.word else "concat"
        branches: list[int] = []
        for branch in body.branches:
            first = branch.steps[0].body
            if isinstance(first, tree.Reference) and first.name.endswith(".*"):
                if (
                    len(branch.steps) > 1
                    or branch.steps[0].repeat is not None
                    or branch.steps[0].name
                ):
                    raise fail(
                        "N109",
                        f"`@{first.name}` is a branch of its own",
                        env.span(branch),
                        notes=self._notes(env),
                    )
                branches += self._all_passes(first, env)
                continue
            end = yield self._chain(branch, x, env)
            if end is None:
                raise self._nothing_comes_in(branch, env)
            branches.append(end)
        kind = self._made(LayerSpec(word), body, env)
        return self._emit(kind, tuple(branches), body, env, kind.written(), None)

    def _word(self, body: tree.Layer, x: int | None, env: Env, name: str | None) -> Work:
        """A word in a chain: a parameter that is a chain, a block, a form, or a kind."""
        word = body.word.text
        if word in env.values:
            return (yield self._value_as_step(body, env.values[word], x, env))
        block = env.blocks.get(word)
        if isinstance(block, Shared):
            return (yield self._shared(body, block, x, env, name))
        if block is not None:
            return (yield self._block(body, block, x, env, name))
        if word == "res":
            return (yield self._res(body, x, env))
        return self._layer(body, x, env, name)

    def _value_as_step(self, body: tree.Layer, value: Any, x: int | None, env: Env) -> Work:
        word = body.word.text
        notes = self._notes(env)
        if not isinstance(value, Chained):
            mend = f"as a number it stands in braces: {{{word}}}"
            raise fail(
                "N109",
                f"`{word}` is {shown(value)}, not a layer",
                env.span(body),
                help=mend,
                notes=notes,
            )
        if body.size or body.amount is not None or body.stride:
            raise fail(
                "N106",
                f"`{word}` is a chain: it takes no size, amount or stride",
                env.span(body),
                notes=notes,
            )
        if body.arguments is None:
            try:
                return (
                    yield self._chain(
                        value.chain,
                        x,
                        value.env._replace(uses=(*value.env.uses, env.span(body))[-_SHOWN_USES:]),
                    )
                )
            except NetError as error:
                raise _led_to_by(env.span(body), error) from None
        bare = _bare_word(value.chain)
        block = value.env.blocks.get(bare.text) if bare else None
        if not isinstance(block, Block):
            raise fail(
                "N109", f"`{word}` is no block: it cannot be applied", env.span(body), notes=notes
            )
        return (yield self._block(body, block, x, env, None))

    # --- blocks ---

    def _block(
        self, body: tree.Layer, block: Block, x: int | None, env: Env, name: str | None
    ) -> Work:
        definition = block.definition
        word = definition.name.text
        use = env.span(body)
        if body.size or body.amount is not None or body.stride:
            mend = f"give it in brackets: {word}({', '.join(p.name.text for p in definition.parameters)})"
            raise fail(
                "N106",
                f"`{word}` is a block: it takes no size, amount or stride",
                use,
                help=mend,
                notes=self._notes(env),
            )
        if len(env.path) >= self.limits.blocks:
            mend = "a block that calls itself ends with `when`"
            raise fail(
                "N405",
                f"more than {self.limits.blocks} blocks stand within each other",
                use,
                help=mend,
            )
        label = env.scope.prefix + name if name else env.scope.layer_name(word)
        scope = Scope(f"{label}_")
        inside = block.env._replace(
            blocks=block.env.blocks.with_next(),
            scope=scope,
            path=(*env.path, label),
            uses=(*env.uses, use)[-_SHOWN_USES:],
        )
        inside = inside._replace(
            values={**block.env.values, **self._bound(body, block, x, env, inside)}
        )
        try:
            x = yield self._chain(definition.chain, x, inside)
        except NetError as error:
            raise _led_to_by(use, error) from None
        if name is not None:
            env.scope.names.setdefault(f"{name}.", scope)
        return x

    def _shared(
        self, body: tree.Layer, shared: Shared, x: int | None, env: Env, name: str | None
    ) -> Work:
        """A use of a `let`: the first one makes the weights, each further one runs the same
        operations on them.
        """
        word = shared.definition.name.text
        use = env.span(body)
        if body.size or body.amount is not None or body.stride or body.arguments is not None:
            raise fail(
                "N106",
                f"`{word}` is one piece: it takes nothing",
                use,
                help=f"a block takes values: def {word}(...)",
                notes=self._notes(env),
            )
        if len(env.path) >= self.limits.blocks:
            raise fail(
                "N405", f"more than {self.limits.blocks} blocks stand within each other", use
            )
        first = self.shared.get(shared.definition)
        label = (
            env.scope.prefix + name
            if name
            else env.scope.layer_name(word)
            if first
            else env.scope.prefix + word
        )
        scope = Scope(f"{label}_")
        inside = shared.env._replace(
            scope=scope, path=(*env.path, label), uses=(*env.uses, use)[-_SHOWN_USES:]
        )
        begin = len(self.ops)
        self.sharing.append(iter(first) if first else None)
        try:
            end = yield self._chain(shared.definition.chain, x, inside)
        except Unshared:
            raise self._differs(word, use, env) from None
        except NetError as error:
            raise _led_to_by(use, error) from None
        finally:
            owners = self.sharing.pop()
        made = range(begin, len(self.ops))
        if made and end is not None:
            self.pieces.append(
                Piece(word, self.ops[begin].layer, len(self.layers), self.ops[end].layer)
            )
        if first is None:
            self.shared[shared.definition] = made
        elif next(owners or iter(()), None) is not None:
            raise self._differs(word, use, env)
        if name is not None:
            env.scope.names.setdefault(f"{name}.", scope)
        return end

    def _differs(self, word: str, use: Span, env: Env) -> NetError:
        message = f"`{word}` cannot be shared here: what comes in makes it another piece than at its first use"
        return fail(
            "N214",
            message,
            use,
            help="give it inputs of one shape, or write a block: def " + word + "() = ...",
            notes=self._notes(env),
        )

    def _bound(
        self, body: tree.Layer, block: Block, x: int | None, env: Env, inside: Env
    ) -> dict[str, Any]:
        """A use's arguments by the parameters' names; defaults are read in the block, and may
        use `in` and earlier parameters.
        """
        definition = block.definition
        names = [parameter.name.text for parameter in definition.parameters]
        values: dict[str, Any] = {}
        free = iter(names)
        notes = self._notes(env)
        for argument in body.arguments or ():
            if argument.name is not None:
                name = argument.name.text
                if name not in names:
                    mend = did_you_mean(name, names) or _parameters_help(definition)
                    raise fail(
                        "N103",
                        f"`{definition.name.text}` has no parameter `{name}`",
                        env.span(argument.name),
                        help=mend,
                        notes=notes,
                    )
            else:
                name = next((free_name for free_name in free if free_name not in values), "")
                if not name:
                    message = f"`{definition.name.text}` takes {len(names)} value{'s' * (len(names) != 1)}; this is one too many"
                    raise fail(
                        "N106",
                        message,
                        env.span(argument),
                        help=_parameters_help(definition),
                        notes=notes,
                    )
            if name in values:
                raise fail("N104", f"`{name}` is given twice", env.span(argument), notes=notes)
            values[name] = self._value(argument.value, env, x, chains=True)
        for parameter in definition.parameters:
            name = parameter.name.text
            if name in values:
                continue
            if parameter.default is None:
                message = f"`{definition.name.text}` wants a value for `{name}`"
                raise fail(
                    "N106", message, env.span(body), help=_parameters_help(definition), notes=notes
                )
            known = inside._replace(values={**block.env.values, **values})
            try:
                values[name] = self._value(parameter.default, known, x, chains=True)
            except NetError as error:
                raise _led_to_by(env.span(body), error) from None
        return values

    # --- residuals ---

    def _res(self, body: tree.Layer, x: int | None, env: Env) -> Work:
        """`add[ F | shortcut ] > act` (He et al. 2015)."""
        if x is None:
            raise self._nothing_comes_in(body, env)
        inner, skip, given_act = self._res_arguments(body, x, env)
        first = len(self.ops)
        y = yield self._chain(inner.chain, x, inner.env)
        if y == x and first == len(self.ops):
            raise fail("N207", "`res` holds no layer", env.span(body), notes=self._notes(env))
        made = range(first, len(self.ops))
        holds_default = any(
            isinstance(option := (op.kind.options.get("act") if op.kind else None), Part)
            and option.default_word
            for op in self.ops[first:]
        )
        shortcut = self._shortcut(skip, x, y, made, body, env)
        if shortcut is None:
            self.sum_ends.add(y)
            end = y
        else:
            kind = self._made(LayerSpec("add"), body, env)
            end = self._emit(kind, (y, shortcut), body, env, kind.written(), None)
        act = given_act
        if act is None and holds_default:
            conv = self._made(LayerSpec("conv", (1,), 1, None, (), env.defaults), body, env)
            act = Word("none") if conv.values["act"] is None else conv.values["act"]
        if isinstance(act, Word):
            option = KINDS["conv"].options["act"]
            assert isinstance(option, Part)
            try:
                act = option.read(act, env.defaults)
            except LayerError as problem:
                own = next(
                    (a.value for a in body.arguments or () if a.name and a.name.text == "act"), body
                )
                problem.place = problem.place or env.span(own)
                raise self._problem(problem, body, env) from None
        return end if act is None else self._emit(act, (end,), body, env, act.as_value(), None)

    def _res_arguments(self, body: tree.Layer, x: int, env: Env) -> tuple[Chained, str, Any]:
        notes = self._notes(env)
        if body.size or body.amount is not None or body.stride:
            raise fail(
                "N106",
                "`res` takes no size, amount or stride",
                env.span(body),
                help="write res(conv3-64 > conv3-64)",
                notes=notes,
            )
        inner, skip, act = None, "auto", None
        for argument in body.arguments or ():
            name = argument.name.text if argument.name else None
            if name == "skip":
                value = self._value(argument.value, env, x)
                skip = value.text if isinstance(value, Word) else ""
                if skip not in ("auto", "pad", "match", "id"):
                    message = f"`skip` takes auto, id, pad or match, not {shown(value)}"
                    raise fail(
                        "N107",
                        message,
                        env.span(argument.value),
                        help=did_you_mean(skip, ("auto", "pad", "match")),
                        notes=notes,
                    )
            elif name == "act":
                act = self._value(argument.value, env, x)
                if not isinstance(act, Word):
                    raise fail(
                        "N107",
                        f"`act` takes an activation, not {shown(act)}",
                        env.span(argument.value),
                        notes=notes,
                    )
            elif name is not None:
                mend = did_you_mean(name, ("skip", "act")) or "its options are skip and act"
                raise fail(
                    "N103",
                    f"`res` has no option `{name}`",
                    env.span(argument),
                    help=mend,
                    notes=notes,
                )
            elif inner is not None:
                raise fail(
                    "N106",
                    "`res` takes one chain",
                    env.span(argument),
                    help="join its steps by `>`",
                    notes=notes,
                )
            else:
                inner = self._value(argument.value, env, x, chains=True)
                if not isinstance(inner, Chained):
                    raise fail(
                        "N109",
                        f"`res` takes a chain, not {shown(inner)}",
                        env.span(argument),
                        notes=notes,
                    )
        if inner is None:
            raise fail(
                "N106",
                "`res` wants a chain",
                env.span(body),
                help="write res(conv3-64 > conv3-64)",
                notes=notes,
            )
        return inner, skip, act

    def _shortcut(
        self, skip: str, x: int, y: int, made: range, body: tree.Layer, env: Env
    ) -> int | None:
        """The operation that comes in beside F's end: x itself where the shapes agree; None
        where nothing is to be added.
        """
        before, after = self.ops[x].shape, self.ops[y].shape
        if before == after:
            return x
        if skip == "match":
            return None
        misfit = f"{dims(before)} comes in and {dims(after)} comes out"
        if skip == "id" or len(before) != len(after):
            reason = (
                "with skip=id the shapes must agree"
                if skip == "id"
                else "no shortcut changes the number of axes"
            )
            mend = (
                "skip=auto projects with a 1x1 convolution"
                if skip == "id"
                else "give F's end its input's axes"
            )
            raise fail(
                "N208",
                f"`res` cannot add: {misfit}, and {reason}",
                env.span(body),
                help=mend,
                notes=self._notes(env),
            )
        stride = self._stride(x, y, made) if len(before) > 1 else None
        if skip == "pad":
            spec = LayerSpec("widen", None, after[-1], stride)
        else:
            norms = [
                op.kind.values["norm"]
                for op in (self.ops[i] for i in made)
                if op.kind and op.kind.values.get("norm")
            ]
            given = (
                Argument("act", Word("none")),
                *((Argument("norm", norms[-1]),) if norms else ()),
            )
            if len(before) == 1:
                spec = LayerSpec("dense", None, after[-1], None, given, env.defaults)
            else:
                spec = LayerSpec("conv", (1,), after[-1], stride, given, env.defaults)
        kind = self._made(spec, body, env)
        try:
            reached = kind.shape(before)
        except LayerError:
            reached = ()
        if reached != after:
            gives = (
                f"{kind.head()} gives {dims(reached)}" if reached else f"{kind.head()} does not fit"
            )
            mend = "skip=match adds only where the shapes agree; pad F's windows so that only its strides shrink"
            raise fail(
                "N208",
                f"`res` cannot add: {misfit}, and {gives}",
                env.span(body),
                help=mend,
                notes=self._notes(env),
            )
        return self._emit(kind, (x,), body, env, kind.head(), None)

    def _stride(self, x: int, y: int, made: range) -> tuple[int, ...] | None:
        """The product of the strides on the way from x to y (the first way, where there are
        branches); None for 1.
        """
        rank = len(self.ops[x].shape) - 1
        product = [1] * rank
        at = y
        while at in made and self.ops[at].inputs:
            kind = self.ops[at].kind
            stride = (kind.stride if kind else None) or (1,)
            own = stride if len(stride) == rank else stride[:1] * rank
            product = [a * b for a, b in zip(product, own, strict=True)]
            at = self.ops[at].inputs[0]
        if set(product) == {1}:
            return None
        return (product[0],) if len(set(product)) == 1 else tuple(product)

    # --- kinds ---

    def _layer(self, body: tree.Layer, x: int | None, env: Env, name: str | None) -> int:
        if x is None:
            _resolve_kind(body.word.text, body, env)
            raise self._nothing_comes_in(body, env)
        key = self._key(body, x, env)
        made = self.made.get(key)
        if made is None:
            made = self._made_layer(body, x, env)
            if key is not None and not made.kind.references():
                self.made[key] = made
        return (
            x
            if made.kind.word == "id"
            else self._place(made, self._with_read(x, made.kind), body, env, name)
        )

    @staticmethod
    def _with_read(x: int, kind: Kind) -> tuple[int, ...]:
        """What comes into a layer: the chain, and what its options refer to."""
        return (x, *(at for at, _ in kind.referenced_inputs())) if kind.point_options else (x,)

    def _key(self, body: tree.Layer, x: int, env: Env) -> Any:
        """What a layer's outcome depends on, where it is written in plain numbers and words; None
        where it is not.

        Deep networks write the same layer at the same shape again and again: each is worked out
        once.
        """
        if (
            body.size is not None
            or isinstance(body.amount, tree.Expression)
            or isinstance(self.ops[x].shape, Indices)
        ):
            return None
        if body.stride is not None and any(
            isinstance(item, tree.Expression) for item in body.stride.items
        ):
            return None
        for argument in body.arguments or ():
            word = _bare_word(argument.value) if isinstance(argument.value, tree.Chain) else None
            if not (
                isinstance(argument.value, tree.Number)
                or (word is not None and word.text not in env.values)
            ):
                return None
        return env.source.text[body.start : body.end], id(env.defaults), self.ops[x].shape

    def _made_layer(self, body: tree.Layer, x: int, env: Env) -> Made:
        word = body.word.text
        kind_word, size = _resolve_kind(word, body, env)
        if body.size is not None:
            size = (
                *size,
                *(self._whole(item, env, x, "a size", least=None) for item in body.size.items),
            )
        amount = (
            None
            if body.amount is None
            else self._whole(body.amount, env, x, "the amount", least=None)
        )
        stride = (
            None
            if body.stride is None
            else tuple(self._whole(s, env, x, "the stride", least=None) for s in body.stride.items)
        )
        if KINDS[kind_word].merges:
            raise fail(
                "N106",
                f"`{kind_word}` merges branches",
                env.span(body),
                help=f"write {kind_word}[ a | b ]",
                notes=self._notes(env),
            )
        given = tuple(self._given(argument, env, x) for argument in body.arguments or ())
        units = KINDS[kind_word].group == "activation" and amount is not None
        spec = LayerSpec(kind_word, size or None, amount, stride, given, env.defaults)
        kind = self._made(spec, body, env)
        made = self._shaped(kind, self._with_read(x, kind), body, env, _compact(spec))
        if units and len(self.ops[x].shape) == 2:
            message = f"`{kind_word}-{amount}` flattens the sequence {dims(self.ops[x].shape)} that comes in"
            warning = LayerError(
                "W705", message, help=f"one for each position is dense-{amount}({kind_word})"
            )
            made = made._replace(warnings=(warning, *made.warnings))
        return made

    def _made(self, spec: LayerSpec, body: Any, env: Env) -> Kind:
        try:
            return make(spec)
        except LayerError as problem:
            raise self._problem(problem, body, env) from None

    def _emit(
        self, kind: Kind, inputs: tuple[int, ...], body: Any, env: Env, text: str, name: str | None
    ) -> int:
        """Adds a layer: its own operation, then its norm and its activation.

        Gives back the last one.
        """
        return self._place(self._shaped(kind, inputs, body, env, text), inputs, body, env, name)

    def _shaped(self, kind: Kind, inputs: tuple[int, ...], body: Any, env: Env, text: str) -> Made:
        """A layer on these inputs, its shape known and its arrays within the limits."""
        shapes = tuple(self.ops[index].shape for index in inputs)
        parts = tuple(
            (inner, part == "act" and "act" not in kind.explicit)
            for part in ("norm", "act")
            if (inner := kind.values.get(part))
        )
        try:
            _check_indices(kind, shapes)
            shape = kind.shape(*shapes)
            for inner, _ in parts:
                inner.shape(shape)
        except LayerError as problem:
            raise self._problem(problem, body, env, inputs[0]) from None
        for each in (shape, *(weight.shape for weight in kind.weights(*shapes))):
            self._check_elements(each, env.span(body))
        return Made(kind, shape, text, parts, tuple(kind.warnings(shape, *shapes)), env.defaults)

    def _place(
        self, made: Made, inputs: tuple[int, ...], body: Any, env: Env, name: str | None
    ) -> int:
        span = env.span(body)
        for warning in made.warnings:
            self._warn(warning.code, str(warning), span, env, help=warning.help)
        layer = len(self.layers)
        label = self._unique(
            env.scope.prefix + name if name else env.scope.layer_name(made.kind.word)
        )
        first = at = self._add(made.kind, inputs, made.shape, layer, label)
        for kind, is_default in made.parts:
            at = self._add(kind, (at,), made.shape, layer, self._unique(f"{label}_{kind.word}"))
            if is_default:
                stated = default_argument(made.kind.signature, "act", made.defaults)
                self.defaults[at] = Default(
                    first, span, made.text, stated.place if stated else None
                )
        if at >= self.limits.operations:
            raise self._too_many_operations(span)
        self.layers.append(
            Layer(tuple(range(first, at + 1)), made.text, label, span, env.path, env.uses)
        )
        return at

    def _add(self, kind: Kind, inputs: tuple[int, ...], shape: Shape, layer: int, name: str) -> int:
        self.ops.append(Op(kind, inputs, shape, layer, name))
        for owners in self.sharing:  # uses within uses: each goes on by one operation
            if owners is not None:
                self._share(next(owners, None), len(self.ops) - 1)
        return len(self.ops) - 1

    def _share(self, owner: int | None, index: int) -> None:
        """Gives an operation the weights of the one in its place at the first use of a `let`."""
        if owner is None:
            raise Unshared()
        op, first = self.ops[index], self.ops[owner]
        if self._arrays(index) != self._arrays(owner) or self._source(op) != self._source(first):
            raise Unshared()
        if self._arrays(index):
            self.ops[index] = op._replace(shares=owner if first.shares is None else first.shares)

    def _source(self, op: Op) -> tuple[str, ...]:
        """How an operation is built, whatever its name: what is built alike can be one piece."""
        kind = op.kind
        assert kind is not None
        plain = kind.replace(init=0) if "init" in kind.values else kind
        shapes = tuple(self.ops[source].shape for source in op.inputs)
        return (kind.word, *plain.source("piece", op.shape, *shapes, reads=("x",) * len(shapes)))

    def _unique(self, name: str) -> str:
        """The name, or with a number behind it where the network has it already."""
        candidate, number = name, 1
        while candidate.lower() in self.taken_names:
            number += 1
            candidate = f"{name}_{number}"
        self.taken_names.add(candidate.lower())
        return candidate

    # --- values ---

    def _given(self, argument: tree.Argument, env: Env, x: int | None) -> Argument:
        """An option as kinds read it."""
        name = argument.name.text if argument.name else None
        return Argument(
            name,
            self._value(argument.value, env, x),
            env.span(argument if name is None else argument.value),
        )

    def _value(self, value: tree.Value, env: Env, x: int | None, chains: bool = False) -> Any:
        """What a value means: a number, a string, `Dims`, a tuple, a `Word`, a `Ref`, or with
        `chains` a `Chained`.

        A parameter's bare name is its value. Without `chains` (an option of a kind) a bare word
        stays a word.
        """
        if isinstance(value, tree.Number | tree.String):
            return value.value
        if isinstance(value, tree.Expression):
            known = evaluate(value, env.source, self._lookup(env, x), self.limits)
            return (
                self._word_of(known, env, x, value)
                if isinstance(known, Chained) and not chains
                else known
            )
        if isinstance(value, tree.Sizes):
            return Dims(tuple(self._whole(item, env, x, "a size", least=0) for item in value.items))
        if isinstance(value, tree.Tuple):
            return tuple(self._value(item, env, x) for item in value.items)
        bare = _bare_word(value)
        if bare is not None and bare.text in env.values:
            known = env.values[bare.text]
            return (
                self._word_of(known, env, x, value)
                if isinstance(known, Chained) and not chains
                else known
            )
        if bare is None:
            self._refuse_arithmetic(value, env)
        if chains:
            return Chained(value, env)
        return self._word_of(Chained(value, env), env, x, value)

    def _refuse_arithmetic(self, chain: tree.Chain, env: Env) -> None:
        """`f(c/2)`, `f(c-1)` with a number parameter c: arithmetic without its braces."""
        body = chain.steps[0].body
        if (
            not isinstance(body, tree.Layer)
            or body.word.text not in env.values
            or isinstance(env.values[body.word.text], Chained)
        ):
            return
        if body.amount is not None or body.stride:
            text = env.span(body).text
            raise fail(
                "N005",
                f"`{body.word.text}` is a number: arithmetic stands in braces",
                env.span(body),
                help=f"write {{{text}}}",
            )

    def _word_of(
        self, value: Chained, env: Env, x: int | None, node: tree.Chain | tree.Expression
    ) -> Word | Ref:
        """A chain of one plain word, as a word with its arguments; a reference alone as the
        point that it names.
        """
        step = value.chain.steps[0]
        body = step.body
        if (
            isinstance(body, tree.Reference)
            and len(value.chain.steps) == 1
            and step.repeat is None
            and not step.name
        ):
            at = self._referred(body, value.env)
            op = self.ops[at]
            return Ref(
                body.name,
                at,
                op.shape,
                op.kind,
                tuple((source, self.ops[source].shape) for source in op.inputs),
            )
        plain = isinstance(body, tree.Layer) and not (
            body.size or body.amount is not None or body.stride
        )
        if len(value.chain.steps) > 1 or step.repeat is not None or step.name or not plain:
            raise fail(
                "N107",
                "an option takes a word or a number, not a chain",
                env.span(node),
                notes=self._notes(env),
            )
        assert isinstance(body, tree.Layer)
        return Word(
            body.word.text,
            tuple(self._given(argument, value.env, x) for argument in body.arguments or ()),
        )

    def _lookup(self, env: Env, x: int | None) -> Any:
        def value_of(name: str, span: Span) -> Any:
            if name in env.values:
                return _in_expressions(env.values[name])
            if name in YES_OR_NO:
                return YES_OR_NO[name]
            base = name.partition(".")[0]
            sizes = self._sizes_coming_in(x)
            if base == "in" and name in sizes:
                return sizes[name]
            notes = self._notes(env)
            if base == "in" and x is not None:
                has = ", ".join(sizes)
                raise fail(
                    "N110",
                    f"what comes in is {dims(self.ops[x].shape)}: it has no `{name}`",
                    span,
                    help=f"it has {has}",
                    notes=notes,
                )
            if base == "in":
                raise fail("N110", "nothing comes in here, so `in` has no value", span, notes=notes)
            if name in self.lost:
                raise NetError()
            mend = did_you_mean(name, [*env.values, *sizes]) or (
                f"the names here are {', '.join([*env.values, *sizes])}"
                if env.values or sizes
                else "set it with `param`"
            )
            raise fail("N110", f"there is no `{name}` here", span, help=mend, notes=notes)

        return value_of

    def _sizes_coming_in(self, x: int | None) -> dict[str, int]:
        if x is None:
            return {}
        shape = self.ops[x].shape
        names = _SIZES_OF_INPUT.get(len(shape), ())
        return {
            "in": shape[-1],
            **{f"in.{name}": size for name, size in zip(names, shape, strict=False)},
        }

    def _whole(
        self,
        node: tree.Number | tree.Expression,
        env: Env,
        x: int | None,
        what: str,
        least: int | None,
    ) -> int:
        value = (
            node.value
            if isinstance(node, tree.Number)
            else evaluate(node, env.source, self._lookup(env, x), self.limits)
        )
        notes = self._notes(env)
        if isinstance(value, bool) or not isinstance(value, int):
            raise fail(
                "N111",
                f"{what} is a whole number, not {_shown_value(value)}",
                env.span(node),
                notes=notes,
            )
        if least is not None and value < least:
            raise fail(
                "N201",
                f"{what} is a whole number from {least} up, not {value}",
                env.span(node),
                notes=notes,
            )
        if abs(value) > self.limits.integer:
            raise fail(
                "N404",
                f"{value} is larger than the limit of {self.limits.integer:,}",
                env.span(node),
                notes=notes,
            )
        return value

    # --- names of points ---

    def _name(self, name: tree.Name, x: int | None, env: Env) -> None:
        if x is None:
            raise self._nothing_comes_in(name, env)
        self._define(env.scope, name.text, x, env.span(name), env)

    def _define(
        self, scope: Scope, name: str, x: int, span: Span | None, env: Env | None = None
    ) -> None:
        if name in scope.names:
            raise self._used_twice(name, scope, span, env)
        scope.names[name] = x
        if span is not None:
            scope.places[name] = span

    def _take_over(self, inner: Scope, turn: str, own: set[str], env: Env) -> None:
        """Makes the names of a repeat's pass known to the scope that the repeat stands in; `own`
        are those of earlier passes.
        """
        for name, point in inner.names.items():
            if name not in own and name in env.scope.names:
                raise self._used_twice(
                    name.rstrip("."), env.scope, inner.places.get(name.rstrip(".")), env
                )
            own.add(name)
            env.scope.names.setdefault(name, {})[turn] = point
            if name in inner.places:
                env.scope.places.setdefault(name, inner.places[name])

    def _used_twice(self, name: str, scope: Scope, span: Span | None, env: Env | None) -> NetError:
        first = scope.places.get(name)
        notes = (*((Note("first used here", first),) if first else ()), *self._notes(env))
        return fail(
            "N104",
            f"the name `{name}` is used twice",
            span,
            help="a name is unique in its network",
            notes=notes,
        )

    def _found(self, reference: tree.Reference, parts: list[str], env: Env) -> Any:
        """What a reference's names lead to: an operation, or the passes of a repeat."""
        names = holder.names if (holder := env.scope.holder(parts[0])) else {}
        found: Any = names.get(parts[0])
        inner: Any = names.get(f"{parts[0]}.")
        if names is self.env.scope.names:
            self.used.add(parts[0])
        for part in parts[1:]:
            if isinstance(found, dict):
                found, inner = found.get(part), inner.get(part) if isinstance(inner, dict) else None
            elif isinstance(inner, Scope):
                found, inner = inner.names.get(part), inner.names.get(f"{part}.")
            else:
                found = None
        if found is None:
            if parts[0] in self.lost:
                raise NetError()
            known = env.scope.known()
            text = ".".join(parts)
            mend = did_you_mean(text, known) or (
                f"the names so far are {', '.join(known)}" if known else "`as NAME` names a step"
            )
            raise fail(
                "N101",
                f"`@{text}` refers to nothing before it",
                env.span(reference),
                help=mend,
                notes=self._notes(env),
            )
        return found

    def _referred(self, reference: tree.Reference, env: Env) -> int:
        if reference.name.endswith(".*"):
            message = (
                f"`@{reference.name}` is one branch for each pass, and stands alone in a merge"
            )
            raise fail(
                "N109",
                message,
                env.span(reference),
                help=f"write [ @{reference.name} ] or add[ @{reference.name} ]",
            )
        found = self._found(reference, reference.name.split("."), env)
        if isinstance(found, dict):
            passes = ", ".join(f"@{reference.name}.{turn}" for turn in found)
            raise fail(
                "N109",
                f"`@{reference.name}` is in a repeat: each pass has its own",
                env.span(reference),
                help=f"say {passes}",
            )
        return int(found)

    def _all_passes(self, reference: tree.Reference, env: Env) -> list[int]:
        found = self._found(reference, reference.name.split(".")[:-1], env)
        if not isinstance(found, dict):
            raise fail(
                "N109",
                f"`@{reference.name[:-2]}` is in no repeat",
                env.span(reference),
                notes=self._notes(env),
            )
        waiting: list[Any] = [found]
        points: list[int] = []
        while waiting:
            point = waiting.pop()
            if isinstance(point, dict):
                waiting += reversed(point.values())
            else:
                points.append(int(point))
        return points

    # --- mistakes ---

    def _notes(self, env: Env | None) -> tuple[Note, ...]:
        """Where the blocks are used that a mistake lies in, innermost first."""
        return tuple(Note("used here", use) for use in reversed(env.uses)) if env else ()

    def _problem(self, problem: LayerError, body: Any, env: Env, x: int | None = None) -> NetError:
        """A kind's problem with its place in the text."""
        span = (
            problem.place
            if isinstance(problem.place, Span)
            else self._part(problem.where, body, env)
        )
        mend = problem.help
        if problem.code == "N204" and x is not None:
            mend = "; ".join(filter(None, (mend, self._shrinking(x))))
        return fail(
            problem.code, str(problem), span, help=mend, label=problem.label, notes=self._notes(env)
        )

    def _part(self, where: str, body: Any, env: Env) -> Span:
        """The piece of a layer that a problem names."""
        if isinstance(body, tree.Layer):
            if where == "amount" and body.amount is not None:
                return env.span(body.amount)
            if where == "stride" and body.stride is not None:
                return env.span(body.stride)
            if where == "size":
                digits = re.search(r"[0-9]+(?:x[0-9]+)*$", body.word.text)
                if body.size is not None:
                    return env.span(body.size)
                if digits:
                    return Span(env.source, body.word.end - len(digits.group()), body.word.end)
                return env.span(body.word)
            for argument in body.arguments or ():
                if argument.name and argument.name.text == where:
                    return env.span(argument)
        return env.span(body)

    def _shrinking(self, x: int) -> str:
        """Where the positions at hand were reached: `the input of 32x32 shrank to 5x5 at line 3
        (pool)`.
        """
        positions = self.ops[x].shape[:-1]
        at = x
        while self.ops[at].inputs and self.ops[self.ops[at].inputs[0]].shape[:-1] == positions:
            at = self.ops[at].inputs[0]
        layer = self.layers[self.ops[at].layer] if self.ops[at].layer < len(self.layers) else None
        begin = at
        while self.ops[begin].inputs:
            begin = self.ops[begin].inputs[0]
        if begin == at or layer is None or layer.span is None:
            return ""
        line = layer.span.source.position(layer.span.start)[0]
        return f"the input of {dims(self.ops[begin].shape[:-1])} shrank to {dims(positions)} at line {line} ({layer.text})"

    def _nothing_comes_in(self, node: Any, env: Env) -> NetError:
        mend = "begin the flow with a shape (32x32x3 > ...) or `@name`; a fragment is read with --input 32x32x3"
        if self.inputs:
            mend = f"begin the flow with `@{self.inputs[0].name}`, or continue the statement above with `>`"
        return fail(
            "N209", "nothing comes in here", env.span(node), help=mend, notes=self._notes(env)
        )

    def _too_many_operations(self, span: Span) -> NetError:
        return fail(
            "N406", f"the network has more than {self.limits.operations:,} operations", span
        )

    def _check_elements(self, shape: Shape, span: Span | None) -> None:
        elements = 1
        for size in shape:
            elements *= size
        if elements > self.limits.elements:
            raise fail(
                "N407", f"a tensor of {dims(shape)} has {elements:,} elements, more than 2^53", span
            )

    def _warn(self, code: str, message: str, span: Span, env: Env | None, help: str = "") -> None:
        self.warnings.append(Diagnostic(code, message, span, help=help, notes=self._notes(env)))

    # --- the end ---

    def finished(self, name: str, source: Source) -> Expanded:
        graph = None
        if not self.failed:
            settled = settle(self.ops, self.layers, self.defaults, self.sum_ends, self.repeats)
            self.warnings += settled.warnings
            graph = self._graph(settled, source)
        order = sorted(
            (*self.problems, *self.warnings), key=lambda d: d.span.start if d.span else -1
        )
        return Expanded(name, graph, tuple(once(order)), self.declared, tuple(self.expectations))

    def _graph(self, settled: Settled, source: Source) -> Graph | None:
        """The graph with its inputs, outputs and points, or None where an input leads nowhere."""
        place = settled.place
        points = {name: place[at] for name, at in self._points().items()}
        inputs = tuple(point._replace(op=place[point.op]) for point in self.inputs)
        graph = Graph(settled.ops, settled.layers, inputs, (), points, tuple(self.pieces))
        takers = consumers_of(graph.ops)
        names = {at: name for name, at in points.items() if "." not in name}
        ends = dict.fromkeys(place[end] for end in self.ends)
        outputs = tuple(
            _output(graph, end, names) for end in ends if not takers[end] and graph.ops[end].inputs
        )
        self._warn_of_unused_names(points, outputs)
        self._check_inputs(graph, takers, outputs, source)
        return None if self.problems else graph._replace(outputs=outputs)

    def _points(self) -> dict[str, int]:
        """Every named operation by what refers to it from outside: `a`, `use.a`, `a.0`."""
        found: dict[str, int] = {}
        waiting = [("", self.env.scope.names)]
        while waiting:
            prefix, names = waiting.pop()
            for name, at in names.items():
                if isinstance(at, Scope):
                    waiting.append((prefix + name, at.names))
                elif not isinstance(at, dict):
                    found[prefix + name] = at
                elif name.endswith("."):
                    waiting.append(
                        (prefix + name, {f"{turn}.": inner for turn, inner in at.items()})
                    )
                else:
                    waiting.append((f"{prefix}{name}.", at))
        return found

    def _warn_of_unused_names(self, points: dict[str, int], outputs: tuple[Port, ...]) -> None:
        ends = {output.op for output in outputs}
        for name, span in self.env.scope.places.items():
            if name in points and name not in self.used and points[name] not in ends:
                self._warn(
                    "W703",
                    f"the name `{name}` is never used",
                    span,
                    None,
                    help=f"remove it, or refer to it with `@{name}`",
                )

    def _check_inputs(
        self, graph: Graph, takers: list[list[int]], outputs: tuple[Port, ...], source: Source
    ) -> None:
        if not graph.inputs:
            what = "there is no network here: it has no input and no layers"
            span = self.net or (Span(source, 0, 1) if source.text else None)
            self.problems.append(
                Diagnostic(
                    "N211", what, span, help="write one, such as 32x32x1 > conv5-6 > pool > fc-10"
                )
            )
        reached: set[int] = set()
        waiting = [output.op for output in outputs]
        while waiting:
            at = waiting.pop()
            if at not in reached:
                reached.add(at)
                waiting += graph.ops[at].inputs
        for point in graph.inputs:
            if point.op not in reached:
                span = graph.layers[graph.ops[point.op].layer].span
                mend = "what takes it leads nowhere" if takers[point.op] else "continue it with `>`"
                self.problems.append(
                    Diagnostic(
                        "N212", f"the input `{point.name}` reaches no output", span, help=mend
                    )
                )


def _output(graph: Graph, end: int, names: dict[int, str]) -> Port:
    """A network's output: its name, and the activation that it ends with."""
    at = end
    while (
        (kind := graph.ops[at].kind) is not None
        and kind.shape_only
        and len(graph.ops[at].inputs) == 1
    ):
        at = graph.ops[at].inputs[0]
    activation = kind.word if kind is not None and kind.group == "activation" else "linear"
    layer = graph.layers[graph.ops[end].layer]
    return Port(names.get(end, layer.name), end, graph.ops[end].shape, activation)


# --- words, before anything is expanded -----------------------------------------------------------


@lru_cache(maxsize=4096)
def _kind_and_size(word: str) -> tuple[str, tuple[int, ...]] | None:
    """`conv1x7` as a kind and a size: letters and the longest trailing size.

    None where it is no such word.
    """
    letters = word.rstrip("0123456789x")
    size = word[len(letters) :]
    while size.startswith("x"):  # an x at the end of the letters is theirs
        letters, size = f"{letters}x", size[1:]
    if letters in KINDS and re.fullmatch(r"[0-9]+(?:x[0-9]+)*", size):
        return letters, tuple(map(int, size.split("x")))
    return None


def _resolve_kind(word: str, body: tree.Layer, env: Env) -> tuple[str, tuple[int, ...]]:
    """The kind that a word means, and the size in it.

    Raises:
        NetError: N101 where no kind is meant.
    """
    if word in KINDS:
        found: tuple[str, tuple[int, ...]] | None = word, ()
    elif body.size is not None and word.endswith("x"):
        found = _kind_and_size(word[:-1])
    else:
        found = _kind_and_size(word)
    if found is None:
        raise NetError(_unknown_word(word, body, env))
    if any(number > 2**31 for number in found[1]):
        raise fail("N404", f"the size {dims(found[1])} is too large", env.span(body.word))
    return found


def _unknown_word(word: str, body: tree.Layer, env: Env) -> Diagnostic:
    if word == "when":
        return Diagnostic(
            "N101",
            "`when` wants a condition and a chain",
            env.span(body.word),
            help="write when(in > 64, conv1-64)",
        )
    if re.fullmatch(r"x[0-9]+", word):
        return Diagnostic(
            "N101",
            f"`{word}` is a repeat, and stands behind a step",
            env.span(body.word),
            help=f"write conv3-64 {word}",
        )
    letters = re.match(r"[A-Za-z_]*", word)
    stem = letters.group() if letters else word
    known = [
        *KINDS,
        *FORMS,
        *env.blocks,
        *(name for name, value in env.values.items() if isinstance(value, Chained)),
    ]
    mend = (
        did_you_mean(word, [*env.blocks, "relu6", *FORMS])
        if not stem
        else did_you_mean(stem, known) or did_you_mean(word, known)
    )
    if word not in env.blocks and env.scope.holder(word):
        mend = f"write @{word} for the point of this name"
    elif elsewhere := _LAYERS_ELSEWHERE.get(word.lower()) or _LAYERS_ELSEWHERE.get(
        re.sub(r"[123]d|[0-9_]", "", word.lower())
    ):
        mend = f"it is written {elsewhere}"
    if not mend:
        mend = (
            "the kinds are conv, fc, pool, bn, dropout and many more: `netdsl explain` lists them"
        )
    return Diagnostic(
        "N101", f"there is no layer or block `{word}`", env.span(body.word), help=mend
    )


def _check_words(statement: tree.Statement, env: Env) -> list[tuple[str, Diagnostic]]:
    """Unknown words and options anywhere in a statement: all are told at once, also those in
    blocks that nobody uses.
    """
    found: list[tuple[str, Diagnostic]] = []
    own: set[str] = set()
    waiting: list[Any] = []
    if isinstance(statement, tree.Def):
        own = {parameter.name.text for parameter in statement.parameters} | {statement.name.text}
        waiting = [
            statement.chain,
            *(p.default for p in statement.parameters if _is_chain(p.default)),
        ]
    elif isinstance(statement, tree.Input):
        waiting = list(statement.steps)
    elif isinstance(statement, tree.Flow | tree.Let):
        waiting = [statement.chain]
    elif isinstance(statement, tree.Default):
        for setting in statement.settings:
            word = setting.word.text
            if word in FORMS or word in env.blocks:
                what = f"`{word}` is no kind of layer: it has no defaults"
                found.append(
                    (
                        word,
                        Diagnostic(
                            "N109",
                            what,
                            env.span(setting.word),
                            help="write its options where it is used",
                        ),
                    )
                )
            elif word not in KINDS:
                layer = tree.Layer(setting.word, None, None, None, None, setting.start, setting.end)
                found += _wrong_word(layer, env) or [(word, _sized_default(setting.word, env))]
    waiting.reverse()
    while waiting:
        node = waiting.pop()
        inner: list[Any] = []
        if isinstance(node, tree.Chain):
            inner = list(node.steps)
        elif isinstance(node, tree.Step):
            inner = [node.body]
        elif isinstance(node, tree.Group):
            inner = [node.chain]
        elif isinstance(node, tree.Merge):
            inner = list(node.branches)
            found += _wrong_merge(node, env)
        elif isinstance(node, tree.When):
            inner = [node.then, *([node.otherwise] if node.otherwise else [])]
        elif isinstance(node, tree.Layer):
            word = node.word.text
            if word in own or word in env.values or word in env.blocks or word in FORMS:
                inner = [a.value for a in node.arguments or () if _is_chain(a.value)]
            else:
                found += _wrong_word(node, env)
        waiting += reversed(inner)
    return found


def _wrong_merge(node: tree.Merge, env: Env) -> list[tuple[str, Diagnostic]]:
    if node.word is None or (node.word.text in KINDS and KINDS[node.word.text].merges):
        return []
    merges = [word for word, kind in KINDS.items() if kind.merges and word != "concat"]
    mend = (
        did_you_mean(node.word.text, merges) or f"merges are [ ... ] alone and {', '.join(merges)}"
    )
    return [
        (
            node.word.text,
            Diagnostic(
                "N101", f"`{node.word.text}[ ... ]` is no merge", env.span(node.word), help=mend
            ),
        )
    ]


def _sized_default(word: tree.Name, env: Env) -> Diagnostic:
    kind = (_kind_and_size(word.text) or (word.text, ()))[0]
    message = "defaults are for a kind, whatever its size"
    return Diagnostic("N106", message, env.span(word), help=f"write default {kind}(...)")


def _wrong_word(body: tree.Layer, env: Env) -> list[tuple[str, Diagnostic]]:
    word = body.word.text
    try:
        kind, _ = _resolve_kind(word, body, env)
    except NetError as error:
        return [(word, diagnostic) for diagnostic in error.diagnostics]
    wrong = []
    for argument in body.arguments or ():
        options = {
            *KINDS[kind].options,
            *(
                KINDS["fc"].options
                if body.amount is not None and KINDS[kind].group == "activation"
                else ()
            ),
        }
        if argument.name and argument.name.text not in options:
            problem = unknown_option(KINDS[kind].signature, argument.name.text)
            wrong.append(
                (
                    word,
                    Diagnostic(
                        problem.code, str(problem), env.span(argument.name), help=problem.help
                    ),
                )
            )
    return wrong


def _names_of(statement: tree.Statement) -> set[str]:
    """The names that a statement would have brought in: a block's or param's own, and those
    behind `as`.
    """
    if isinstance(statement, tree.Def | tree.Let | tree.Param | tree.Net):
        return {statement.name.text}
    names = {"input"} if isinstance(statement, tree.Input) and not statement.name else set()
    if isinstance(statement, tree.Input) and statement.name:
        names.add(statement.name.text)
    waiting: list[Any] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.Step) and node.name:
            names.add(node.name.text)
        if isinstance(node, tuple):
            waiting += [item for item in node if isinstance(item, tuple)]
    return names


def _one_word(chain: tree.Chain) -> tree.Layer | None:
    """The step of a chain that is one word, maybe with arguments, and nothing else: it may be
    meant as an option's value.
    """
    step = chain.steps[0]
    body = step.body
    if (
        len(chain.steps) > 1
        or step.repeat is not None
        or step.name
        or not isinstance(body, tree.Layer)
    ):
        return None
    return None if body.size or body.amount is not None or body.stride else body


def _bare_word(chain: tree.Chain) -> tree.Name | None:
    """The word of a chain that is one word and nothing else."""
    body = _one_word(chain)
    return body.word if body and body.arguments is None else None


def _in_expressions(value: Any) -> Any:
    """A parameter's value in an expression: `yes` or `no` given as a word holds or does not, as
    in `when(se, ...)`.
    """
    bare = _bare_word(value.chain) if isinstance(value, Chained) else None
    return value if bare is None else YES_OR_NO.get(bare.text, value)


def _is_chain(value: Any) -> bool:
    """Whether a value can only be meant as a chain of layers."""
    return isinstance(value, tree.Chain) and _one_word(value) is None


def _begins_with_reference(chain: tree.Chain) -> bool:
    first = chain.steps[0].body
    while isinstance(first, tree.Group | tree.Merge):
        first = (first.chain if isinstance(first, tree.Group) else first.branches[0]).steps[0].body
    return isinstance(first, tree.Reference)


def _check_indices(kind: Kind, shapes: tuple[Shape, ...]) -> None:
    """Refuses indices where numbers are wanted."""
    x = next((x for x in shapes if isinstance(x, Indices)), None)
    if x is not None and not kind.takes_indices and kind.word != "id":
        message = f"`{kind.head()}` takes numbers, and {dims(x)} are indices"
        raise LayerError(
            "N203", message, help="embed-64 makes vectors of them", label=f"{dims(x)} comes in here"
        )


def _smallest_call(word: str, given: tuple[Argument, ...]) -> LayerSpec:
    """A call that gives the kind whatever it must have, to try options on."""
    takes = KINDS[word].takes
    return LayerSpec(
        word,
        (3,) if takes.get("size") == "yes" else None,
        1 if takes.get("amount") == "yes" else None,
        None,
        given,
    )


def _parameters_help(definition: tree.Def) -> str:
    names = [p.name.text + ("" if p.default is None else "=...") for p in definition.parameters]
    return f"it is {definition.name.text}({', '.join(names)})"


def _led_to_by(use: Span, error: NetError) -> NetError:
    """A block's mistakes with the use that led to them, where they do not tell it, or uses
    enough, already.
    """
    told = []
    for diagnostic in error.diagnostics:
        if len(diagnostic.notes) < _SHOWN_USES and all(
            note.span != use for note in diagnostic.notes
        ):
            diagnostic = diagnostic._replace(notes=(*diagnostic.notes, Note("used here", use)))
        told.append(diagnostic)
    return NetError(*told)


def _shown_value(value: Any) -> str:
    return "a chain" if isinstance(value, Chained) else shown(value)


def _compact(spec: LayerSpec) -> str:
    """The layer as it was written, with the numbers put in: `conv3-64/2(bn)`."""
    size = dims(spec.size) if spec.size else ""
    amount = f"-{spec.amount}" if spec.amount is not None else ""
    stride = f"/{dims(spec.stride)}" if spec.stride else ""
    inside = shown(Word("", spec.arguments))
    return f"{spec.word}{size}{amount}{stride}{inside}"
