"""What a text says, as frozen values: the tree that the parser gives and that `expand` reads.

`start` and `end` are offsets in the source. Named tuples, because two dozen dataclasses would cost
18 ms at every start; and their annotations are values, not texts, which would take 2 ms and 0.2 MB
more.
"""

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction
else:
    Fraction = Value = Chain = Any  # until the two are made


class Number(NamedTuple):
    """A number as it is written, exact."""

    value: int | Fraction
    start: int
    end: int


class String(NamedTuple):
    """A string without its quotes."""

    value: str
    start: int
    end: int


class Instruction(NamedTuple):
    """One step of an expression in postfix order (see `netdsl.expressions`)."""

    op: str
    argument: int | Fraction | str | None
    start: int
    end: int


class Expression(NamedTuple):
    """A postfix program: evaluating it needs no recursion, however long or deep the expression
    is.
    """

    code: tuple[Instruction, ...]
    start: int
    end: int


class Sizes(NamedTuple):
    """`224x224x3`, `{h}x{w}x3`, a stride `2x1`; one size alone where a shape is asked for."""

    items: tuple[Number | Expression, ...]
    start: int
    end: int


class Tuple(NamedTuple):
    """`(1, 2)`, `[1, 2]`: a list of values."""

    items: tuple[Value, ...]
    start: int
    end: int


class Name(NamedTuple):
    """A word."""

    text: str
    start: int
    end: int


class ArgumentNode(NamedTuple):
    """A value in brackets after a word: `pad=2` has a name, `0.5` has none."""

    name: Name | None
    value: Value
    start: int
    end: int


class LayerNode(NamedTuple):
    """A word with what belongs to it: a kind, a block, a shared piece or a parameter; `size` is
    what is in braces only.
    """

    word: Name
    size: Sizes | None
    amount: Number | Expression | None
    stride: Sizes | None
    arguments: tuple[ArgumentNode, ...] | None
    start: int
    end: int


class MergeNode(NamedTuple):
    """`[ a | b ]` (no word: concatenation), `add[ a | b ]` or `matmul(transpose)[ a | b ]`."""

    word: Name | None
    arguments: tuple[ArgumentNode, ...] | None
    branches: tuple[Chain, ...]
    start: int
    end: int


class Group(NamedTuple):
    """`(CHAIN)`."""

    chain: Chain
    start: int
    end: int


class Reference(NamedTuple):
    """`@name`, `@use.name`, `@name.0`, `@name.*`; `name` is without the sign."""

    name: str
    start: int
    end: int


class When(NamedTuple):
    """`when(condition, chain)`, or with a chain for the other case."""

    condition: Expression
    then: Chain
    otherwise: Chain | None
    start: int
    end: int


Body: TypeAlias = LayerNode | MergeNode | Group | Reference | When


class Step(NamedTuple):
    """One step of a chain: `body xN |N as name`."""

    body: Body
    repeat: Number | Expression | None
    branches: Number | Expression | None
    name: Name | None
    start: int
    end: int


class Chain(NamedTuple):
    """Steps joined by `>`."""

    steps: tuple[Step, ...]
    start: int
    end: int


Value: TypeAlias = Number | String | Expression | Sizes | Tuple | Chain


# --- statements -----------------------------------------------------------------------------------


class Net(NamedTuple):
    """`net NAME`."""

    name: Name
    start: int
    end: int


class Use(NamedTuple):
    """`use NAME` or `use "FILE"`."""

    what: Name | String
    start: int
    end: int


class Param(NamedTuple):
    """`param NAME = VALUE`."""

    name: Name
    value: Expression
    start: int
    end: int


class Setting(NamedTuple):
    """One kind's part of a `default` statement."""

    word: Name
    arguments: tuple[ArgumentNode, ...]
    start: int
    end: int


class Default(NamedTuple):
    """`default conv(bn), fc(tanh)`."""

    settings: tuple[Setting, ...]
    start: int
    end: int


class Parameter(NamedTuple):
    """A parameter of a block, with its default value."""

    name: Name
    default: Value | None
    start: int
    end: int


class Def(NamedTuple):
    """`def NAME(a, b=1) = CHAIN`."""

    name: Name
    parameters: tuple[Parameter, ...]
    chain: Chain
    start: int
    end: int


class Let(NamedTuple):
    """`let NAME = CHAIN`."""

    name: Name
    chain: Chain
    start: int
    end: int


class Head(NamedTuple):
    """The shape that an input has, or `128 of int(20000)`."""

    shape: Sizes
    type: Name | None
    limit: Value | None
    start: int
    end: int


class Input(NamedTuple):
    """An `input` statement, or a flow that begins with a shape; `steps` may be empty.

    With `branches` it is several inputs.
    """

    name: Name | None
    head: Head
    branches: Number | Expression | None
    steps: tuple[Step, ...]
    start: int
    end: int


class Output(NamedTuple):
    """`output @mean, @logvar`."""

    points: tuple[Reference, ...]
    start: int
    end: int


class TensorStatement(NamedTuple):
    """`learned NAME: SHAPE`, with `= VALUE` how it begins, or `fixed NAME: SHAPE = VALUE`."""

    name: Name
    shape: Sizes
    value: Value | None
    learned: bool
    start: int
    end: int


class Tie(NamedTuple):
    """`tie NAME = transpose OTHER`."""

    name: Name
    how: Name
    other: Name
    start: int
    end: int


class Given(NamedTuple):
    """`given NAME = VALUE`: numbers for an input."""

    name: Name
    value: Number | Expression | Sizes | Tuple
    start: int
    end: int


class Expect(NamedTuple):
    """`expect WHAT = FACT`; a fact in brackets is numbers, any other a shape or a count."""

    what: Name | Reference
    fact: Sizes | Tuple
    start: int
    end: int


class Flow(NamedTuple):
    """A chain that is a statement."""

    chain: Chain
    start: int
    end: int


Statement: TypeAlias = (
    Net
    | Use
    | Param
    | Default
    | Def
    | Let
    | Input
    | TensorStatement
    | Output
    | Tie
    | Given
    | Expect
    | Flow
)
