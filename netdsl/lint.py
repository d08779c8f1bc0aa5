"""Warnings that no error hides: what a text defines and never uses, and layers that do nothing or
not what was meant.

They are looked for only where a text has no errors, so that a mistake never makes a name look
unused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from netdsl.errors import Diagnostic, Source, Span, once
from netdsl.graph import Graph, Op, consumers_of
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import dims
from netdsl.lowering.defaults import used_here
from netdsl.syntax import tree

LARGEST = 2**28  # elements of one output, for one example: 1 GiB of float32

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"\{[^{}]*\}")
_NAMED_STEP = re.compile(r"\bas\b")
_STRING_OR_COMMENT = re.compile(r'"[^"\n]*"|#[^\n]*')
_IGNORE = re.compile(r"#[ \t]*netdsl:[ \t]*ignore\b[ \t]*((?:[A-Z][0-9]+[, \t]*)*)")


# --- definitions that nothing uses ----------------------------------------------------------------


def lint_text(statements: Sequence[tree.Statement], source: Source) -> list[Diagnostic]:
    """Params, blocks, shared pieces, parameters, and names within blocks and repeats that
    nothing uses.
    """
    defined = {s.name.text for s in statements if isinstance(s, tree.Param | tree.Def | tree.Let)}
    text = _STRING_OR_COMMENT.sub(lambda match: " " * len(match.group()), source.text)
    points = {
        part for reference in re.findall(r"@[\w.]+", text) for part in reference[1:].split(".")
    }
    used: set[str] = set()
    found: list[Diagnostic] = []
    for statement in statements:
        own = (
            {parameter.name.text for parameter in statement.parameters}
            if isinstance(statement, tree.Def)
            else set()
        )
        words = _words_of(statement, text, own, defined, used)
        used |= words - own - ({statement.name.text} if isinstance(statement, tree.Def) else set())
        found += (
            _unused_parameters(statement, words, source) if isinstance(statement, tree.Def) else ()
        )
        if _NAMED_STEP.search(text, statement.start, statement.end):
            found += _unused_inner_names(statement, points, source)
        if isinstance(statement, tree.Tie):
            used |= {statement.name.text, statement.other.text}
    for statement in statements:
        if (
            isinstance(statement, tree.Param | tree.Def | tree.Let)
            and statement.name.text not in used
        ):
            code, what, mend = _UNUSED[type(statement).__name__]
            name = statement.name
            span = Span(source, name.start, name.end)
            found.append(
                Diagnostic(
                    code,
                    f"the {what} `{name.text}` is never used",
                    span,
                    help=mend.replace("NAME", name.text),
                )
            )
    return found


_UNUSED = {
    "Param": ("W711", "param", "remove it, or use its value: {NAME}"),
    "Def": ("W712", "block", "remove it, or use it as a layer: > NAME()"),
    "Let": ("W712", "shared piece", "remove it, or use it as a layer: > NAME"),
}


def _words_of(
    statement: tree.Statement, text: str, own: set[str], defined: set[str], used: set[str]
) -> set[str]:
    """Names that a statement speaks of: all that are its own, or defined and not known to be used
    yet.

    The tree is walked only where braces do not tell.
    """
    braced = set(_WORD.findall(" ".join(_BRACED.findall(text, statement.start, statement.end))))
    rest = set(_WORD.findall(text, statement.start, statement.end)) - braced
    return (
        words_in(statement)
        if any(word in own or (word in defined and word not in used) for word in rest)
        else braced
    )


def words_in(node: Any) -> set[str]:
    """The names that layers, values and expressions within a node speak of."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.Layer):
            found.add(node.word.text)
            waiting += (node.size, node.amount, node.stride, node.arguments)
        elif isinstance(node, tree.Expression):
            found.update(
                str(step.argument).split(".")[0] for step in node.code if step.op == "name"
            )
        elif isinstance(node, tuple) and not isinstance(node, tree.Name | tree.Number):
            waiting += node
    return found


def _unused_parameters(
    statement: tree.Def, words: set[str], source: Source
) -> Iterator[Diagnostic]:
    for parameter in statement.parameters:
        name = parameter.name
        if name.text not in words:
            message = f"the parameter `{name.text}` of `{statement.name.text}` is never used"
            yield Diagnostic(
                "W711",
                message,
                Span(source, name.start, name.end),
                help=f"remove it, or use its value: {{{name.text}}}",
            )


