"""The parser's tables, made once from `grammar/netdsl.lark` and kept as JSON: building them costs more than a whole `table`.

`python -m netdsl.syntax.tables` (or `make tables`) makes `grammar/netdsl.json` again; a test says when it is stale.
"""

from __future__ import annotations

import json
import os
from typing import Any

STARTS = ("net", "use", "param", "default", "def", "let", "input", "tie", "expect", "flow")


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def grammar_folder() -> str:
    """The folder of the grammar: inside the package where it was installed, beside it in a checkout.

    Raises:
        FileNotFoundError: where neither is there.
    """
    for folder in (os.path.join(_PACKAGE, "grammar"), os.path.join(os.path.dirname(_PACKAGE), "grammar")):
        if os.path.isfile(os.path.join(folder, "netdsl.lark")):
            return folder
    raise FileNotFoundError("netdsl was installed without its grammar")


def _text(name: str) -> str:
    with open(os.path.join(grammar_folder(), name), encoding="utf-8") as file:
        return file.read()


def fingerprint() -> str:
    """What tells the grammar from others: kept tables are fresh where they hold the same. Lark numbers its states anew each time."""
    import hashlib

    return hashlib.sha256(_text("netdsl.lark").encode()).hexdigest()


def made_from_grammar() -> dict[str, Any]:
    """The tables, made anew."""
    import lark as lark_package
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    text = _text("netdsl.lark")
    lark = Lark(text, parser="lalr", lexer="contextual", start=list(STARTS), maybe_placeholders=True)
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    _renumber(data["parser"]["parser"])
    tables = {"grammar": fingerprint(), "lark": lark_package.__version__, "data": data, "memo": memo}
    return json.loads(json.dumps(tables))  # type: ignore[no-any-return]


def _renumber(parse_table: dict[str, Any]) -> None:
    """Numbers states and tokens by the grammar alone: Lark's own numbers differ from one run of Python to the next."""
    names, states = parse_table["tokens"], parse_table["states"]
    tokens = {name: number for number, name in enumerate(sorted(names.values()))}
    starts, ends = parse_table["start_states"], parse_table["end_states"]
    actions = {state: sorted((names[token], action) for token, action in row.items()) for state, row in states.items()}
    found = dict.fromkeys(starts[start] for start in sorted(starts))
    waiting = list(found)
    while waiting:
        targets = [target for _, (kind, target) in actions[waiting.pop()] if kind == 0]  # 0 shifts to a state, 1 reduces by a rule
        waiting += [target for target in dict.fromkeys(targets) if target not in found]
        found |= dict.fromkeys(targets)
    number = {state: position for position, state in enumerate([*found, *(ends[end] for end in sorted(ends) if ends[end] not in found)])}
    parse_table["tokens"] = {position: name for name, position in tokens.items()}
    parse_table["states"] = {
        number[state]: {tokens[name]: (kind, number[to] if kind == 0 else to) for name, (kind, to) in actions[state]} for state in number
    }
    parse_table["start_states"] = {start: number[state] for start, state in starts.items()}
    parse_table["end_states"] = {end: number[state] for end, state in ends.items()}


def load_tables() -> dict[str, Any]:
    """The kept tables; made anew from the grammar where another Lark than theirs is installed."""
    import lark

    tables = json.loads(_text("netdsl.json"))
    return _with_number_keys(tables if tables.get("lark") == lark.__version__ else made_from_grammar())


def _with_number_keys(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables as Lark wants them: JSON has made strings of its whole-number keys, and lists of its tuples."""
    tables["memo"] = {int(key): value for key, value in tables["memo"].items()}
    parse_table = tables["data"]["parser"]["parser"]
    parse_table["tokens"] = {int(key): value for key, value in parse_table["tokens"].items()}
    parse_table["states"] = {
        int(state): {int(token): tuple(action) for token, action in actions.items()} for state, actions in parse_table["states"].items()
    }
    return tables


def main() -> None:
    path = os.path.join(grammar_folder(), "netdsl.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(made_from_grammar(), separators=(",", ":"), sort_keys=True) + "\n")
    print(f"{path}: {os.path.getsize(path):,} bytes")


if __name__ == "__main__":
    main()
