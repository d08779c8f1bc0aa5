"""What holds for every text: nothing but diagnostics comes of it, at places inside it; and random networks have their sums."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netdsl.errors import Source, as_json, render
from netdsl.network import Checked, Given, check_source, parse
from netdsl.report.table import rows, text_table, totals
from tests.programs import program

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.net"))] + [
    "param w = 8\nnet a\ndefault conv(bn), fc(tanh)\ndef f(c, s=1) = res(conv3-{c}/{s} as m > conv3-{c}, skip=pad)\n"
    "input x: 16x16x3\ninput 16x16x3 > conv3-{w} as c1 > f(8) x2 as u\n[ @c1 | @u | @x ] > gap > softmax-10\nexpect @c1 = 16x16x8\n",
    "8x8x4 > (conv3-4 as a) x3 > [ id | conv1-{in//2}(lrelu(0.2)) | pool3/1(pad=same) ] > when(in > 4, conv1-4, id)\n[ @a.* | @a.0 ] > gmp\n",
]
KINDS = "conv3-8 conv pool fc-10 softmax-3 res gap bn x2 as a @a @input f() id when i if in min"
STATEMENTS = "input def param net default expect let use tie"
SIGNS = "{ } ( ) [ ] | > , = : + * // ** / - 3 0.5 8x8x3 1e9 # × é 漢 .. .* {in} {c} c"
BLANKS = ["\n", "\n> ", " ", "  ", "\t", "\0", "\u00a0", "\u2028", '"s"', '"']
WORDS = [*KINDS.split(), *STATEMENTS.split(), *SIGNS.split(), *BLANKS]
PROFILE = settings(
    deadline=None,
    max_examples=int(os.environ.get("EXAMPLES", "300")),
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)


def checked(text: str) -> Checked:
    """Reads a text to the end, and shows all that is said of it."""
    result = check_source(Source("t.net", text), Given(), "t")
    for diagnostic in result.diagnostics:
        assert diagnostic.code[0] in "NW"
        assert diagnostic.message
        if diagnostic.span:
            assert 0 <= diagnostic.span.start <= len(text) + 1
            assert diagnostic.span.start < diagnostic.span.end
        assert as_json(diagnostic)["message"]
    assert bool(render(result.diagnostics)) == bool(result.diagnostics)
    for network in result.networks if not result.faulty else ():
        assert text_table(network)
        assert totals(rows(network)) == network.counts
    return result


@PROFILE
@given(st.text(max_size=80))
def test_any_text_gives_diagnostics_and_nothing_else(text: str) -> None:
    checked(text)


@PROFILE
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_any_words_give_diagnostics_and_nothing_else(words: list[str]) -> None:
    checked("".join(words))
    checked(" ".join(words))


@PROFILE
@given(st.sampled_from(PROGRAMS), st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_broken_program_gives_diagnostics_and_nothing_else(text: str, chance: random.Random, changes: int) -> None:
    for _ in range(changes):
        at = chance.randrange(len(text) + 1)
        until = min(len(text), at + chance.choice((0, 0, 1, 1, 2, 5, 20)))
        text = text[:at] + chance.choice((*WORDS, "", "", "")) + text[until:]
    checked(text)


@PROFILE
@given(st.sampled_from(PROGRAMS), st.randoms(use_true_random=False))
def test_a_lost_line_gives_diagnostics_and_nothing_else(text: str, chance: random.Random) -> None:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    chance.shuffle(lines)
    checked("\n".join(lines))


@pytest.mark.parametrize("seed", range(150))
def test_random_networks_have_the_sums_that_they_must_have(seed: int) -> None:
    wanted = program(random.Random(seed))
    network = parse(wanted.text)
    counts = network.counts
    assert tuple(point.shape for point in network.outputs) == wanted.outputs
    assert (counts.params, counts.moving, counts.weights, counts.macs) == (wanted.params, wanted.moving, wanted.weights, wanted.macs)
