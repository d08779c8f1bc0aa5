"""`python -m netdsl.kinds.make_words` (or `make docs`) writes which module defines which words."""

import json

from netdsl.kinds.kind import KINDS
from netdsl.kinds.registry import WORDS


def main() -> None:
    """Write the words of all kinds by their modules, a line a module."""
    found = KINDS.words_by_module()
    lines = (f"{json.dumps(name)}: {json.dumps(words)}" for name, words in found.items())
    with open(WORDS, "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
