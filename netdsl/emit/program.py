"""Networks as a Keras program: a function for each, functions for blocks, loops for repeats; it
needs Keras and nothing else.
"""

from __future__ import annotations

import builtins
import json
import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.emit.carried import carried
from netdsl.emit.signatures import BY_NAME, DEFAULTS, POSITIONAL, kind_of
from netdsl.emit.steps import Calls, Run, Step, Text, calls_of, shared_runs
from netdsl.emit.text import WIDTH, laid_out
from netdsl.factoring.blocks import BlockRules, with_blocks
from netdsl.factoring.items import (
    REFERENCE,
    REPEAT,
    BlockCall,
    BlockParameter,
    FactoredBlock,
    Formula,
    Item,
    ItemChain,
    Node,
    NodeName,
    all_items,
)
from netdsl.factoring.nesting import nested_chains
from netdsl.factoring.repeats import with_repeats
from netdsl.kinds.code import written
from netdsl.naming import unique_name

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph

_FUNCTIONS = {
    f"layers.{name}": f"layers.{name.lower()}"
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum")
}
_MAIN = 4  # times as long as the other one is a branch that goes on with the same variable
_SUMS = ("layers.Add", "layers.Subtract", "layers.Average")
_SHORT = {
    "Conv": "conv",
    "SeparableConv": "sepconv",
    "DepthwiseConv": "dwconv",
    "Dense": "dense",
    "BatchNormalization": "bn",
    "Activation": "act",
}
_PARAMETERS = {"n": "repeats", "p": "skip"}  # what roles are called in Python
_RESERVED = {
    *(*keyword.kwlist, *keyword.softkwlist, *dir(builtins)),
    *(
        "keras",
        "layers",
        "ops",
        "np",
        "Any",
        "x",
        "layer",
        "inputs",
        "outputs",
        "shared",
        *_PARAMETERS,
        *_PARAMETERS.values(),
    ),
    *(*(role for roles in POSITIONAL.values() for role in roles), *BY_NAME),
}


def program(networks: Sequence[Architecture]) -> str:
    """The Keras program that makes these networks: a module with a function for each."""
    taken = set(_RESERVED)
    names = [unique_name(_identifier(network.name), taken) for network in networks]
    known: dict[str, str] = {}
    parts: list[str] = []
    customs: set[str] = set()
    for network, name in zip(networks, names, strict=True):
        writer = _Writer(network, name, taken, known)
        parts += writer.functions()
        customs |= writer.customs
    main = "\n".join(f"    {name}().summary()" for name in names)
    lines = [*_docstring(networks), *_head("\n".join(parts), customs)]
    return "\n".join(
        [*lines, "", "", "\n\n\n".join(parts), "", "", 'if __name__ == "__main__":', main, ""]
    )


def _docstring(networks: Sequence[Architecture]) -> list[str]:
    text = " ".join((networks[0].description or f"The Keras model {networks[0].name}.").split())
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    begin = '""" ' if text.startswith('"') else '"""'
    lines = textwrap.wrap(begin + text, WIDTH, break_on_hyphens=False)
    end = ' """' if text.endswith('"') else '"""'
    return [lines[0] + end, ""] if len(lines) == 1 else [*lines, '"""', ""]


def _head(body: str, customs: set[str]) -> list[str]:
    """The imports, and the layers that Keras lacks."""
    text, imported = carried(customs)
    lines = ["from typing import Any", ""] if "Any" in imported else []
    lines.append("import keras")
    if "np" in imported:
        lines.append("import numpy as np")
    used = [
        name for name in ("layers", "ops") if re.search(rf"\b{name}\.", body) or name in imported
    ]
    lines += [f"from keras import {', '.join(used)}"] if used else []
    if text:
        lines += [
            "",
            "# fmt: off",
            "# Layers that Keras does not have, from netdsl (Apache-2.0)",
            "",
            *text.split("\n"),
            "",
            "# fmt: on",
        ]
    return lines


def _identifier(name: str) -> str:
    text = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
    return text if re.match("[a-z]", text) else f"net_{text}"


# --- nodes ----------------------------------------------------------------------------------------


