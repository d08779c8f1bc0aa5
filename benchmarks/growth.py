"""How the cost of reading a text grows with its length: each construct of the language, written n
times.

    python benchmarks/growth.py [--least 250] [--steps 3] [--runs 2] [--only WORD]

A row is a construct: each kind of layer, merge, statement and form of a step. Texts with n, 2 n and
4 n of it are read (`check`); the exponent is the slope of the logarithm of the CPU seconds, those
of an empty text subtracted, over that of the length. 1 is linear growth. Rows above 1.1 are marked.
"""

from __future__ import annotations

import argparse
import gc
import math
import time
from collections.abc import Callable

from netdsl.errors import Source
from netdsl.kinds import KINDS
from netdsl.kinds.values import Indices, dims
from netdsl.reading import ReadOptions, check_source

Text = Callable[[int], str]

STEEP = 1.1


def chain(step: str, start: str = "input 8x8x4") -> Text:
    """One flow of a step, n times."""
    return lambda n: f"{start} > " + " > ".join([step] * n) + "\n"


def lines(line: Callable[[int], str], before: str = "", after: str = "input 4 > fc-2") -> Text:
    """A line n times, numbered from 0."""
    return lambda n: "\n".join([before, *(line(i) for i in range(n)), after]) + "\n"


def kinds() -> dict[str, Text]:
    """Each kind by itself: its first case as a flow of its own, n times."""
    found = {}
    for word, kind in KINDS.items():
        if kind.cases:
            case = kind.cases[0]
            limit = f" of int({case.input.limit})" if isinstance(case.input, Indices) else ""
            head = f"input x: {dims(tuple(case.input))}{limit}" if case.input else ""
            found[f"kind {word}"] = lines(lambda i, text=case.text: f"@x > {text}", head, "")
    return found


STEPS: dict[str, Text] = {
    "a chain of convolutions": chain("conv1-4"),
    "a chain of norms": chain("bn"),
    "a group": chain("(conv1-4 > bn)"),
    "a repeat": chain("conv1-4 x2"),
    "a repeat of a group": chain("(conv1-4 > bn) x2"),
    "one long repeat": lambda n: f"input 8x8x4 > conv1-4 x{n}\n",
    "a named step": lambda n: (
        "input 8x8x4 > " + " > ".join(f"conv1-4 as p{i}" for i in range(n)) + "\n"
    ),
    "a condition": chain("when(in > 2, conv1-4, bn)"),
    "an expression": chain("conv1-{in + 0}"),
    "add[ id | conv ]": chain("add[ id | conv1-4 ]"),
    "mul[ id | conv ]": chain("mul[ id | conv1-4 ]"),
    "concatenation, narrowed": chain("[ id | conv1-4 ] > conv1-4"),
    "concatenation, ever wider": chain("[ id | conv1-1 ]", "input 2x2x4"),
    "a merge of n branches": lambda n: f"input 8x8x4 > add[ {' | '.join(['conv1-4'] * n)} ]\n",
    "n branches side by side": lambda n: f"input 8x8x4 > add[ (conv1-4 > bn) |{n} as b ]\n",
    "branches that are none": chain("add[ conv1-4 | none ]"),
    "res": chain("res(conv1-4 > conv1-4)"),
    "gaussian": chain("gaussian[ conv1-4 | conv1-4 ]"),
    "each": chain("each(conv1-4 > bn)"),
    "each within each": chain("each(each(dense-4))"),
    "res with a projection": chain("res(conv1-8) > res(conv1-4)"),
    "a reference": lambda n: "input p: 8x8x4\n" + "@p > conv1-4\n" * n,
}

