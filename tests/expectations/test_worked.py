"""Worked examples: `given` numbers, and those that come out."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.networks import check, codes, only, read
from support.written import assert_written_out_is_the_same

from netdsl import parse
from netdsl.analysis.worked import needed_for, work_of
from netdsl.report.write import written_out

RIGHT = [
    "1 > sigmoid\ngiven x = 1\nexpect output = [0.73]",
    "1 > sigmoid\ngiven x = 1\nexpect output = [0.7310585786]",
    "1 > sigmoid\ngiven x = [{1/2 + 1/2}]\nexpect output = [7.3e-1]",
    "3 > recip\ngiven x = [1, 2, 3]\nexpect output = [1, 0.5, 1/3]",
    "2 > relu\ngiven x = [1e4, 20_000]\nexpect output = [10_000, 2e4]",
    "param a = 3\n2 > relu\ngiven x = [{a}, {2*a}]\nexpect output = [{a}, 6]",
    # axes of 1 at the end, several examples
    "2x2x1 > pool\ngiven x = [[1, 2], [3, 4]]\nexpect output = [[4]]",
    "2x2x1 > pool\ngiven x = [[[1], [2]], [[3], [4]]]\nexpect output = [[[4]]]",
    "2x2x1 > pool\ngiven x = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]\nexpect output = [[[4]], [[8]]]",
    "2 > fc-1(init=1, bias_init=-1.5) > step\ngiven x = [[0, 0], [0, 1], [1, 1]]\n"
    "expect output = [0, 0, 1]",
    # points, tensors of the network's own, indices, two inputs
    "4 > fc-2(init=1) as a > relu as b\ngiven x = [1, -2, 3, -4]\n"
    "expect @a = [-2, -2]\nexpect @b = [0, 0]\nexpect @input = [1, -2, 3, -4]",
    "fixed g: 2 = (10, 20)\n2 > mul[ id | @g ] as y\ngiven x = [1, 2]\nexpect @y = [10, 40]\n"
    "expect @g = [10, 20]",
    "2 of int(3) > embed-2(init=[[0, 1], [2, 3], [4, 5]])\ngiven x = [2, 0]\n"
    "expect output = [[4, 5], [0, 1]]",
    "input a: 1\ninput b: 1\nmul[ @a | @b ] as y\ngiven b = 3\ngiven a = -2\nexpect @y = [-6]",
    # only what is expected is computed: the other input and the random weights after it are not
    "input a: 2\ninput b: 2\n@a > relu as y\n@b > fc-1 as z\ngiven a = [1, -1]\nexpect @y = [1, 0]",
    "2 > relu as y > fc-3\ngiven x = [1, -1]\nexpect @y = [1, 0]",
    "input a: 2\ninput b: 2\n@a > fc-1 as z\n@b > relu as y\ngiven b = [[1, -1], [2, 3]]\n"
    "expect @y = [[1, 0], [2, 3]]",
    "fixed g: 2 = (10, 20)\n2 > mul[ id | @g ] as y\nexpect @g = [10, 20]",
    # dropout does nothing in use, a norm has the statistics that it begins with
    "2 > dropout(0.5) > bn(eps=0)\ngiven x = [1, -1]\nexpect output = [1, -1]",
]


@pytest.mark.parametrize("text", RIGHT)
def test_numbers_that_come_out(text: str) -> None:
    assert not [each for each in check(text).diagnostics if each.severity == "error"]


WRONG = [  # an example, what is wrong, where, the help
    (
        "1 > sigmoid\ngiven x = 1\nexpect output = [0.74]",
        "output is 0.7311, not 0.74",
        "0.74",
        "expect output = [0.73]",
    ),
    (
        "1 > sigmoid\ngiven x = 1\nexpect output = [1]",
        "output is 0.7310585786, not 1",
        "1",
        "expect output = [0.7310585786]",
    ),
    (
        "1 > sigmoid\ngiven x = 1\nexpect output = [{0.73}]",
        "output is 0.7310585786, not {0.73}",
        "{0.73}",
        "expect output = [0.7310585786]",
    ),
    (
        "2x2x1 > relu as y\ngiven x = [[1, 2], [3, 4]]\nexpect @y = [[1, 2], [30, 4.50]]",
        "@y[1][0] is 3, not 30; 2 of 4 numbers differ",
        "30",
        "expect @y = [[1, 2], [3, 4.00]]",
    ),
    ("1 > log as y\ngiven x = -1\nexpect @y = [0.5]", "@y is NaN, not 0.5", "0.5", ""),
    ("1 > recip as y\ngiven x = 0\nexpect @y = [1]", "@y is inf, not 1", "1", ""),
]


@pytest.mark.parametrize(("text", "message", "where", "help"), WRONG)
def test_numbers_that_do_not(text: str, message: str, where: str, help: str) -> None:
    found = only(text, "N303")
    assert (found.message, found.span and found.span.text, found.help) == (message, where, help)


def test_each_expectation_is_compared() -> None:
    text = "2 > relu as y\ngiven x = [1, 2]\nexpect @y = [0, 2]\nexpect output = [1, 3]"
    assert codes(text) == ["N303", "N303"]


REFUSED = [
    ("3 > relu\ngiven x = [1, 2, 3]\ngiven x = [1, 2, 3]\nexpect output = [1, 2, 3]", "N305"),
    ("input a: 2\ninput b: 2\nadd[ @a | @b ]\ngiven x = [1, 2]\nexpect output = [1, 2]", "N305"),
    ("1 > relu\ngiven x = [{1/0}]\nexpect output = [1]", "N112"),
    ("1 > relu\ngiven x = [{a}]\nexpect output = [1]", "N110"),
    ("1 > relu\ngiven x = 1e300\nexpect @y = [1]", "N101"),
    ("1 > relu\ngiven x = 1e400\nexpect output = [1]", "N404"),
    ("1 > relu\ngiven y = 1", "N305"),
    (f"1 > relu\ngiven x = {'[' * 40}1{']' * 40}\nexpect output = [1]", "N404"),
]


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_refused(text: str, code: str) -> None:
    only(text, code)


@pytest.mark.parametrize(("numbers", "wrong"), [("0, 3", "3"), ("4, 0.5", "4"), ("-1, 7", "-1")])
def test_indices_out_of_range(numbers: str, wrong: str) -> None:
    text = f"2 of int(3) > embed-1(init=1)\ngiven x = [{numbers}]\nexpect output = [[1], [1]]"
    assert only(text, "N527").message == f"`input` holds indices from 0 to 2, not {wrong}"


PAIR = "input a: 1\ninput b: 1\nadd[ @a | @b ] as y\n"


@pytest.mark.parametrize(
    ("text", "code", "where", "help"),
    [
        (f"{PAIR}given a = 1\ngiven b = 2", "W724", "a = 1", "expect output = [...]"),
        (f"{PAIR}given c = 1\nexpect @y = [2]", "N305", "c", "the inputs are a, b"),
        (
            f"{PAIR}given a = 1\nexpect @y = [2]\nexpect @b = [1]",
            "N306",
            "@y = [2]",
            "add `given b = [...]` with 1 number",
        ),
        (
            "3 > fc-1 as a > fc-2 as b\ngiven x = [1, 2, 3]\nexpect @a = [1]\nexpect @b = [1, 2]",
            "N307",
            "@a = [1]",
            "say what they begin with",
        ),
        (
            "2 > fc-9000(init=1) > fc-9000(init=1) as y\ngiven x = [1, 2]\n"
            "expect output = [1]\nexpect @y = [2]",
            "N308",
            "output = [1]",
            "use a smaller network or fewer examples",
        ),
    ],
)
def test_what_is_refused_once_is_at_the_first(text: str, code: str, where: str, help: str) -> None:
    found = only(text, code)
    assert found.span
    assert found.span.text.endswith(where)
    assert help in found.help


def test_what_is_given_twice() -> None:
    found = only(f"{PAIR}given a = 1\ngiven b = 2\ngiven a = 3\nexpect @y = [3]", "N305")
    ((said, span),) = found.notes
    assert (found.message, said, span.text) == (
        "the input `a` is given twice",
        "first given here",
        "a = 1",
    )


@pytest.mark.parametrize(
    ("layers", "more"),
    [
        ("fc-1", ""),
        ("fc-1 > fc-2", " and 1 layer more"),
        ("fc-1 > fc-2 > fc-3", " and 2 layers more"),
    ],
)
def test_weights_drawn_at_random(layers: str, more: str) -> None:
    found = only(f"3 > {layers}\ngiven x = [1, 2, 3]\nexpect output = [1]", "N307")
    assert found.message == (
        f"the weights of `fc-1`{more} are drawn at random, so nothing can be expected"
    )
    assert [note.span and note.span.text for note in found.notes] == ["fc-1"]


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (
            "2x2x1 > relu as y\ngiven x = [1, 2, 3, 4]\nexpect @y = [1]",
            "the input `input` is 2x2x1, not 4 numbers",
            "nest them as 2x2: [[...]]",
        ),
        (
            "1x2x2 > relu as y\ngiven x = [[1, 2], [3, 4]]\nexpect @y = [1]",
            "the input `input` is 1x2x2, not 2x2, 4 numbers",
            "nest them as 1x2x2: [[[...]]]",
        ),
        (
            "2x2x1 > relu as y\ngiven x = [1, 2, 3]\nexpect @y = [1]",
            "the input `input` is 2x2x1, not 3 numbers",
            "",
        ),
        (
            "2x2x1 > relu as y\ngiven x = [[1, 2], [3, 4]]\nexpect @y = [1, 2, 3, 4]",
            "@y is 2x2x1, not 4 numbers",
            "nest them as 2x2: [[...]]",
        ),
        (
            "2x2 > relu as y\ngiven x = [[1, 2], [3, 4]]\nexpect @y = [1, 2, 3, 4]",
            "@y is 2x2, not 4 numbers",
            "nest them as 2x2: [[...]]",
        ),
        (
            "2 > relu as y\ngiven x = [1, 2]\nexpect @y = [[1, 2], [3, 4]]",
            "@y is 2, not 2x2, 4 numbers",
            "",
        ),
        (
            "4 > relu as y\ngiven x = [1, 2, 3, 4]\nexpect @y = [[1, 2], [3, 4]]",
            "@y is 4, not 2x2, 4 numbers",
            "",
        ),
        (
            "2x1 > relu as y\ngiven x = [[1, 2], [3, 4]]\nexpect @y = [[1], [2]]",
            "@y is 2 examples of 2x1, not 2x1, 2 numbers",
            "",
        ),
    ],
)
def test_numbers_in_another_shape(text: str, message: str, help: str) -> None:
    found = only(text, "N304")
    assert (found.message, found.help) == (message, help)


@pytest.mark.parametrize("size", [64, 65])
def test_a_help_writes_up_to_64_numbers(size: int) -> None:
    numbers = ", ".join(["1"] * size)
    found = only(f"{size} > neg as y\ngiven x = [{numbers}]\nexpect @y = [{numbers}]", "N303")
    assert found.help == (f"expect @y = [{numbers.replace('1', '-1')}]" if size == 64 else "")


@pytest.mark.parametrize("place", [0, 1])
def test_as_much_as_the_limit_is_computed(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "3 > relu as y\ngiven x = [1, 2, 3]\nexpect @y = [1, 2, 3]"
    graph = read(text).graph
    limits = list(work_of(graph, needed_for(graph, [graph.points["y"]]), 1))
    monkeypatch.setattr("netdsl.expectations.worked.LARGEST", tuple(limits))
    assert not codes(text)
    limits[place] -= 1
    monkeypatch.setattr("netdsl.expectations.worked.LARGEST", tuple(limits))
    assert codes(text) == ["N308"]


def test_inputs_and_expectations_have_as_many_examples() -> None:
    pair = "input a: 1\ninput b: 1\nadd[ @a | @b ] as y\ngiven a = [[1], [2]]\n"
    assert "`a` 2, `b` 1" in only(f"{pair}given b = [3]\nexpect @y = [4, 5]", "N304").message
    found = only(f"{pair}given b = [[3], [4]]\nexpect @y = [4]", "N304")
    assert found.message == "@y is 2 examples of 1, not 1 number"
    assert not codes(f"{pair}given b = [[3], [4]]\nexpect @y = [4, 6]")


def test_examples_are_of_the_file_as_it_is_written() -> None:
    text = "param a = 1\n1 > fc-1(init={a})\ngiven x = 2\nexpect output = [2]"
    assert not codes(text)
    assert not codes(text, params={"a": 5})
    assert codes(text.replace("= [2]", "= [3]")) == ["N303"]


def test_a_network_has_its_examples_and_expand_keeps_them() -> None:
    network = read(
        "input 2x2x1 > pool as y > flatten > fc-1(init=1)\n"
        "given x = [[1, {1 + 1}], [0.30, 1_000]]\nexpect @y = [[1e3]]\nexpect output = [1_000.0]"
    )
    assert [(each.name, each.text) for each in network.given] == [("x", "[[1, 2], [0.30, 1_000]]")]
    assert [(each.name, each.text) for each in network.expected] == [
        ("@y", "[[1e3]]"),
        ("output", "[1_000.0]"),
    ]
    written = written_out(network)
    assert written.endswith(
        "given input = [[1, 2], [0.30, 1_000]]\nexpect @y = [[1e3]]\nexpect output = [1_000.0]\n"
    )
    again = parse(written)
    assert again.expected == network.expected
    assert_written_out_is_the_same(parse(network.text))


def test_expand_breaks_long_lists_and_names_points_in_blocks() -> None:
    numbers = ", ".join(f"{number}.25" for number in range(60))
    text = (
        "def f() = relu as inner > neg\n60 > f() as use\n"
        f"given x = [{numbers}]\nexpect @use.inner = [{numbers}]"
    )
    network = read(text)
    written = written_out(network)
    assert max(map(len, written.splitlines())) <= 140
    assert parse(written).expected[0].numbers == network.expected[0].numbers


def test_a_point_within_a_shared_piece_is_a_comment_in_expand() -> None:
    text = "let e = relu as inner > neg\n1 > e as use\ngiven x = 3\nexpect @use.inner = [3]"
    written = written_out(read(text))
    assert "# within a let: expect @use.inner = [3]" in written
    assert parse(text).diff(parse(written)).same


def test_diff_shows_examples_that_differ_of_networks_that_are_the_same() -> None:
    text = "1 > neg\ngiven x = {}\nexpect output = [{}]"
    found = parse(text.format(1, -1)).diff(parse(text.format(2, -2)))
    assert found.same
    assert str(found).splitlines() == [
        "a and b: the same network",
        "",
        "worked examples differ, which are not part of the network",
        "- given input = [1]",
        "+ given input = [2]",
        "- expect output = [-1]",
        "+ expect output = [-2]",
    ]
    assert found.to_dict()["networks"][0]["worked"][1] == {
        "name": "expect output",
        "a": "[-1]",
        "b": "[-2]",
    }


def test_words_of_old_files_stay_theirs() -> None:
    assert not codes("def given(n) = fc-{n}\n4 > given(3) > fc-2")
    assert not codes("4 > fc-2 as given\nexpect @given = 2")


def test_work_is_bounded_whatever_a_layer_does() -> None:
    for layers in ("up1000 > pool201/1(pad=same)", "up1000 > dw201(init=1)", "up4000"):
        found = only(f"1x1x1 > {layers} > gap\ngiven x = 1\nexpect output = [1]", "N308")
        assert "`check` computes at most" in found.message


def test_numpy_is_imported_for_examples_alone_and_no_framework() -> None:
    program = (
        "import sys; from netdsl.cli.main import main;"
        "assert main(['check', '2 > relu as y\\nexpect @y = 2']) == 0;"
        "before = 'numpy' in sys.modules;"
        "assert main(['check', '2 > relu as y\\ngiven x = [1, -1]\\nexpect @y = [1, 0]']) == 0;"
        "print(before, 'numpy' in sys.modules, {'keras', 'tensorflow'} & sys.modules.keys())"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False True set()"


def test_each_network_of_a_file_has_its_own() -> None:
    text = "net a\n1 > neg\ngiven x = 1\nexpect output = [-1]\nnet b\n1 > abs\ngiven x = -2\n"
    checked = check(f"{text}expect output = [2]")
    assert not checked.diagnostics
    assert [network.given[0].text for network in checked.networks] == ["[1]", "[-2]"]
    assert codes(f"{text}expect output = [3]") == ["N303"]