class Made(NamedTuple):
    """The head of a call: None among `texts` stands for a value."""

    made: str
    names: tuple[str, ...]
    texts: tuple[str | None, ...]
    applied: str


class Shared(NamedTuple):
    """The head of a use of what was made before: one layer, or several (`run`)."""

    run: bool
    applied: str = "({0})"


def _head_of(step: Step) -> tuple[Made, tuple[Any, ...], tuple[str, ...]]:
    """The head of a step, its values and their roles."""
    kind = kind_of(step.made)
    positional = iter(POSITIONAL.get(kind, ()))
    given = list(step.given)
    if "Conv" in kind:
        named = dict(pair for pair in given if pair[0])
        given = [*(pair for pair in given if not pair[0]), *({**DEFAULTS, **named}).items()]
    texts: list[str | None] = []
    values: list[Any] = []
    roles: list[str] = []
    for name, value in given:
        role = name if name in BY_NAME else "" if name else next(positional, "")
        if role and not isinstance(value, Text):
            texts.append(None)
            values.append(value)
            roles.append(role)
        else:
            texts.append(value.text if isinstance(value, Text) else written(value))
    return (
        Made(step.made, tuple(name for name, _ in given), tuple(texts), step.applied),
        tuple(values),
        tuple(roles),
    )


class _Plan(NamedTuple):
    """Nodes for `factoring`, and what is made before them.

    Attributes:
        ops: for each node the operation that it belongs to. inputs, outputs: nodes. made: for each
        layer or run that is made once, its name and text; the value of its uses is NodeName(-2 -
        its number). of_op: the node whose output is that of an operation.
    """

    nodes: list[Node]
    ops: list[int]
    inputs: list[int]
    outputs: list[int]
    made: list[tuple[str, str]]
    of_op: dict[int, int]


def _plan(
    calls: Calls, runs: Mapping[int, tuple[Run, int]], graph: Graph, taken: set[str]
) -> _Plan:
    nodes: list[Node] = []
    ops: list[int] = []
    node_of: dict[int, int] = {}
    made: list[tuple[str, str]] = []
    numbers: dict[int, int] = {}  # of what is made once, by its first step
    for tie in calls.ties:
        forward, backward = (
            _made_text(calls.steps[tie.forward]),
            [_made_text(calls.steps[place]) for place in tie.backward],
        )
        inside = ", ".join(f"{text}.get_config()" for text in backward)
        name = unique_name(_identifier(graph.ops[calls.steps[tie.forward].op].name), taken)
        numbers[tie.forward] = len(made)
        made.append((name, f"Tied({forward}.get_config(), [{inside}])"))
    backs = {place: number for tie in calls.ties for number, place in enumerate(tie.backward)}
    for place, step in enumerate(calls.steps):
        run, at = runs.get(place, (None, 0))
        if run is not None and at:
            node_of[place] = node_of[step.inputs[0]]
            continue
        inputs = tuple(node_of[source] for source in step.inputs)
        width = step.shape[-1] if step.shape else None
        merges = len(inputs) > 1
        if run is not None and run.steps[0] not in numbers:
            numbers[run.steps[0]] = len(made)
            texts = [_made_text(calls.steps[each]) for each in run.steps]
            made.append(
                (
                    unique_name(run.name, taken),
                    texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]",
                )
            )
        owner = run.steps[0] if run is not None else step.layer
        if owner in numbers:
            applied = f"({{0}}, back={backs[place]})" if place in backs else step.applied
            head = Shared(run is not None and len(run.steps) > 1, applied)
            nodes.append(
                Node(head, (NodeName(-2 - numbers[owner]),), ("shared",), inputs, width, merges)
            )
        else:
            nodes.append(Node(*_head_of(step), inputs, width, merges))
        ops.append(step.op)
        node_of[place] = len(nodes) - 1
    of_op = {op: node_of[place] for op, place in calls.ends.items()}
    return _Plan(
        nodes,
        ops,
        [node_of[place] for place in calls.inputs],
        [node_of[place] for place in calls.outputs],
        made,
        of_op,
    )


