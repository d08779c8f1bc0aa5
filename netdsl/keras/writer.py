"""The text of an imported file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from textwrap import wrap
from typing import Any

from netdsl.errors import Source
from netdsl.factoring.items import (
    REFERENCE,
    REPEAT,
    BlockCall,
    FactoredBlock,
    Formula,
    Item,
    ItemChain,
    NodeName,
    all_items,
)
from netdsl.keras.arrange import Arrangement
from netdsl.keras.defaults import FileDefaults
from netdsl.keras.imported_layer import ModelLayers
from netdsl.keras.nodes import ImportedHead, LayerNodes, MergeHead, ResidualHead
from netdsl.keras.spelling import value_text
from netdsl.kinds import KINDS
from netdsl.kinds.options import ReferenceOption
from netdsl.kinds.part import Part
from netdsl.kinds.tensors import OwnTensor
from netdsl.kinds.values import dims
from netdsl.kinds.window import Padding
from netdsl.limits import Limits
from netdsl.naming import identifier
from netdsl.syntax.format import format_text

_WIDTH = 120


class FileWriter:
    """Writes a model's layers as a file."""

    def __init__(
        self,
        name: str,
        input_names: Sequence[str],
        model: ModelLayers,
        nodes: LayerNodes,
        defaults: FileDefaults,
        output_names: Sequence[str] = (),
    ) -> None:
        self.name, self.model, self.nodes, self.defaults = name, model, nodes, defaults
        self.input_names = dict(zip(model.inputs, _input_names(input_names), strict=True))
        taken = [*self.input_names.values(), *map(identifier, output_names)]
        taken += (f"tensor_{number}" for number, _ in enumerate(model.tensors, 1))
        self.input_names |= zip(model.tensors, taken[-len(model.tensors) :], strict=False)
        self.output_names = {
            place: identifier(name)
            for place, name in zip(model.outputs, output_names, strict=False)
            # Two names can become one identifier, or that of an input: then the usual numbers are
            # used.
            if name and taken.count(identifier(name)) == 1
        }

    def chain_length(self, chain: ItemChain) -> int:
        """Measure a chain, while blocks are being looked for."""
        return len(ChainWriter(self.defaults, {}, ()).chain(chain))

    def text(self, arrangement: Arrangement) -> str:
        """Write the whole file."""
        referred = {
            value.node
            for chain in arrangement.all_chains
            for item in all_items(chain)
            for value in item.values
            if isinstance(value, NodeName)
        }
        ties = self._ties()
        referred |= {place for tie in ties for place in tie}
        names = (
            self.input_names | self._point_names(referred, arrangement.order) | self.output_names
        )
        writer = ChainWriter(self.defaults, names, arrangement.blocks)
        lines = [f"# {self.name}: from a Keras model"]
        for sentence in self.model.left_out:
            lines += [f"# {line}" for line in wrap(sentence, _WIDTH - 2)]
        lines.append(f"net {identifier(self.name)}")
        if self.defaults.statement():
            lines.append(self.defaults.statement())
        for name, head, values in self.nodes.shared.values():
            lines.append(f"let {name} = {_layer_text(head, list(map(str, values)))}")
        for block in arrangement.blocks:
            parameters = ", ".join(
                each.name if each.default is None else f"{each.name}={each.default}"
                for each in block.parameters
            )
            begin = f"def {writer.block_names[block.number]}({parameters}) ="
            lines += _filled(begin, writer.block_steps(block), "  ")
        if len(self.model.roots) > 1:
            for place in self.model.inputs:
                lines.append(f"input {names[place]}: {self._input(place)}")
        for place in self.model.tensors:
            kind = self.model.layers[place].kind
            assert isinstance(kind, OwnTensor)
            lines.append(kind.statement(names[place]))
        for start, chain in arrangement.chains:
            steps = writer.steps(chain)
            if start is None:
                lines += _filled("", steps, "")
            else:
                named = f"{names[start]}: " if start in referred else ""
                lines += [f"input {named}{self._input(start)}", *_filled(">", steps, "")]
        lines += [f"tie {names[place]} = transpose {names[other]}" for place, other in ties]
        # Formatted as `netdsl fmt` would: the file does not change at the first save.
        return format_text(Source(self.name, "\n".join(lines) + "\n"), Limits())

    def _ties(self) -> list[tuple[int, int]]:
        """Return pairs of layers: one with the kernel of an earlier one, and the earlier one."""
        first: dict[int, int] = {}
        found = []
        for place, layer in enumerate(self.model.layers):
            if layer.kernel is not None and first.setdefault(layer.kernel, place) != place:
                found.append((place, first[layer.kernel]))
        return found

    def _point_names(self, referred: set[int], order: Sequence[int]) -> dict[int, str]:
        """Name the nodes that are referred to, in the order in which they are made."""
        points = [place for place in order if place in referred]
        return {place: f"t{number}" for number, place in enumerate(points, 1)}

    def _input(self, place: int) -> str:
        return dims(self.model.layers[place].shape) or "1"