STATEMENTS: dict[str, Text] = {
    "comments": lines(lambda i: f"# line {i}"),
    "param": lines(lambda i: f"param p{i} = {i}"),
    "default": lines(lambda i: f"default conv(l2={i + 1})"),
    "def, never used": lines(lambda i: f"def d{i}(c) = conv1-{{c}}"),
    "def, each used once": lambda n: (
        "".join(f"def d{i}(c) = conv1-{{c}}\n" for i in range(n))
        + "input 8x8x4\n"
        + "".join(f"> d{i}(4)\n" for i in range(n))
    ),
    "one def used n times": lambda n: "def d(c) = conv1-{c}\ninput 8x8x4\n" + "> d(4)\n" * n,
    "let, each used once": lambda n: (
        "".join(f"let l{i} = conv1-4\n" for i in range(n))
        + "input 8x8x4\n"
        + "".join(f"> l{i}\n" for i in range(n))
    ),
    "one let used n times": lambda n: "let l = conv1-4\ninput 8x8x4\n" + "> l\n" * n,
    "input and flow": lines(lambda i: f"input x{i}_: 4 > fc-2", after=""),
    "n inputs side by side": lambda n: f"input x: 4 |{n} > fc-2 as y\n",
    "a flow for each of n points": lambda n: (
        f"input x: 4 |{n} > fc-2 as y\n@y.* > fc-2 as z\nadd[ @z.* ]\n"
    ),
    "output": lambda n: (
        "input 4\n"
        + "".join(f"> fc-4 as a{i}\n" for i in range(n + 1))
        + "".join(f"output @a{i}\n" for i in range(n))
    ),
    "net": lines(lambda i: f"net n{i}\ninput 4 > fc-2", after=""),
    "n defs before n nets": lambda n: (
        "".join(f"def d{i}() = fc-2\n" for i in range(n))
        + "".join(f"net n{i}\ninput 4 > d{i}\n" for i in range(n))
    ),
    "learned": lambda n: (
        "input 4\n"
        + "".join(f"learned t{i}: 4\n" for i in range(n))
        + f"add[ {' | '.join(f'@t{i}' for i in range(n))} ]\n"
    ),
    "fixed": lambda n: f"fixed t: {n} = ({', '.join('1' * n)})\ninput {n} > add[ id | @t ]\n",
    "a list of a param": lambda n: (
        f"param a = [{', '.join('1' * n)}]\ninput 4 > fc-{{len(a)}} > fc-{{a[0]}}\n"
    ),
    "lists of lists": lambda n: (
        f"input {n} > fc-2(init=[[{', '.join('1' * n)}], [{', '.join('2' * n)}]])\n"
    ),
    "an item of a list, n times": lambda n: "param a = [4, 5, 6]\ninput 4\n" + "> fc-{a[1]}\n" * n,
    "n kernels by lists": chain("conv1-1(init=[[2]])", "input 8x8x1"),
    "expect": lines(lambda i: "expect params = 10", "input 4 > fc-2", ""),
    "given and expect": lambda n: (
        f"input {n} > relu\ngiven x = [{', '.join('1' * n)}]\n"
        f"expect output = [{', '.join('1' * n)}]\n"
    ),
    "tie": lambda n: (
        "input 4\n"
        + "".join(f"> fc-4 as a{i}\n" for i in range(2 * n))
        + "".join(f"tie a{2 * i + 1} = transpose a{2 * i}\n" for i in range(n))
    ),
}

MISTAKES: dict[str, Text] = {
    "unknown words": lines(lambda i: f"> foo{i}", "input 4", ""),
    "lines that cannot be read": lines(lambda i: f"> conv3-{i} )", "input 4", ""),
    "lets that double": lambda n: (
        "let a0 = conv1-4\n"
        + "".join(f"let a{i + 1} = add[ a{i} | a{i} ]\n" for i in range(n))
        + f"input 8x8x4 > a{n}\n"
    ),
}


def seconds(text: str, runs: int) -> float:
    """Return the least CPU seconds of reading a text."""
    found = []
    for _ in range(runs):
        gc.collect()
        begin = time.process_time()
        check_source(Source("growth", text), ReadOptions(), "growth")
        found.append(time.process_time() - begin)
    return min(found)


def slope(sizes: list[int], costs: list[float]) -> float:
    """Return the least-squares slope of the logarithms."""
    x, y = [math.log(size) for size in sizes], [math.log(max(cost, 1e-5)) for cost in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum(
        (a - mean_x) ** 2 for a in x
    )


def print_exponents(least: int, steps: int, runs: int, only: str = "") -> None:
    """Print a row for each construct: CPU seconds at each length, and the exponent.

    Args:
        least: n of the shortest text.
        steps: how many texts, each twice as long as the one before.
        runs: how often each text is read; the least time counts.
        only: a word in the names of the rows to print.
    """
    sizes = [least * 2**step for step in range(steps)]
    seconds("input 4 > fc-2\n", 3)  # the parser's tables are loaded once
    nothing = seconds("input 4 > fc-2\n", 5)
    print(f"{'n':32}", *(f"{size:>8,}" for size in sizes), "  exponent")
    for name, text in {**STEPS, **STATEMENTS, **MISTAKES, **kinds()}.items():
        if only not in name:
            continue
        costs = [seconds(text(size), runs) - nothing for size in sizes]
        grows = slope(sizes, costs)
        mark = "  <- steep" if grows > STEEP else ""
        print(
            f"{name:32}", *(f"{cost:8.3f}" for cost in costs), f"  {grows:8.2f}{mark}", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="growth exponents of the language's constructs")
    parser.add_argument("--least", type=int, default=250, help="n of the shortest text")
    parser.add_argument("--steps", type=int, default=3, help="how many texts, each twice as long")
    parser.add_argument("--runs", type=int, default=2, help="of which the least counts")
    parser.add_argument("--only", default="", help="rows whose name holds this word")
    options = parser.parse_args()
    print_exponents(options.least, options.steps, options.runs, options.only)


if __name__ == "__main__":
    main()