def _made_text(step: Step) -> str:
    """What makes a step's layer."""
    head, values, _ = _head_of(step)
    text = f"{head.made}({', '.join(_arguments(head, [written(value) for value in values]))})"
    return (
        text.replace("{0}.shape[1:]", written(step.shape)).replace(
            "{0}.shape[-1]", str(step.shape[-1])
        )
        if step.shape
        else text
    )


def _arguments(head: Made, values: Sequence[str]) -> list[str]:
    """The arguments that make a layer, but for those that are Keras's own."""
    left = iter(values)
    found = []
    for name, text in zip(head.names, head.texts, strict=True):
        value = next(left) if text is None else text
        if "Conv" not in head.made or name not in DEFAULTS or value != written(DEFAULTS[name]):
            found.append(f"{name}={value}" if name else value)
    return found


# --- structure to functions -----------------------------------------------------------------------


class _Writer:
    """One network's functions. `taken` are the names of the program; `known` the functions that
    it has, by their text without the name.
    """

    def __init__(
        self, network: Architecture, name: str, taken: set[str], known: dict[str, str]
    ) -> None:
        self.network, self.name, self.taken, self.known = network, name, taken, known
        graph = self.graph = network.graph
        calls = calls_of(graph)
        self.customs = {
            step.made
            for step in calls.steps
            if step.made and not step.made.startswith(("layers.", "keras."))
        }
        self.customs |= {"Tied"} if calls.ties else set()
        self.local = set(taken)
        self.plan = _plan(calls, shared_runs(calls, graph), graph, self.local)
        nested = nested_chains(self.plan.nodes, self.plan.inputs, self.plan.outputs)
        self.uses = _Uses(self.plan, graph)
        self.blocks, flows = with_blocks(
            with_repeats(nested, 1), BlockRules(_measure, self.uses.rank, _alike)
        )
        self.flows = with_repeats(flows, 6)
        self.calls = calls

    def functions(self) -> list[str]:
        """The text of each function: blocks first, each behind those that it uses."""
        found: list[str] = []
        names: dict[int, str] = {}
        blocks = {block.number: block for block in self.blocks}
        said = self._said_names()
        for block in self.blocks:
            body = _Function(self, names, blocks, set(self.local)).block(block)
            if body in self.known:
                names[block.number] = self.known[body]
                continue
            name = unique_name(
                said.get(block.number) or _content_name(block.chain) or "block", self.taken
            )
            self.local.add(name)
            names[block.number] = self.known[body] = name
            head, _, rest = body.partition("\n")
            found.append("\n".join([*laid_out(f"def {name}{head}", 0), rest]))
        main = _Function(self, names, blocks, set(self.local)).main(self.name)
        return [*found, main]

    def _said_names(self) -> dict[int, str]:
        """What the `.net` file calls the blocks."""
        found: dict[int, str] = {}
        for chain in [
            *(flow.chain for flow in self.flows),
            *(block.chain for block in self.blocks),
        ]:
            for item in all_items(chain):
                if isinstance(item.head, BlockCall) and item.span in self.uses.names:
                    found.setdefault(item.head.block, self.uses.names[item.span])
        return found


_WIDTHS = ("filters", "units", "output_dim", "key_dim", "in")


def _alike(role: str, other: str) -> bool:
    """Whether one value can be written as a multiple of another: widths, and values of one role."""
    return role == other or (role in _WIDTHS and other in _WIDTHS)


def _measure(chain: ItemChain) -> int:
    """About how many characters a chain takes as Python."""
    total = -40 if len(chain) == 1 else -20
    for item in all_items(chain):
        if isinstance(item.head, Made):
            total += (
                8
                + len(item.head.made)
                + sum(map(len, item.head.names))
                + sum(len(text or "...") + 2 for text in item.head.texts)
            )
        else:
            total += 20
    return total


def _content_name(chain: ItemChain) -> str:
    """A name for a few different layers in a row: `conv_bn_act`; nothing for others."""
    made = [item.head.made if isinstance(item.head, Made) else "" for item in chain]
    words = [_SHORT.get(kind_of(each), "") for each in made]
    if len(words) > 3 or not all(words) or len(set(words)) < len(words):
        return ""
    return "_".join(
        f"up{word}" if each.endswith("Transpose") else word
        for word, each in zip(words, made, strict=True)
    )


