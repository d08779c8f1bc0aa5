"""What the arrays of a layer begin with."""

from __future__ import annotations

from typing import Any

from netdsl.kinds.facts import Weight
from netdsl.kinds.stated import Stated
from netdsl.kinds.values import Word


class Begun(Stated):
    """What a configured layer says of its arrays before they are trained."""

    values: dict[str, Any]

    def initial(self, np: Any, weight: Weight) -> Any:
        """Return the array that one of its weights begins with; None for one drawn at random."""
        # A norm begins as the identity: factor 1, shift 0, moving mean 0 and variance 1.
        usual = 1 if weight.role == "factor" or weight.name.endswith("variance") else 0
        start = self.values.get("bias_init" if weight.role == "bias" else "init", usual)
        start = usual if weight.role == "moving" else start
        return None if isinstance(start, Word) else np.full(weight.shape, float(start))
