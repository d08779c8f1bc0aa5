"""The rules of the grammar for statements."""

from __future__ import annotations

from typing import Any

from netdsl.syntax import tokens, tree
from netdsl.syntax.steps import StepRules, as_sizes


class StatementRules(StepRules):
    """The rules of the grammar for statements."""

    def net(self, parts: list[Any]) -> tree.Net:
        name = tokens.name(parts[0])
        # From its word on (`net `): it is the only statement that is marked as a whole.
        return tree.Net(name, name.start - 4, name.end)

    def use(self, parts: list[Any]) -> tree.Use:
        what = self.string(parts) if parts[0].type == "STRING" else tokens.name(parts[0])
        return tree.Use(what, what.start, what.end)

    def param(self, parts: list[Any]) -> tree.Param:
        name, code = tokens.name(parts[0]), parts[1]
        value = tree.Expression(code, code[0].start, code[-1].end)
        return tree.Param(name, value, name.start, value.end)

    def setting(self, parts: list[Any]) -> tree.Setting:
        word = tokens.name(parts[0])
        return tree.Setting(word, parts[1] or (), word.start, parts[2].end)

    def default(self, parts: list[Any]) -> tree.Default:
        return tree.Default(tuple(parts), parts[0].start, parts[-1].end)

    def parameters(self, parts: list[Any]) -> tuple[tree.Parameter, ...]:
        return tuple(parts)

    def parameter(self, parts: list[Any]) -> tree.Parameter:
        name, default = tokens.name(parts[0]), parts[1]
        end = name.end if default is None else default.end
        return tree.Parameter(name, default, name.start, end)

    def let(self, parts: list[Any]) -> tree.Let:
        name = tokens.name(parts[0])
        return tree.Let(name, parts[1], name.start, parts[1].end)

    def head(self, parts: list[Any]) -> tree.Head:
        dims, of, type_token, limit, closer = parts
        shape = as_sizes(dims)
        if of is None:
            return tree.Head(shape, None, None, shape.start, shape.end)
        return tree.Head(shape, tokens.name(type_token), limit, shape.start, closer.end)

    def input(self, parts: list[Any]) -> tree.Input:
        name, head, branches, *steps = parts
        own_name = None if name is None else tokens.name(name)
        start = own_name.start if own_name else head.start
        end = (steps or [branches or head])[-1].end
        return tree.Input(own_name, head, branches, tuple(steps), start, end)

    def headed_flow(self, parts: list[Any]) -> tree.Input:
        return self.input([None, *parts])

    def learned(self, parts: list[Any]) -> tree.TensorStatement:
        name, shape = tokens.name(parts[0]), as_sizes(parts[1])
        value = parts[2]
        end = shape.end if value is None else value.end
        return tree.TensorStatement(name, shape, value, True, name.start, end)

    def fixed(self, parts: list[Any]) -> tree.TensorStatement:
        return self.learned(parts)._replace(learned=False)

    def output(self, parts: list[Any]) -> tree.Output:
        points = tuple(self.reference([part]) for part in parts)
        return tree.Output(points, points[0].start, points[-1].end)

    def flow(self, parts: list[Any]) -> tree.Flow:
        return tree.Flow(parts[0], parts[0].start, parts[0].end)

    def tie(self, parts: list[Any]) -> tree.Tie:
        name, how, other = map(tokens.name, parts)
        return tree.Tie(name, how, other, name.start, other.end)

    def given(self, parts: list[Any]) -> tree.Given:
        name = tokens.name(parts[0])
        return tree.Given(name, parts[1], name.start, parts[1].end)

    def expect(self, parts: list[Any]) -> tree.Expect:
        if parts[0].type == "REF":
            what: tree.Reference | tree.Name = self.reference(parts[:1])
        else:
            what = tokens.name(parts[0])
        fact = parts[1] if isinstance(parts[1], tree.Tuple) else as_sizes(parts[1])
        return tree.Expect(what, fact, what.start, fact.end)


def _def(self: StatementRules, parts: list[Any]) -> tree.Def:
    name = tokens.name(parts[0])
    return tree.Def(name, parts[1] or (), parts[3], name.start, parts[3].end)


# the rule is called by its statement's word, which Python keeps for itself
setattr(StatementRules, "def", _def)