def _unused_inner_names(
    statement: tree.Statement, points: set[str], source: Source
) -> Iterator[Diagnostic]:
    """Names of points within blocks and repeats; those of the network itself are known when its
    outputs are.
    """
    waiting: list[tuple[Any, bool]] = [(statement, isinstance(statement, tree.Def))]
    while waiting:
        node, inner = waiting.pop()
        if isinstance(node, tree.Step):
            if inner and node.name and node.name.text not in points:
                span = Span(source, node.name.start, node.name.end)
                mend = f"remove it, or refer to it with `@{node.name.text}`"
                yield Diagnostic(
                    "W703", f"the name `{node.name.text}` is never used", span, help=mend
                )
            inner = inner or node.repeat is not None
        if isinstance(node, tuple) and not isinstance(
            node, tree.Name | tree.Number | tree.Expression
        ):
            waiting += ((part, inner) for part in node if isinstance(part, tuple))


# --- layers that do nothing, or not what was meant ------------------------------------------------


def lint_graph(graph: Graph) -> list[Diagnostic]:
    """What is doubtful in a network's layers."""
    consumers = consumers_of(graph.ops)
    found = [*_dead_ends(graph, consumers), *_noise_at_the_end(graph), *_out_of_proportion(graph)]
    for index, op in enumerate(graph.ops):
        kind = op.kind
        if _gives_distribution(kind):
            found += _doubtful_softmax(graph, op)
        elif (
            kind is not None
            and "bias" in kind.explicit
            and kind.values["bias"]
            and consumers[index]
        ):
            found += _bias_without_effect(
                graph, op, [graph.ops[consumer] for consumer in consumers[index]]
            )
    return once(found)


def _warning(
    graph: Graph, code: str, op: Op, message: str, mend: str, span: Span | None = None
) -> Diagnostic:
    layer = graph.layers[op.layer]
    return Diagnostic(code, message, span or layer.span, help=mend, notes=used_here(layer))


def _text(graph: Graph, op: Op) -> str:
    return graph.layers[op.layer].text


def _dead_ends(graph: Graph, consumers: list[list[int]]) -> Iterator[Diagnostic]:
    """Layers whose output nothing takes and that are no output: the last ones of dead branches."""
    outputs = {output.op for output in graph.outputs}
    for index, op in enumerate(graph.ops):
        if not consumers[index] and index not in outputs and op.kind is not None:
            message = f"`{_text(graph, op)}` reaches no output: nothing takes what it gives"
            yield _warning(
                graph,
                "W713",
                op,
                message,
                "remove it, or take its output as a branch: `id`, or a name and `@name`",
            )


def _gives_distribution(kind: Kind | None) -> bool:
    """Whether a layer gives the channels' probabilities, or their logarithms."""
    return kind is not None and kind.output_meaning in ("distribution", "log-distribution")


def _doubtful_softmax(graph: Graph, op: Op) -> Iterator[Diagnostic]:
    assert op.kind is not None
    word = op.kind.word
    before = _through_moves(graph, graph.ops[op.inputs[0]])
    if before.kind and _gives_distribution(before.kind):
        message = f"`{word}` follows `{before.kind.word}`: probabilities go through it a second time, and come out nearly equal"
        yield _warning(graph, "W714", op, message, "one of the two is enough")
    if op.shape[-1] == 1:
        message = f"`{word}` over one channel is always {1 if op.kind.output_meaning == 'distribution' else 0}"
        yield _warning(graph, "W719", op, message, "for yes or no take sigmoid-1, or two channels")


def _through_moves(graph: Graph, op: Op) -> Op:
    """The operation that an output comes from, through those that only move or drop numbers (the
    first branch's).
    """
    while op.kind is not None and op.kind.shape_only:
        op = graph.ops[op.inputs[0]]
    return op


