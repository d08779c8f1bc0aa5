"""Chains of items as the statements of a function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from netdsl.emit.calls import PythonText
from netdsl.emit.heads import LayerHead, SharedHead
from netdsl.emit.naming import parameter_name, parameter_order, role_of
from netdsl.emit.plan import ProgramPlan, name_of_made
from netdsl.emit.signatures import DEFAULTS, SUMS
from netdsl.emit.statements import (
    ApplyLayer,
    Assign,
    CallFunction,
    Expression,
    Function,
    FunctionParameter,
    NewInput,
    NewLayer,
    NewModel,
    Repeat,
    Return,
    Statement,
    ThroughLayers,
    Variable,
)
from netdsl.factoring.items import (
    REFERENCE,
    REPEAT,
    BlockCall,
    FactoredBlock,
    Formula,
    Item,
    ItemChain,
    NodeName,
    RootedChain,
    all_items,
    begins_elsewhere,
)
from netdsl.naming import identifier, unique_name

_MAIN = 4  # a branch this many times as long as the other one continues with the same variable


class FunctionWriter:
    """Writes one function.

    Attributes:
        blocks: by their numbers; `functions` is what they are called.
        taken: the names that variables cannot have.
        body: the statements so far.
        variables: of nodes that others refer to, and of what is made once.
        referred: nodes that others refer to.
    """

    def __init__(
        self,
        plan: ProgramPlan,
        blocks: Mapping[int, FactoredBlock],
        functions: Mapping[int, str],
        taken: set[str],
    ) -> None:
        self.plan, self.blocks, self.functions, self.taken = plan, blocks, functions, taken
        self.body: list[Any] = []
        # Layers that are made once are named by negative nodes: no node of the graph is below 0.
        self.variables = {name_of_made(number).node: name for number, name in enumerate(plan.made)}
        self.referred: set[int] = set()

    def block(self, block: FactoredBlock) -> Function:
        """Return a block's function, without a name."""
        self.taken |= {parameter_name(parameter.name) for parameter in block.parameters}
        self._refer([block.chain])
        result = self._chain(block.chain, "x", "x")
        ordered = sorted(block.parameters, key=lambda parameter: parameter_order(parameter.name))
        parameters = [
            FunctionParameter(parameter_name(each.name), _default(each.name)) for each in ordered
        ]
        if not begins_elsewhere(block.chain):
            parameters.insert(0, FunctionParameter("x"))
        return Function("", tuple(parameters), _returning(self.body, result))

    def model(self, name: str, model_name: str, chains: Sequence[RootedChain]) -> Function:
        """Return the function that makes the model."""
        plan = self.plan
        self._refer([each.chain for each in chains])
        if len(plan.outputs) > 1:
            self.referred.update(plan.outputs)
        self.body += (Assign(variable, layers) for variable, layers in plan.made.items())
        self._inputs()
        result = ""
        for each in chains:
            start = "x" if each.start is None else self.variables[each.start]
            result = self._chain(each.chain, start, "x")
        outputs = [self.variables[node] for node in plan.outputs] if len(plan.outputs) > 1 else []
        last = self.body[-1]
        # `outputs = layers.Dense(...)(x)`, as Keras's own examples end.
        if not outputs and isinstance(last, Assign) and last.target == result == "x":
            self.body[-1] = last._replace(target="outputs")
            result = "outputs"
        inputs = tuple(self.variables[each.node] for each in plan.inputs)
        model = NewModel(inputs, tuple(outputs or [result]), model_name)
        return Function(name, (), (*self.body, Return(model)))

    def _inputs(self) -> None:
        several = len(self.plan.inputs) > 1
        for node, name, arguments in self.plan.inputs:
            variable = unique_name(identifier(name), self.taken) if several else "inputs"
            self.variables[node] = variable
            self.body.append(Assign(variable, NewInput(arguments, name if several else None)))

    def _refer(self, chains: Iterable[ItemChain]) -> None:
        self.referred.update(
            value.node
            for chain in chains
            for item in all_items(chain)
            for value in item.values
            if isinstance(value, NodeName)
        )

    # --- statements ---

    def _chain(self, chain: ItemChain, current: str, target: str) -> str:
        """Add the statements of a chain on the variable `current`, into `target`.

        Returns the variable that then holds the result.
        """
        for item in chain:
            current = self._item(item, current, target)
        return current

    def _item(self, item: Item, current: str, target: str) -> str:
        if item.head == REFERENCE:
            return self._variable_of(item.values[0])
        if item.head == REPEAT:
            self._copy(target, current)
            self._repeat(self._value(item.values[0]), item.children[0], target)
        elif isinstance(item.head, SharedHead) and item.head.run:
            self._copy(target, current)
            self.body.append(ThroughLayers(self._variable_of(item.values[0]), target))
        elif item.children:
            self.body.append(Assign(target, self._merge(item, current, target)))
        else:
            self.body.append(Assign(target, self._call(item, (current,))))
        return self._named(item.node, target)

    def _named(self, node: int, target: str) -> str:
        """Return the variable of a node that others refer to; of others the target."""
        if node not in self.referred or node in self.variables:
            return target
        stated = self.plan.names.get(node)
        name = unique_name("y" if stated is None else identifier(stated), self.taken)
        self.variables[node] = name
        last = self.body[-1]
        if isinstance(last, Assign) and last.target == target:
            # The statement itself assigns the name; `y = x` after it would be a line for nothing.
            self.body[-1] = last._replace(target=name)
        else:
            self.body.append(Assign(name, Variable(target)))
        return name

    def _copy(self, target: str, current: str) -> None:
        if target != current:
            self.body.append(Assign(target, Variable(current)))

    def _repeat(self, times: Any, chain: ItemChain, target: str) -> None:
        outer, self.body = self.body, []
        self._copy(target, self._chain(chain, target, target))
        outer.append(Repeat(times, tuple(self.body)))
        self.body = outer

    def _merge(self, item: Item, current: str, target: str) -> Expression:
        """Add the branches' statements, and return the call that merges them.

        One branch can be the main one, which continues with the variable `target`; the others have
        variables of their own.
        """
        children = item.children
        works = [at for at, child in enumerate(children) if child and not _is_reference(child)]
        main, base = _main_branch(item, works)
        # Branches that are done free their variables: the next merge may use the same names.
        taken = set(self.taken)
        results: dict[int, str] = {}
        # The main branch last: it overwrites the variable that the others read.
        for at in sorted(range(len(children)), key=lambda at: at == main):
            own = self._variable(base) if at in works and at != main else target
            # An empty branch is the input itself, kept before the main one overwrites it.
            if main >= 0 and not children[at] and current == target:
                own = self._variable(base)
                self._copy(own, current)
                results[at] = own
            else:
                results[at] = self._chain(children[at], current, own)
        self.taken = taken | set(self.variables.values())
        return self._call(item, tuple(results[at] for at in range(len(children))))

    def _variable(self, base: str) -> str:
        """Return a variable of this name, or of this name with a number; branches count from 1."""
        return unique_name(base, self.taken, numbered=base == "branch")

    # --- expressions ---

    def _call(self, item: Item, inputs: tuple[str, ...]) -> Expression:
        """Return the call of an item on these variables."""
        head = item.head
        if isinstance(head, BlockCall):
            given = () if head.elsewhere else inputs
            return self._block_call(self.blocks[head.block], item, given)
        if isinstance(head, SharedHead):
            layer = Variable(self._variable_of(item.values[0]))
            return ApplyLayer(layer, head.applied, inputs)
        assert isinstance(head, LayerHead)
        if not head.made:
            return ApplyLayer(None, head.applied, inputs)
        left = iter(item.values)
        arguments = tuple(
            (name, self._value(next(left)) if text is None else PythonText(text))
            for name, text in zip(head.names, head.texts, strict=True)
        )
        return ApplyLayer(NewLayer(head.made, arguments), head.applied, inputs)

    def _block_call(
        self, block: FactoredBlock, item: Item, inputs: tuple[str, ...]
    ) -> CallFunction:
        """Return a block's call.

        Arguments in order, by name where they have defaults and differ.
        """
        pairs = zip(block.parameters, item.values, strict=True)
        arguments: list[tuple[str, Any]] = []
        for parameter, value in sorted(pairs, key=lambda pair: parameter_order(pair[0].name)):
            default = _default(parameter.name)
            if default is None or value != default:
                name = "" if default is None else parameter_name(parameter.name)
                arguments.append((name, self._value(value)))
        return CallFunction(self.functions[block.number], inputs, tuple(arguments))

    def _value(self, value: Any) -> Any:
        return Variable(self.variables[value.node]) if isinstance(value, NodeName) else value

    def _variable_of(self, value: Any) -> str:
        """Return the variable that a reference means.

        Of a node, or a parameter of this function.
        """
        if isinstance(value, NodeName):
            return self.variables[value.node]
        assert isinstance(value, Formula)
        return parameter_name(value.parameter)


