"""A graph as Keras calls, one after the other: what `Kind.source` writes, taken apart, and what
several calls share.

The calls make the model that `netdsl.keras.build` makes. Where an activation can be an argument of
the layer before it, it is, unless Keras would then list the weights in another order.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.graph import Graph, Op, consumers_of
from netdsl.kinds.code import written
from netdsl.kinds.values import Indices, Shape
from netdsl.naming import unique_name

_TAKE_ACTIVATION = ("layers.Conv", "layers.Dense", "layers.DepthwiseConv", "layers.SeparableConv")
_NO_WEIGHTS = ("Flatten", "ZeroPadding", "Cropping", "MaxPooling", "Reshape")
_SHORT = {
    "initializers.HeNormal()": "he_normal",
    "initializers.HeUniform()": "he_uniform",
    "initializers.GlorotNormal()": "glorot_normal",
    "initializers.GlorotUniform()": "glorot_uniform",
    "initializers.LecunNormal()": "lecun_normal",
    "initializers.LecunUniform()": "lecun_uniform",
    "initializers.Zeros()": "zeros",
}
_FUNCTIONS = (
    "Add",
    "Subtract",
    "Multiply",
    "Average",
    "Maximum",
)  # `layers.add` for `layers.Add()`


class Text(NamedTuple):
    """A value as Python text; `{0}` in it is what comes in."""

    text: str


class Step(NamedTuple):
    """A Keras call.

    Attributes:
        made: what makes the layer: `layers.Conv2D`, or the name of one of netdsl's own; empty for
            an operation.
        given: the arguments that make it, with their names (empty where they have none): plain
            values, or `Text`.
        applied: the call on the inputs: `({0})`, `([{0}, {1}])`; of an operation all of it:
            `ops.absolute({0})`.
        inputs: the steps that come in.
        shape: of the first input, without the batch.
        op: the operation that it belongs to.
        layer: the first step that uses the same layer: itself, where none does.
        weighty: whether it holds weights.
    """

    made: str
    given: tuple[tuple[str, Any], ...]
    applied: str
    inputs: tuple[int, ...]
    shape: Shape
    op: int
    layer: int
    weighty: bool = False


class Run(NamedTuple):
    """Layers that are made once and used several times, one after the other: the steps of their
    first use, and a name.
    """

    name: str
    steps: tuple[int, ...]


class Tie(NamedTuple):
    """A layer with one kernel for both ways: the steps of the layer and of those that go back
    through it.
    """

    forward: int
    backward: tuple[int, ...]


class Calls(NamedTuple):
    """A graph's Keras calls. `ends` gives for each operation the step whose output is its own."""

    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    ends: Mapping[int, int]
    ties: tuple[Tie, ...] = ()


def calls_of(graph: Graph) -> Calls:
    """The Keras calls, activations as arguments where the weights keep their order."""
    plain = _Reader(graph).calls()
    order = weight_order(plain)
    everything = with_activations(plain)
    if weight_order(everything) == order:
        return everything
    chosen: tuple[str, ...] = ()
    for made in dict.fromkeys(
        step.made for step in plain.steps if step.made.startswith(_TAKE_ACTIVATION)
    ):
        if weight_order(with_activations(plain, (*chosen, made))) == order:
            chosen = (*chosen, made)
    return with_activations(plain, chosen)


