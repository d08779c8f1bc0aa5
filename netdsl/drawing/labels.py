"""What is in the boxes: each layer as it was written, its output's shape, its figures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netdsl.kinds import KINDS
from netdsl.kinds.initial_kernels import is_named
from netdsl.kinds.values import shown

if TYPE_CHECKING:
    from netdsl.errors import Span
    from netdsl.graph import Graph, Layer
    from netdsl.kinds import Kind

# Norm and activation have a place of their own; the others change no shape.
_QUIET = frozenset(
    ("norm", "act", "eps", "momentum", "init", "bias", "bias_init", "scale", "shift")
)
_DILATION_1 = re.compile(r"\(dilation=1\)|, dilation=1(?=[,)])|(?<=\()dilation=1, ")
_LONG = re.compile(r"[0-9]*\.[0-9]*(?:e-?[0-9]+)?")
_DIGITS = 6  # of a number that is shown in full
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?")
_STRIDE_1 = re.compile(r"/1(?![0-9x])")
_LONGEST = 36  # characters of a label


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as figures have it: `28×28×6`."""
    limit = getattr(shape, "limit", None)
    return "×".join(map(str, shape)) + (f" of {limit:,}" if limit is not None else "")


class Labels:
    """The words of a graph's layers.

    Attributes:
        main: for each layer what it is: `conv3-64/2`.
        more: the norm and the activation that come with it: `bn relu`.
        group: the family of its kind: `convolution`; `input` for an input.
        kind: its kind; None for an input.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.group: list[str] = []
        self.kind: list[Kind | None] = []
        self.main: list[str] = []
        self.more: list[str] = []
        # Deep networks repeat their texts, and a label takes regular expressions to make.
        known: dict[tuple[str, int], tuple[str, str]] = {}
        for layer in graph.layers:
            kind = graph.ops[layer.ops[0]].kind
            self.group.append(kind.group if kind else "input")
            self.kind.append(kind)
            key = (layer.text, id(kind))
            if key not in known:
                known[key] = self._words(layer)
            main, more = known[key]
            self.main.append(main)
            self.more.append(more)

    def _words(self, layer: Layer) -> tuple[str, str]:
        ops = [self.graph.ops[index] for index in layer.ops]
        kind = ops[0].kind
        if kind is None:
            return ("input" if layer.name.startswith("input") else layer.name), ""
        # A list of initial values may be long; the head says what the layer is.
        text = layer.text if len(layer.text) < 400 else kind.head()
        parts = [part.kind for part in ops[1:] if part.kind]
        words = {part.word for part in parts}
        main = _short(text, words)
        own = _leading_word(main)
        # `softmax-10` is a dense layer whose activation its label names.
        more = [part.word for part in parts if part.word != own]
        init = kind.values.get("init")
        return main, " ".join([shown(init), *more] if is_named(init) else more)

    def shape(self, layer: int) -> tuple[int, ...]:
        """Return the shape of a layer's output."""
        return self.graph.ops[self.graph.layers[layer].ops[-1]].shape

    def same(self, a: int, b: int) -> bool:
        """Return whether two layers are drawn alike: written alike, or by one place of the text
        with other numbers, on the same positions, with the same norm and activation. Noise, such as
        dropout, may have other numbers anywhere: rates often rise from layer to layer.
        """
        if self.group[a] == "input" or not self.same_place(a, b) or self.more[a] != self.more[b]:
            return False
        ours, theirs = self.graph.layers[a].text, self.graph.layers[b].text
        return ours == theirs or (
            (self.group[a] == "noise" or self.same_origin(a, b))
            and without_numbers(ours) == without_numbers(theirs)
        )

    def same_origin(self, a: int, b: int) -> bool:
        """Return whether one place of the text made two layers, by the same uses of blocks."""
        ours, theirs = self.graph.layers[a], self.graph.layers[b]
        return (
            same_span(ours.span, theirs.span)
            and len(ours.uses) == len(theirs.uses)
            and all(map(same_span, ours.uses, theirs.uses))
        )

    def skeleton(self, layer: int) -> str:
        """Return a layer as it was written, without its numbers and its name."""
        if self.group[layer] == "input":
            return "input"
        return without_numbers(self.graph.layers[layer].text)

    def same_place(self, a: int, b: int) -> bool:
        """Return whether the outputs of two layers have the same positions."""
        return self.shape(a)[:-1] == self.shape(b)[:-1]


def without_numbers(text: str) -> str:
    """Return a text without its numbers."""
    return _NUMBER.sub("", text)


def same_span(a: Span | None, b: Span | None) -> bool:
    """Return whether two places of texts are one."""
    return a is not None and b is not None and a[1:] == b[1:] and a.source is b.source


def _options(text: str) -> list[str]:
    """Return the options in a layer's parentheses, split at the outermost commas."""
    found, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            found.append(text[start:at].strip())
            start = at + 1
    return [*found, text[start:].strip()]


def _speaks(option: str, words: set[str]) -> bool:
    """Return whether an option is shown.

    A norm and an activation follow the label, a reference is an edge.
    """
    name, equals, value = option.partition("=")
    if name.strip() == "groups" and value.strip() == "1":  # as blocks hand it on
        return False
    if equals and "(" not in name:
        return name.strip() not in _QUIET and not value.strip().startswith("@")
    word = _leading_word(option)
    if option.startswith("@") or word in words or word == "none":
        return False
    kind = KINDS.get(word)
    return kind is None or not (kind.means_none or kind.word in words)


def without_parts(text: str) -> str:
    """Return a use of a block as written, without the norms and activations it passes on."""
    return _short(text, set())


def _short(text: str, words: set[str]) -> str:
    """Return a layer or a use of a block as written, without what is said elsewhere: the norm and
    the activation, whose `words` follow the label; of a tensor, its shape and its values.
    """
    head, bracket, inside = text.partition("(")
    tensor, colon, _ = head.partition(":")
    if colon:
        return tensor
    kept = [option for option in _options(inside[:-1]) if _speaks(option, words)] if bracket else []
    if head == "each":
        kept = [_short(option, words) for option in kept]
    return _rounded(_STRIDE_1.sub("", head) + (f"({', '.join(kept)})" if kept else ""))


def _rounded(text: str) -> str:
    """Round the numbers that have many digits, as imported rates do, to three."""

    def shorter(number: re.Match[str]) -> str:
        digits = number[0].partition("e")[0].replace(".", "").lstrip("0")
        return f"{float(number[0]):.3g}" if len(digits) > _DIGITS else number[0]

    return _LONG.sub(shorter, text)


def _leading_word(text: str) -> str:
    found = re.match(r"[a-z_]+[0-9]*(?=$|[(\-/])|[a-z_]+", text)
    return found[0] if found else text


def merged_label(labels: Sequence[str]) -> str:
    """Return one label for those of some layers, without a dilation that is 1 in all of them."""
    return _DILATION_1.sub("", merged(labels))


def merged(texts: Sequence[str]) -> str:
    """Return one text for some that differ in their numbers: `dilation=1…512`."""
    if len(set(texts)) == 1:
        return texts[0]
    parts = [_NUMBER.findall(text) for text in texts]
    # Texts that differ in words as well have no common label: the first one is shown.
    skeletons = {_NUMBER.sub("0", text) for text in texts}
    if len(skeletons) > 1:
        return texts[0]
    columns = iter(zip(*parts, strict=True))

    def span(_: re.Match[str]) -> str:
        column = sorted(set(next(columns)), key=float)
        return column[0] if len(column) == 1 else f"{column[0]}…{column[-1]}"

    return _NUMBER.sub(span, texts[0])