class _Uses:
    """The uses of the `.net` file's own blocks: where each begins and ends among the nodes, and
    the block's name.
    """

    def __init__(self, plan: _Plan, graph: Graph) -> None:
        self.names: dict[tuple[int, int], str] = {}
        paths = [graph.layers[graph.ops[op].layer].path for op in plan.ops]
        spans: dict[tuple[str, ...], tuple[int, int]] = {}
        for node, path in enumerate(paths):
            for end in range(1, len(path) + 1):
                spans[path[:end]] = (spans.get(path[:end], (node, node))[0], node)
        for node, path in enumerate(paths):
            uses = graph.layers[graph.ops[plan.ops[node]].layer].uses[-len(path) :] if path else ()
            for end, use in enumerate(
                uses, len(path) - len(uses) + 1
            ):  # of several with one span the innermost has the name
                if match := re.match(r"[\w.]+", use.source.text[use.start : use.end]):
                    self.names[spans[path[:end]]] = _identifier(match[0].rpartition(".")[2])
        self.around: list[list[tuple[int, int]]] = [
            [spans[path[:end]] for end in range(1, len(path) + 1)] for path in paths
        ]

    def rank(self, chain: ItemChain) -> int:
        """2 for a whole use, 0 for what cuts one in two, or holds one use after another."""
        first, last = chain[0].span[0], chain[-1].span[1]
        if first < 0 or last < 0:
            return 0
        if (first, last) in self.names:
            return 2
        near = {*self.around[first], *self.around[last]}
        if any((a < first <= b < last) or (first < a <= last < b) for a, b in near):
            return 0
        return int(sum(self._holds_use(*item.span) for item in chain) < 2)

    def _holds_use(self, first: int, last: int) -> bool:
        """Whether a whole use lies between two nodes."""
        return first >= 0 and any(
            b <= last for node in range(first, last + 1) for a, b in self.around[node] if a == node
        )


class Assign(NamedTuple):
    target: str
    text: str


class Loop(NamedTuple):
    over: str
    body: list[Assign | Loop]