# --- read -----------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps: list[Step] = []
        self.ends: dict[int, int] = {}
        self.named: dict[
            tuple[int, str], int
        ] = {}  # the step of an operation's layer, by the layer's name

    def calls(self) -> Calls:
        penalised = {layer.ops[-1]: layer.ops[0] for layer in self.graph.layers}
        for index, op in enumerate(self.graph.ops):
            if op.kind is None:
                indices = (("dtype", "int32"),) if isinstance(op.shape, Indices) else ()
                self.ends[index] = self._add(
                    Step(
                        "keras.Input", (("", tuple(op.shape)), *indices), "", (), op.shape, index, 0
                    )
                )
                continue
            self.ends[index] = self._operation(index, op)
            first = self.graph.ops[penalised[index]].kind if index in penalised else None
            strength = first.values.get("act_l1") if first else None
            if strength:
                given = (("l1", float(strength)),)
                step = Step(
                    "layers.ActivityRegularization",
                    given,
                    "({0})",
                    (self.ends[index],),
                    op.shape,
                    index,
                    0,
                )
                self.ends[index] = self._add(step)
        ties = self._ties()
        inputs, outputs = (
            tuple(self.ends[point.op] for point in points)
            for points in (self.graph.inputs, self.graph.outputs)
        )
        return Calls(tuple(self.steps), inputs, outputs, self.ends, ties)

    def _add(self, step: Step) -> int:
        self.steps.append(step._replace(layer=len(self.steps)))
        return len(self.steps) - 1

    def _operation(self, index: int, op: Op) -> int:
        assert op.kind is not None
        shapes = self.graph.input_shapes(op)
        weighty = bool(op.kind.weights(*shapes))
        last = self.ends[op.inputs[0]]
        begin = len(self.steps)
        for line in op.kind.source(
            op.name,
            op.shape,
            *shapes,
            reads=tuple(f"t{self.ends[source]}" for source in op.inputs),
            writes="t",
        ):
            last = self._step(ast.parse(line, mode="eval").body, index, last, weighty)
        if op.shares is not None:
            theirs = [
                place
                for place, step in enumerate(self.steps[:begin])
                if step.op == op.shares and step.made
            ]
            mine = [place for place in range(begin, len(self.steps)) if self.steps[place].made]
            for place, other in zip(mine, theirs, strict=True):
                if self.steps[place].weighty:
                    self.steps[place] = self.steps[place]._replace(layer=self.steps[other].layer)
        return last

    def _step(self, node: ast.expr, op: int, last: int, weighty: bool) -> int:
        """Adds the call that an expression is, those within it first."""
        inputs: list[int] = []

        def place(tensor: ast.expr) -> str:
            if isinstance(tensor, ast.Name):
                found = last if tensor.id == "t" else int(tensor.id[1:])
            else:
                found = self._step(tensor, op, last, weighty)
            if found not in inputs:
                inputs.append(found)
            return f"{{{inputs.index(found)}}}"

        if isinstance(node, ast.Call) and isinstance(node.func, ast.Call):
            made = ast.unparse(node.func.func).removeprefix("custom.")
            given = [("", argument) for argument in node.func.args] + [
                (key.arg or "", key.value) for key in node.func.keywords
            ]
            name = next(
                (
                    value.value
                    for key, value in given
                    if key == "name" and isinstance(value, ast.Constant)
                ),
                "",
            )
            applied = _template(ast.Call(ast.Name(""), node.args, node.keywords), place, whole=True)
            shape = self._shape(inputs[0])
            holds = weighty and not made.removeprefix("layers.").startswith(_NO_WEIGHTS)
            values = tuple(
                (key, _about_input(made, _value(value), shape))
                for key, value in given
                if key != "name"
            )
            step = self._add(Step(made, values, applied, tuple(inputs), shape, op, 0, holds))
            self.named[op, str(name)] = step
            return step
        text = _template(node, place, whole=True)
        return self._add(Step("", (), text, tuple(inputs), self._shape(inputs[0]), op, 0))

    def _shape(self, step: int) -> Shape:
        """The shape of a step's output, known where it is an operation's last."""
        op = self.graph.ops[self.steps[step].op]
        return op.shape if self.ends.get(self.steps[step].op) == step else ()

    def _ties(self) -> tuple[Tie, ...]:
        tied: dict[int, list[int]] = {}
        for index, op in enumerate(self.graph.ops):
            if op.tied is not None:
                tied.setdefault(op.tied, []).append(self.named[index, op.name])
        ties = tuple(
            Tie(self.named[owner, self.graph.ops[owner].name], tuple(others))
            for owner, others in tied.items()
        )
        for tie in ties:
            for other in tie.backward:
                self.steps[other] = self.steps[other]._replace(layer=tie.forward)
        return ties


def _template(node: ast.expr, place: Callable[[ast.expr], str], whole: bool = False) -> str:
    """An expression as text, each tensor in it as `place` says."""
    if _is_tensor(node) and not whole:
        return place(node)
    if isinstance(node, ast.Call):
        arguments = [_template(argument, place) for argument in node.args]
        arguments += [
            f"{keyword.arg}={_template(keyword.value, place)}" for keyword in node.keywords
        ]
        return f"{_template(node.func, place)}({', '.join(arguments)})"
    if isinstance(node, ast.List):
        return f"[{', '.join(_template(item, place) for item in node.elts)}]"
    if isinstance(node, ast.Subscript):
        return f"{_template(node.value, place)}[{ast.unparse(node.slice).strip('()')}]"
    return _plain(node)