class ChainWriter:
    """Writes chains.

    Attributes:
        names: by node, what it is called where others refer to it.
        blocks: by number.
        block_names: by number.
    """

    def __init__(
        self, defaults: FileDefaults, names: Mapping[int, str], blocks: Sequence[FactoredBlock]
    ) -> None:
        self.defaults, self.names = defaults, names
        self.blocks = {block.number: block for block in blocks}
        self.block_names = {
            block.number: f"block{at if at > 1 else ''}" for at, block in enumerate(blocks, 1)
        }

    def chain(self, chain: ItemChain, within: int = 0) -> str:
        """Write a chain in one line, within the `each`s around it."""
        return " > ".join(self.steps(chain, within)) or "id"

    def steps(self, chain: ItemChain, within: int = 0) -> list[str]:
        """Write the items of a chain, within the `each`s around it."""
        steps: list[str] = []
        for deeper, items in groupby(chain, lambda item: self._each(item) > within):
            if deeper:
                # Neighbours within the same `each` are one chain within it.
                steps.append(f"each({' > '.join(self.steps((*items,), within + 1))})")
            else:
                steps += (self._step(item, within) for item in items)
        return steps

    def block_steps(self, block: FactoredBlock) -> list[str]:
        """Write the items of a block, which is within an `each` where all of them are."""
        return self.steps(block.chain, min(map(self._each, block.chain)))

    def _each(self, item: Item) -> int:
        """Count the `each`s that an item is within; of a block or a repeat those of all in it."""
        if isinstance(item.head, ImportedHead | MergeHead | ResidualHead):
            return item.head.each
        chain = item.children[0] if item.head == REPEAT else ()
        if isinstance(item.head, BlockCall) and item.head.block in self.blocks:
            chain = self.blocks[item.head.block].chain
        return min(map(self._each, chain), default=0)

    def _step(self, item: Item, within: int) -> str:
        values = list(map(self._value, item.values))
        if item.head == REFERENCE:
            return values[0] if values[0].startswith("@") else _bare(values[0])
        written = self._item(item, values, within)
        return f"{written} as {self.names[item.node]}" if item.node in self.names else written

    def _item(self, item: Item, values: list[str], within: int) -> str:
        head, children = item.head, [self.chain(child, within) for child in item.children]
        if head == REPEAT:
            text = children[0]
            body = f"({text})" if len(item.children[0]) > 1 else text
            return f"{body} x{values[0]}"
        if isinstance(head, BlockCall):
            return self._call(head, item, values)
        if isinstance(head, MergeHead):
            return f"{head.opening}[ {' | '.join(children)} ]"
        if isinstance(head, ResidualHead):
            usual = "none"
            if self._has_default(item.children[0]):
                usual = value_text(self.defaults.residual_act())
            act = "" if head.act == usual else f", act={head.act}"
            return f"res({children[0]}{act})"
        assert isinstance(head, ImportedHead)
        return _layer_text(head, values)

    def _has_default(self, chain: ItemChain) -> bool:
        """Say whether a chain, or a block in it, holds a kind that has an activation by default:
        then a residual has one too.
        """
        for item in all_items(chain):
            if isinstance(item.head, BlockCall) and item.head.block in self.blocks:
                if self._has_default(self.blocks[item.head.block].chain):
                    return True
            elif isinstance(item.head, ImportedHead) and item.head.word in KINDS:
                kind = KINDS[item.head.word]
                option = kind.options.get("act")
                filled = kind.group == "activation" and item.head.amount
                if filled or (isinstance(option, Part) and option.default_word):
                    return True
        return False

    def _call(self, head: BlockCall, item: Item, values: list[str]) -> str:
        """Write a call of a block, without the last arguments that are its defaults."""
        if head.block not in self.blocks:  # while blocks are being looked for
            return f"block({', '.join(values)})"
        parameters = self.blocks[head.block].parameters
        arguments = list(zip(parameters, item.values, values, strict=True))
        while arguments and arguments[-1][0].default is not None:
            parameter, value, _ = arguments[-1]
            # Only from the end: no argument can follow one that is left out.
            if parameter.default != value:
                break
            arguments.pop()
        given = ", ".join(text for _, _, text in arguments)
        name = self.block_names[head.block]
        return f"{name}({given})" if given else name

    def _value(self, value: Any) -> str:
        if isinstance(value, NodeName):
            return f"@{self.names.get(value.node, 't9')}"
        if isinstance(value, Formula):
            factor = f"{value.factor}*" if value.factor > 1 else ""
            divisor = f"//{value.divisor}" if value.divisor > 1 else ""
            return f"{{{factor}{value.parameter}{divisor}}}"
        return str(value)


