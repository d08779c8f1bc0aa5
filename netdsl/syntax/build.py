"""The tree's values from what the parser reduces: one method for each rule of
`grammar/netdsl.lark`.

The parser calls these as it reduces, bottom up, so no nesting is too deep. Spans end where the last
kept token ends; that is why the grammar names its closing brackets.
"""

from __future__ import annotations

from netdsl.syntax.postfix import ExpressionRules
from netdsl.syntax.statements import StatementRules


class Builder(ExpressionRules, StatementRules):
    """The parser's methods.

    Each takes the parts of its rule; `None` is in the place of an optional part that is left out.
    """