def _is_tensor(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id[:1] == "t" and (node.id == "t" or node.id[1:].isdigit())
    if isinstance(node, ast.Subscript):
        return _is_tensor(node.value)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Call) or any(
            _is_tensor(item)
            for argument in node.args
            for item in (argument.elts if isinstance(argument, ast.List) else (argument,))
        )
    return False


def _plain(node: ast.expr) -> str:
    return ast.unparse(node).replace("'", '"')


def _value(node: ast.expr) -> Any:
    """A plain value, or text."""
    node = _Brief().visit(node)
    try:
        value = ast.literal_eval(node)
        return Text(written(value)) if isinstance(value, list | dict) else value
    except ValueError:
        return Text(_plain(node))


class _Brief(ast.NodeTransformer):
    """Layers without names; initializers and regularizers as short as Keras takes them."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        node.keywords = [key for key in node.keywords if key.arg != "name" and not _usual(key)]
        text = ast.unparse(node)
        if text in _SHORT:
            return ast.Constant(_SHORT[text])
        if text.startswith(("initializers.", "regularizers.")):
            node.func = ast.Name(f"keras.{ast.unparse(node.func)}")
        return node


def _usual(keyword: ast.keyword) -> bool:
    """Whether an argument of a regularizer is Keras's own default: `l1=0.0`."""
    return (
        keyword.arg in ("l1", "l2")
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value == 0
    )


def _about_input(made: str, value: Any, shape: Shape) -> Any:
    """A shape as one that is made from the input's, where it is the same, or the input's
    channels alone.
    """
    if not isinstance(value, tuple) or not shape:
        return value
    if made == "layers.EinsumDense" and value == shape:
        return Text("{0}.shape[1:]" if len(value) > 1 else "{0}.shape[-1]")
    if (
        made == "layers.Reshape"
        and len(shape) == 1
        and value[-1] == shape[0]
        and set(value[:-1]) == {1}
    ):
        return Text(f"({'1, ' * (len(value) - 1)}{{0}}.shape[-1])")
    return value


# --- activations ----------------------------------------------------------------------------------


def with_activations(calls: Calls, of: Collection[str] | None = None) -> Calls:
    """The calls with activations as arguments of the layers before them; where a layer is shared,
    where all its uses have the same.

    `of` says which layers, such as `layers.Dense`; None means all.
    """
    steps, takers = calls.steps, consumers_of(calls.steps)
    seen = {*calls.outputs}
    uses: dict[int, list[int]] = {}
    for place, step in enumerate(steps):
        uses.setdefault(step.layer, []).append(place)
    gone: dict[int, int] = {}
    new = list(steps)
    for layer, places in uses.items():
        made = steps[layer].made
        if not made.startswith(_TAKE_ACTIVATION) or (of is not None and made not in of):
            continue
        followers = [
            takers[place][0] if len(takers[place]) == 1 and place not in seen else None
            for place in places
        ]
        acts = {
            _activation(steps[follower]) if follower is not None else None for follower in followers
        }
        if (
            len(acts) != 1
            or None in acts
            or any(layer in (tie.forward, *tie.backward) for tie in calls.ties)
        ):
            continue
        for place, follower in zip(places, followers, strict=True):
            assert follower is not None
            new[place] = new[place]._replace(given=_with_activation(new[place].given, acts))
            gone[follower] = place
    return _without(calls._replace(steps=tuple(new)), gone)


def _activation(step: Step) -> str | None:
    named = (
        step.made == "layers.Activation"
        and len(step.given) == 1
        and isinstance(step.given[0][1], str)
    )
    return step.given[0][1] if named else None


def _with_activation(
    given: tuple[tuple[str, Any], ...], acts: Iterable[Any]
) -> tuple[tuple[str, Any], ...]:
    """The arguments with an activation, where people look for it: behind size, stride and
    padding.
    """
    first = next(
        (at for at, (name, _) in enumerate(given) if name and name not in _BEFORE_ACTIVATION),
        len(given),
    )
    (act,) = acts
    return (*given[:first], *([("activation", act)] if act != "linear" else []), *given[first:])


_BEFORE_ACTIVATION = (
    "strides",
    "padding",
    "dilation_rate",
    "groups",
    "depth_multiplier",
    "output_padding",
    "bias_axes",
)