def _bias_without_effect(graph: Graph, op: Op, consumers: list[Op]) -> Iterator[Diagnostic]:
    """A bias that was asked for where each norm behind it takes the mean of each channel away, and
    the bias with it.

    A layer that has every option written out, as `netdsl expand` prints it, asks for nothing.
    """
    assert op.kind is not None
    asked = any(
        name not in op.kind.explicit
        for name, option in op.kind.options.items()
        if not option.hidden_at_default
    )
    if asked and all(
        consumer.kind is not None and consumer.kind.removes_mean for consumer in consumers
    ):
        norm = consumers[0].kind.word if consumers[0].kind else ""
        message = f"the bias of `{_text(graph, op)}` has no effect: `{norm}` takes each channel's mean away"
        yield _warning(
            graph,
            "W715",
            op,
            message,
            "say bias=no, or leave the bias out: the norm has a shift of its own",
        )


def _noise_at_the_end(graph: Graph) -> Iterator[Diagnostic]:
    """Dropout and its like with no layer between them and an output; a fragment's end is no
    output.
    """
    fragment = any(graph.layers[graph.ops[point.op].layer].span is None for point in graph.inputs)
    for output in () if fragment else graph.outputs:
        op = graph.ops[output.op]
        while (
            op.kind is not None
            and len(op.inputs) == 1
            and (op.kind.shape_only or op.kind.inactive_in_use or op.kind.group == "activation")
        ):
            if op.kind.inactive_in_use:
                message = f"`{_text(graph, op)}` stands behind the last layer: while training it spoils the output itself"
                yield _warning(
                    graph, "W716", op, message, "put it before the last layer that has weights"
                )
                break
            op = graph.ops[op.inputs[0]]


def _out_of_proportion(graph: Graph) -> Iterator[Diagnostic]:
    """The largest output, where it has more than `LARGEST` elements."""
    op = max(graph.ops, key=lambda op: op.size)
    if op.size > LARGEST:
        gibibytes = f"{op.size * 4 / 2**30:,.1f}"
        message = f"`{_text(graph, op)}` gives {dims(op.shape)}: {op.size:,} numbers, {gibibytes} GiB of float32 for one example"
        yield _warning(
            graph,
            "W717",
            op,
            message,
            "a stride or a pool before it, or fewer channels, make it smaller",
        )


# --- comments that silence ------------------------------------------------------------------------


def silenced(diagnostics: Iterable[Diagnostic], source: Source, whole: bool) -> list[Diagnostic]:
    """The diagnostics without the warnings that `# netdsl: ignore W703` on their line silences.

    With `whole`, every warning of `source` is among them, and comments that silence nothing are
    warned of.
    """
    ignored: dict[Source, dict[int, set[str]]] = {}  # by source, the codes by their lines
    kept: list[Diagnostic] = []
    hit: set[tuple[int, str]] = set()
    for diagnostic in diagnostics:
        span = diagnostic.span
        if span is not None and diagnostic.severity == "warning":
            if span.source not in ignored:
                ignored[span.source] = {
                    line: set(codes) for line, _, codes in _ignores(span.source)
                }
            line = span.source.position(span.start)[0] if ignored[span.source] else 0
            if diagnostic.code in ignored[span.source].get(line, ()):
                hit |= {(line, diagnostic.code)} if span.source is source else set()
                continue
        kept.append(diagnostic)
    if whole and "netdsl:" in source.text:
        kept += _idle_ignores(source, hit)
    return kept


def _ignores(source: Source) -> Iterator[tuple[int, Span, list[str]]]:
    """The comments that silence: their line, place and codes."""
    if "netdsl:" not in source.text:
        return
    for comment in _STRING_OR_COMMENT.finditer(source.text):
        ignore = _IGNORE.search(comment.group())
        if ignore and comment.group().startswith("#"):
            start = comment.start() + ignore.start()
            yield (
                source.position(start)[0],
                Span(source, start, start + len(ignore.group().rstrip())),
                re.findall("[A-Z][0-9]+", ignore[1]),
            )


def _idle_ignores(source: Source, hit: set[tuple[int, str]]) -> Iterator[Diagnostic]:
    for line, span, codes in _ignores(source):
        if not codes:
            yield Diagnostic(
                "W718",
                "this comment names no code",
                span,
                help="write the codes: # netdsl: ignore W703",
            )
        for code in codes:
            if (line, code) not in hit:
                errors = code.startswith("N")
                message = (
                    f"there is no {code} on this line to ignore"
                    if not errors
                    else f"{code} is an error, which no comment silences"
                )
                yield Diagnostic(
                    "W718",
                    message,
                    span,
                    help="remove it" if not errors else "mend it, or leave the comment out",
                )