def _main_branch(item: Item, works: Sequence[int]) -> tuple[int, str]:
    """Return the branch that continues with the same variable (-1 where there is none), and what
    the variables of the others are called; `works` are those that do something.
    """
    children = item.children
    made = item.head.made if isinstance(item.head, LayerHead) else ""
    sizes = [sum(1 for _ in all_items(child)) for child in children]
    if (
        len(children) == 2
        and _takes_only_input(item)
        # A sum of two is a residual; of other merges only where one branch is clearly the way.
        and (made in SUMS or (len(works) == 2 and max(sizes) > _MAIN * min(sizes)))
    ):
        return sizes.index(max(sizes)), "shortcut"
    if len(works) > 1:
        return -1, "branch"
    return -1, "gate" if made == "layers.Multiply" else "y"


def _is_reference(chain: ItemChain) -> bool:
    return len(chain) == 1 and chain[0].head == REFERENCE


def _takes_only_input(item: Item) -> bool:
    """Return whether the branches take nothing but the input."""
    return not any(
        isinstance(value, NodeName) and value.node >= 0
        for child in item.children
        for each in all_items(child)
        for value in each.values
    )


def _default(name: str) -> Any:
    """Return the default value of a parameter; None where it has none."""
    return DEFAULTS.get(role_of(name))


def _returning(body: Sequence[Statement], result: str) -> tuple[Statement, ...]:
    """Return the statements, the last of which returns the result."""
    last = body[-1]
    if isinstance(last, Assign) and last.target == result:
        return (*body[:-1], Return(last.value))
    return (*body, Return(Variable(result)))