def _without(calls: Calls, gone: Mapping[int, int]) -> Calls:
    """The calls without some steps, each of which another one stands for."""
    kept = [place for place in range(len(calls.steps)) if place not in gone]
    number = {place: at for at, place in enumerate(kept)}
    at = {place: number[gone.get(place, place)] for place in range(len(calls.steps))}
    steps = tuple(
        calls.steps[place]._replace(
            inputs=tuple(at[source] for source in calls.steps[place].inputs),
            layer=at[calls.steps[place].layer],
        )
        for place in kept
    )
    ties = tuple(
        Tie(at[tie.forward], tuple(at[other] for other in tie.backward)) for tie in calls.ties
    )
    ends = {op: at[place] for op, place in calls.ends.items()}
    return Calls(
        steps,
        tuple(at[place] for place in calls.inputs),
        tuple(at[place] for place in calls.outputs),
        ends,
        ties,
    )


def weight_order(calls: Calls) -> list[int]:
    """The operations in the order in which a Keras model of these calls lists its layers with
    weights.

    Keras sorts layers by their distance from the outputs, and those of one distance as a search
    from the outputs meets them first; a layer that is used several times has the largest of its
    distances that were known when it was met.
    """
    steps = calls.steps
    met, behind = _searched(calls)
    depths = dict.fromkeys(range(len(steps)), 0)
    of_layer: dict[int, int] = {}
    for place in reversed(behind):
        layer = steps[place].layer
        of_layer[layer] = depth = max(depths[place], of_layer.get(layer, 0))
        for source in steps[place].inputs:
            depths[source] = max(depth + 1, depths[source])
    listed = sorted(of_layer, key=lambda layer: (-of_layer[layer], met[layer]))
    return [steps[layer].op for layer in listed if steps[layer].weighty]


def _searched(calls: Calls) -> tuple[dict[int, int], list[int]]:
    """When a search from the outputs meets each layer first, and the steps, each behind its
    inputs.
    """
    steps = calls.steps
    met: dict[int, int] = {}
    behind: list[int] = []
    seen: set[int] = set()
    waiting = [(place, False) for place in reversed(calls.outputs)]
    while waiting:
        place, done = waiting.pop()
        if done:
            behind.append(place)
        elif place not in seen:
            seen.add(place)
            met.setdefault(steps[place].layer, len(met))
            waiting.append((place, True))
            waiting += [(source, False) for source in reversed(steps[place].inputs)]
    return met, behind


# --- runs of shared layers ------------------------------------------------------------------------


def shared_runs(calls: Calls, graph: Graph) -> dict[int, tuple[Run, int]]:
    """The layers that several steps share, in runs as long as all uses are alike: for each step
    in one, the run and the place in it.
    """
    steps, takers = calls.steps, consumers_of(calls.steps)
    uses: dict[int, list[int]] = {}
    for place, step in enumerate(steps):
        uses.setdefault(step.layer, []).append(place)
    tied = {place for tie in calls.ties for place in (tie.forward, *tie.backward)}
    kept = {*calls.outputs}
    found: dict[int, tuple[Run, int]] = {}
    names: set[str] = set()
    for layer, places in uses.items():
        if len(places) == 1 or layer in found or layer in tied:
            continue
        rows = [places]
        while True:
            row = rows[-1]
            following = [
                takers[place][0] for place in row if len(takers[place]) == 1 and place not in kept
            ]
            if (
                len(following) < len(row)
                or not _alike(following, steps, uses)
                or {*following} & (tied | {p for r in rows for p in r})
            ):
                break
            rows.append(following)
        while not steps[rows[-1][0]].weighty:
            rows.pop()
        name = unique_name(_piece_name(graph, steps[layer].op), names, "_")
        run = Run(name, tuple(row[0] for row in rows))
        for at, row in enumerate(rows):
            found.update(dict.fromkeys(row, (run, at)))
    return found


def _alike(places: Sequence[int], steps: Sequence[Step], uses: Mapping[int, Sequence[int]]) -> bool:
    """Whether steps are uses of one layer, or of layers without weights that could be one."""
    first = steps[places[0]]
    if (
        any(steps[place][:3] != first[:3] for place in places)
        or not first.made
        or first.applied != "({0})"
    ):
        return False
    if any("{0}" in value.text for _, value in first.given if isinstance(value, Text)):
        return False
    shared = list(uses[first.layer])
    return (
        shared == list(places)
        if len(shared) > 1
        else not any(steps[place].weighty or len(uses[steps[place].layer]) > 1 for place in places)
    )


def _piece_name(graph: Graph, op: int) -> str:
    """The name of the `let` that an operation came from."""
    layer = graph.ops[op].layer
    pieces = [piece for piece in graph.pieces if piece.first <= layer < piece.stop]
    return max(pieces, key=lambda piece: piece.stop - piece.first).name if pieces else "shared"