class _Function:
    """The body of one function; `taken` are the names that its variables cannot have."""

    def __init__(
        self,
        writer: _Writer,
        names: Mapping[int, str],
        blocks: Mapping[int, FactoredBlock],
        taken: set[str],
    ) -> None:
        self.writer, self.names, self.blocks, self.taken = writer, names, blocks, taken
        self.plan = writer.plan
        self.body: list[Assign | Loop] = []
        self.variables: dict[int, str] = {
            -2 - number: name for number, (name, _) in enumerate(self.plan.made)
        }
        self.referred: set[int] = set()

    def block(self, block: FactoredBlock) -> str:
        """A block's function, from its parameters on."""
        self.taken |= {_parameter(parameter.name) for parameter in block.parameters}
        self._refer([block.chain])
        result = self._chain(block.chain, "x", "x")
        ordered = sorted(block.parameters, key=_parameter_order)
        parameters = [
            _parameter(p.name) + ("" if (usual := _default(p)) is None else f"={written(usual)}")
            for p in ordered
        ]
        head = f"({', '.join(['x', *parameters])}):"
        return "\n".join([head, *_lines(_returning(self.body, result), 4)])

    def main(self, name: str) -> str:
        """The function that makes the model."""
        plan, graph, flows = self.plan, self.writer.graph, self.writer.flows
        self._refer([flow.chain for flow in flows])
        outputs = plan.outputs
        if len(outputs) > 1:
            self.referred.update(outputs)
        for made, text in plan.made:
            self.body.append(Assign(made, text))
        for place, point in zip(plan.inputs, graph.inputs, strict=True):
            several = len(plan.inputs) > 1
            self.variables[place] = (
                unique_name(_identifier(point.name), self.taken) if several else "inputs"
            )
            step = self.writer.calls.steps[self.writer.calls.inputs[plan.inputs.index(place)]]
            given = [
                f"{key}={written(value)}" if key else written(value) for key, value in step.given
            ]
            named = [f'name="{point.name}"'] if several else []
            self.body.append(
                Assign(self.variables[place], f"keras.Input({', '.join([*given, *named])})")
            )
        result = ""
        for flow in flows:
            result = self._chain(
                flow.chain, self.variables[flow.start] if flow.start is not None else "x", "x"
            )
        if (
            len(outputs) == 1
            and isinstance(self.body[-1], Assign)
            and self.body[-1].target == result == "x"
        ):
            self.body[-1] = self.body[-1]._replace(target="outputs")
            result = "outputs"
        inside = [self.variables[place] for place in plan.inputs]
        results = [self.variables[place] for place in outputs] if len(outputs) > 1 else [result]
        both = ", ".join(
            f"[{', '.join(each)}]" if len(each) > 1 else each[0] for each in (inside, results)
        )
        end = f"return keras.Model({both}, name={json.dumps(self.writer.network.name)})"
        return "\n".join([f"def {name}():", *_lines(self.body, 4), *laid_out(end, 4)])

    def _refer(self, chains: Iterable[ItemChain]) -> None:
        self.referred = {
            v.node
            for chain in chains
            for item in all_items(chain)
            for v in item.values
            if isinstance(v, NodeName)
        }

    # --- statements ---

    def _chain(self, chain: ItemChain, current: str, target: str) -> str:
        """Adds the statements of a chain on the variable `current`, into `target`; the variable
        that then holds the result.
        """
        for item in chain:
            current = self._item(item, current, target)
        return current

    def _item(self, item: Item, current: str, target: str) -> str:
        if item.head == REFERENCE:
            return self._value(item.values[0], current)
        if item.head == REPEAT:
            self._copy(target, current)
            self._loop(
                f"_ in range({self._value(item.values[0], current)})", item.children[0], target
            )
        elif isinstance(item.head, Shared) and item.head.run:
            self._copy(target, current)
            loop = Loop(
                f"layer in {self._value(item.values[0], current)}",
                [Assign(target, f"layer({target})")],
            )
            self.body.append(loop)
        else:
            text = (
                self._merge(item, current, target) if item.children else self._call(item, [current])
            )
            self.body.append(Assign(target, text))
        return self._named(item.node, target)

    def _named(self, node: int, target: str) -> str:
        """The variable of a node that others refer to; of others the target."""
        if node not in self.referred or node in self.variables:
            return target
        name = self.variables[node] = unique_name(self._point_name(node), self.taken)
        last = self.body[-1]
        if isinstance(last, Assign) and last.target == target:
            self.body[-1] = last._replace(target=name)
        else:
            self.body.append(Assign(name, target))
        return name

    def _point_name(self, node: int) -> str:
        """What the `.net` file calls a node."""
        graph = self.writer.graph
        names = [
            name.rpartition(".")[2]
            for name, op in graph.points.items()
            if self.plan.of_op[op] == node
        ]
        names += [point.name for point in graph.outputs if self.plan.of_op[point.op] == node]
        return _identifier(names[0]) if names else "y"

    def _copy(self, target: str, current: str) -> None:
        if target != current:
            self.body.append(Assign(target, current))

    def _loop(self, over: str, chain: ItemChain, target: str) -> None:
        outer, self.body = self.body, []
        self._copy(target, self._chain(chain, target, target))
        outer.append(Loop(over, self.body))
        self.body = outer

    def _merge(self, item: Item, current: str, target: str) -> str:
        """Adds the branches' statements; the call that merges them.

        One branch can be the main one, which goes on with the variable `target`; the others have
        variables of their own.
        """
        children = item.children
        works = [
            place
            for place, child in enumerate(children)
            if child and not (len(child) == 1 and child[0].head == REFERENCE)
        ]
        made = item.head.made if isinstance(item.head, Made) else ""
        sizes = [len(list(all_items(child))) for child in children]
        main = -1
        if (
            len(children) == 2
            and self._here(item)
            and (made in _SUMS or (len(works) == 2 and max(sizes) > _MAIN * min(sizes)))
        ):
            main = sizes.index(max(sizes))
        base = (
            "shortcut"
            if main >= 0
            else "branch"
            if len(works) > 1
            else "gate"
            if made == "layers.Multiply"
            else "y"
        )
        taken = set(self.taken)
        results: dict[int, str] = {}
        for place in sorted(range(len(children)), key=lambda place: place == main):
            own = self._variable(base) if place in works and place != main else target
            if main >= 0 and not children[place] and current == target:
                own = self._variable(base)
                self._copy(own, current)
                results[place] = own
            else:
                results[place] = self._chain(children[place], current, own)
        self.taken = taken | set(self.variables.values())
        return self._call(item, [results[place] for place in range(len(children))])

    @staticmethod
    def _here(item: Item) -> bool:
        """Whether the branches take nothing but what comes in."""
        return not any(
            isinstance(v, NodeName) and v.node >= 0
            for child in item.children
            for each in all_items(child)
            for v in each.values
        )

    def _variable(self, base: str) -> str:
        """A variable of this name, or of this name with a number; branches count from 1."""
        return unique_name(base, self.taken, numbered=base == "branch")

    # --- expressions ---

    def _call(self, item: Item, inputs: Sequence[str]) -> str:
        """The call that a step is, on these variables."""
        values = [self._value(value, inputs[0]) for value in item.values]
        if isinstance(item.head, BlockCall):
            return self._block_call(item, values, inputs[0])
        assert isinstance(item.head, Made | Shared)
        applied = item.head.applied
        if isinstance(item.head, Shared):
            return values[0] + _put(applied, inputs)
        if not item.head.made:
            return _put(applied, inputs)
        made = item.head.made
        arguments = [_put(argument, inputs) for argument in _arguments(item.head, values)]
        if made in _FUNCTIONS and not arguments:
            return _FUNCTIONS[made] + _put(applied, inputs)
        return f"{made}({', '.join(arguments)}){_put(applied, inputs)}"

    def _block_call(self, item: Item, values: Sequence[str], current: str) -> str:
        assert isinstance(item.head, BlockCall)
        arguments = zip(self.blocks[item.head.block].parameters, item.values, values, strict=True)
        given = [current]
        for parameter, value, text in sorted(
            arguments, key=lambda argument: _parameter_order(argument[0])
        ):
            usual = _default(parameter)
            if usual is None:
                given.append(text)
            elif value != usual:
                given.append(f"{_parameter(parameter.name)}={text}")
        return f"{self.names[item.head.block]}({', '.join(given)})"

    def _value(self, value: Any, current: str) -> str:
        if isinstance(value, NodeName):
            return self.variables[value.node]
        if isinstance(value, Formula):
            name = (
                f"{current}.shape[-1]" if value.parameter == "in" else _parameter(value.parameter)
            )
            factor = f"{value.factor} * " if value.factor > 1 else ""
            divisor = f" // {value.divisor}" if value.divisor > 1 else ""
            return f"{factor}{name}{divisor}"
        return written(value)


