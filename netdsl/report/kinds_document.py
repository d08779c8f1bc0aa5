"""`docs/kinds.md`, made from the classes in `netdsl/kinds`.

`python -m netdsl.report.kinds_document` (or `make docs`) prints it; a test says when it is stale.
"""

from __future__ import annotations

import re

from netdsl.kinds import KINDS, Kind
from netdsl.report.kind_pages import kind_page

GROUPS = (
    *("convolution", "dense", "pooling", "norm", "activation", "noise", "merge", "shape"),
    *("sequence", "unpooling", "other"),
)
"""The families of kinds, in the order in which people ask for them."""


def kinds_document() -> str:
    """Write `docs/kinds.md`: all kinds by their groups, those that most networks have first."""
    groups: dict[str, list[type[Kind]]] = {group: [] for group in GROUPS}
    for kind in dict.fromkeys(KINDS.values()):
        groups[kind.group].append(kind)
    lines = [
        "# Kinds of layers",
        "",
        "Made from the classes in `netdsl/kinds` by `make docs`. `netdsl explain conv` prints one "
        "of these.",
        "`K` is the window, `N` the amount, `S` the stride. An activation with an amount, such as "
        "`softmax-10`, is `fc-10` with",
        "that activation. [Elsewhere](from-keras-and-pytorch.md): the layer or function of Keras "
        "and PyTorch that computes the same, with other defaults.",
        "",
        *(
            f"- {group}: {' '.join(f'[`{kind.word}`](#{_anchor(kind)})' for kind in kinds)}"
            for group, kinds in groups.items()
        ),
    ]
    for kinds in groups.values():
        for kind in kinds:
            lines += ["", re.sub(r"(?m)^# ", "## ", kind_page(kind))]
    return "\n".join(lines) + "\n"


def _anchor(kind: type[Kind]) -> str:
    """Return the name that GitHub gives the heading `conv · convolution`."""
    return f"{kind.word}--{kind.group}".replace(" ", "-")


if __name__ == "__main__":
    print(kinds_document(), end="")