def _layer_text(head: ImportedHead, values: Sequence[str]) -> str:
    """Write a layer with its values; what is the default of its kind is not written."""
    kind = KINDS.get(head.word)
    left = iter(values)
    size = next(left) if head.size is None else head.size
    amount = f"-{next(left)}" if head.amount else ""
    stride = next(left) if head.stride is None else head.stride
    if stride == (size if kind and kind.stride_is_size else "1"):
        stride = ""
        if kind and size == str(kind.usual_size):
            size = ""
    given = [_bare(next(left)) if text is None else text for text in head.positional]
    for name, text in head.options:
        if text is None:
            option = kind.options[name] if kind else None
            value = next(left)
            bare = isinstance(option, Padding | ReferenceOption)
            text = f"{name}={_bare(value) if bare else value}"
        given.append(text)
    options = f"({', '.join(given)})" if given else ""
    return f"{head.word}{size}{amount}{f'/{stride}' if stride else ''}{options}"


def _bare(value: str) -> str:
    """Write a parameter's value as an argument: its name alone, which may be more than a number."""
    return value[1:-1] if re.fullmatch(r"\{[a-z]+[0-9]*\}", value) else value


def _input_names(names: Sequence[str]) -> list[str]:
    """Take the inputs' own names, where they are names that people gave."""
    plain = list(map(identifier, names))
    # Keras's own names are numbered through the process: a text would differ from run to run.
    made = any(re.match(r"input_(layer|[0-9])", name) for name in plain)
    if len(set(plain)) == len(plain) and not made:
        return plain
    return [f"in_{number}" for number in range(1, len(names) + 1)] if names[1:] else ["given"]


def _filled(begin: str, steps: Sequence[str], indent: str) -> list[str]:
    """Fill lines of at most `_WIDTH` with steps; each line but the first begins with `>`."""
    lines: list[str] = []
    line = begin
    for at, step in enumerate(steps):
        joined = step if not line else f"{line} {step}" if at == 0 else f"{line} > {step}"
        if at and len(joined) > _WIDTH:
            lines.append(line)
            line = f"{indent}> {step}"
        else:
            line = joined
    return [*lines, line]