def _parameter(name: str) -> str:
    """A parameter's name in Python: `n`, of a repeat, is `repeats`."""
    role = name.rstrip("0123456789")
    return _PARAMETERS.get(role, role) + name[len(role) :]


def _default(parameter: BlockParameter) -> Any:
    """What a parameter is where nothing is said; None where it has no such value."""
    return DEFAULTS.get(parameter.name.rstrip("0123456789"))


def _parameter_order(parameter: BlockParameter) -> tuple[int, bool]:
    """Where a parameter stands: those with defaults last, and how often before them."""
    role = parameter.name.rstrip("0123456789")
    return list(DEFAULTS).index(role) if role in DEFAULTS else -1, role == "n"


def _put(text: str, inputs: Sequence[str]) -> str:
    for number, name in enumerate(inputs):
        text = text.replace(f"{{{number}}}", name)
    return text


def _returning(body: list[Assign | Loop], result: str) -> list[Assign | Loop]:
    """The statements, the last of which returns the result."""
    last = body[-1]
    if isinstance(last, Assign) and last.target == result:
        return [*body[:-1], Assign("", last.text)]
    return [*body, Assign("", result)]


def _lines(body: Iterable[Assign | Loop], indent: int) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, Loop):
            yield f"{' ' * indent}for {statement.over}:"
            yield from _lines(statement.body, indent + 4)
        else:
            yield from laid_out(
                f"{statement.target} = {statement.text}"
                if statement.target
                else f"return {statement.text}",
                indent,
            )
