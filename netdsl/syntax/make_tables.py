"""`python -m netdsl.syntax.make_tables` (or `make docs`) makes the tables that are shipped."""

import json
import os

from netdsl.syntax.grammar import TABLES, grammar_folder, grammar_text
from netdsl.syntax.tables import tables_of


def main() -> None:
    """Write the tables of the grammar next to it."""
    path = os.path.join(grammar_folder(), TABLES)
    with open(path, "w", encoding="utf-8") as file:
        # Without spaces: the file is read at every start.
        file.write(json.dumps(tables_of(grammar_text()), separators=(",", ":")) + "\n")
    print(f"{path}: {os.path.getsize(path):,} bytes")


if __name__ == "__main__":
    main()
