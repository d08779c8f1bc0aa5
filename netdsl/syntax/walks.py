"""Questions about trees that need no meaning of their names."""

from __future__ import annotations

from typing import Any

from netdsl.syntax import tree


def only_layer(chain: tree.Chain) -> tree.LayerNode | None:
    """Return the layer of a chain that is one layer, not repeated and without a name."""
    step = chain.steps[0]
    if len(chain.steps) > 1 or step.repeat is not None or step.branches is not None or step.name:
        return None
    return step.body if isinstance(step.body, tree.LayerNode) else None


def one_word(chain: tree.Chain) -> tree.LayerNode | None:
    """Return the step of a chain that is one word, maybe with arguments, and nothing else.

    It may be meant as an option's value.
    """
    body = only_layer(chain)
    if body is None or body.size or body.amount is not None or body.stride:
        return None
    return body


def bare_word(chain: tree.Chain) -> tree.Name | None:
    """Return the word of a chain that is one word and nothing else."""
    body = one_word(chain)
    return body.word if body and body.arguments is None else None


def is_chain(value: Any) -> bool:
    """Return whether a value can only be meant as a chain of layers."""
    return isinstance(value, tree.Chain) and one_word(value) is None


def first_reference(chain: tree.Chain) -> tree.Reference | None:
    """Return the reference that a chain, or its first branch, begins with; None where it has
    none."""
    first = chain.steps[0].body
    while isinstance(first, tree.Group | tree.MergeNode):
        first = (first.chain if isinstance(first, tree.Group) else first.branches[0]).steps[0].body
    return first if isinstance(first, tree.Reference) else None


def names_of(statement: tree.Statement | tree.Chain) -> set[str]:
    """Return the names that a statement brings in.

    A block's or param's own, and those after `as`.
    """
    # Points within a block are not seen from outside.
    if isinstance(statement, tree.Def | tree.Let | tree.Param | tree.Net | tree.TensorStatement):
        return {statement.name.text}
    names: set[str] = set()
    if isinstance(statement, tree.Input):
        names.add(statement.name.text if statement.name else "input")
    waiting: list[Any] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.Step) and node.name:
            names.add(node.name.text)
        if isinstance(node, tuple):
            # Nodes are named tuples: all of a tree is reached without a case for each kind.
            waiting += [item for item in node if isinstance(item, tuple)]
    return names


def words_in(node: Any) -> set[str]:
    """Return the names that layers, values and expressions within a node refer to."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.LayerNode):
            found.add(node.word.text)
            waiting += (node.size, node.amount, node.stride, node.arguments)
        elif isinstance(node, tree.Expression):
            found.update(
                str(step.argument).split(".")[0] for step in node.code if step.op == "name"
            )
        elif isinstance(node, tuple) and not isinstance(node, tree.Name | tree.Number):
            waiting += node
    return found
