"""What is given to inputs: texts and files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from netdsl import parse
from netdsl.errors import NetError
from netdsl.lab.given import examples, named_values, own_shape, read_value, saved, with_stated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 4 3", [1, 4, 3]),
        ("-2", [-2]),
        ("1,-1.5e2, .5", [1, -150, 0.5]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("(1, 2)", [1, 2]),
        ("1 2; 3 4", [[1, 2], [3, 4]]),
        ("1/4 -1/2", [0.25, -0.5]),
        ("1/1" + "0" * 400, [0]),
        ("1/" + "9" * 5000, [0]),
    ],
)
def test_numbers_as_text(text: str, expected: list[float]) -> None:
    np.testing.assert_array_equal(read_value(text).array, expected)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("1 two 3", "N517", "'two' is not a number"),
        ("", "N517", "has no numbers in it"),
        ("1/0", "N517", "divides by 0"),
        ("nan", "N517", "'nan' is not a number"),
        ("1e999", "N517", "not finite"),
        ("1-2", "N517", "'1-2' is not a number"),
        ("1.2.3 4", "N517", "'1.2.3' is not a number"),
        ("[1, 2", "N517", "a bracket is not closed"),
        ("1, 2] [3", "N517", "closed that was not opened"),
        ("no.npy", "N511", "no.npy"),
        ("no.png", "N511", "no.png"),
    ],
)
def test_what_is_not_numbers(text: str, code: str, said: str) -> None:
    with pytest.raises(NetError) as caught:
        read_value(text)
    assert caught.value.code == code
    assert said in str(caught.value)


def given(text: str, **values: str) -> list[list[float]]:
    inputs = parse(text).graph.inputs
    return [array.tolist() for array in examples(values, inputs)]


def test_numbers_fill_the_shape_row_by_row() -> None:
    assert given("input 2x2\n> flatten", input="1 2 3 4") == [[[[1, 2], [3, 4]]]]
    assert given("input 2\n> fc-1", input="1 2 3 4") == [[[1, 2], [3, 4]]]


@pytest.mark.parametrize(
    ("text", "values", "code", "said"),
    [
        ("input 3\n> fc-1", {"input": "1 2"}, "N518", "write 3 numbers, or name a file of them"),
        ("input 9x9x1\n> gap", {"input": "1 2"}, "N518", "name an image, as in input=x.png"),
        ("input 3\n> fc-1", {"input": "1 2"}, "N518", "`input` is 3, 3 numbers, and '1 2' has 2"),
        ("input a: 1\ninput b: 1\nadd[ @a | @b ]", {"a": "1"}, "N514", "the input `b`"),
        ("input a: 1\ninput b: 1\nadd[ @a | @b ]", {"a": "1 2", "b": "1"}, "N515", "`a` 2"),
        ("input 3 of int(5)\n> embed-2", {"input": "1 2 5"}, "N527", "from 0 to 4, not 5"),
        ("input 3 of int(5)\n> embed-2", {"input": "1 2 .5"}, "N527", "not 0.5"),
    ],
)
def test_what_does_not_fit(text: str, values: dict[str, str], code: str, said: str) -> None:
    with pytest.raises(NetError) as caught:
        given(text, **values)
    assert caught.value.code == code
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "names", "expected"),
    [
        (["1 2"], ["input"], {"input": "1 2"}),
        (["x=1 2"], ["input"], {"input": "1 2"}),
        (["b=1", "a=2"], ["a", "b"], {"b": "1", "a": "2"}),
        (["a/b=c.npy"], ["input"], {"input": "a/b=c.npy"}),
    ],
)
def test_names(texts: list[str], names: list[str], expected: dict[str, str]) -> None:
    assert named_values(texts, names) == expected


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["c=1"], "no input `c`"),
        (["1"], "which input '1' is for is not said\n  help: name it, as in a=1"),
        (["1", "2"], "which input '1' is for is not said\n  help: name it, as in a=1"),
        (["a=1", "a=2"], "given twice"),
    ],
)
def test_wrong_names(texts: list[str], said: str) -> None:
    with pytest.raises(NetError, match=said) as caught:
        named_values(texts, ["a", "b"])
    assert caught.value.code == "N514"


def test_numbers_without_quotes() -> None:
    with pytest.raises(NetError, match='together, in quotes: "1 2 3"'):
        named_values(["1", "2", "3"], ["x"])


def test_a_file_without_examples(tmp_path: Path) -> None:
    np.save(tmp_path / "none.npy", np.zeros((0, 2)))
    (port,) = parse("2 > fc-1").graph.inputs
    with pytest.raises(NetError, match="0x2, 0 numbers") as caught:
        examples({"input": str(tmp_path / "none.npy")}, [port])
    assert caught.value.code == "N518"


def test_files(tmp_path: Path) -> None:
    array = np.arange(6.0).reshape(2, 3)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", x=array)
    (tmp_path / "a.csv").write_text("u,v,w\n0,1,2\n3,4,5\n")
    for name in ("a.npy", "a.npz", "a.csv"):
        np.testing.assert_array_equal(read_value(str(tmp_path / name)).array, array)


def test_a_file_of_one_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", b=np.zeros(2), a=np.zeros(1))
    np.savez(tmp_path / "none.npz")
    for name, holds in (
        ("two.npz", "2 arrays, not one: a, b"),
        ("none.npz", "0 arrays, not one: none"),
    ):
        with pytest.raises(NetError, match=f"{name} holds {holds}") as caught:
            read_value(str(tmp_path / name))
        assert caught.value.code == "N514"


def test_a_table_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xff")
    with pytest.raises(NetError, match=r"a\.csv cannot be read: 'utf-8' codec") as caught:
        read_value(str(tmp_path / "a.csv"))
    assert caught.value.code == "N511"
    (tmp_path / "a.csv").write_text("")
    assert read_value(str(tmp_path / "a.csv")).array.size == 0


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    for name in ("a.csv", "a.npy", "a.png"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(NetError, match="named pipe"):
            read_value(str(tmp_path / name))


def test_images_go_in_and_out(tmp_path: Path) -> None:
    shades = np.arange(12.0).reshape(1, 3, 4, 1) / 255
    saved(shades, tmp_path / "a.png")
    read = read_value(str(tmp_path / "a.png"), channels=1)
    np.testing.assert_allclose(read.array, shades[0])
    assert read_value(str(tmp_path / "a.png"), channels=3).array.shape == (3, 4, 3)
    for channels in (1, 3):  # those of the input
        (port,) = parse(f"3x4x{channels} > conv1-1").graph.inputs
        (array,) = examples({"input": str(tmp_path / "a.png")}, [port])
        assert array.shape == (1, 3, 4, channels)
    for shape, said in [
        ((2, 3, 4, 1), "2 examples of 3x4x1 are not an image"),
        ((1, 3, 4, 2), "1 example of 3x4x2 is not an image"),
    ]:
        with pytest.raises(NetError, match=said):
            saved(np.zeros(shape), tmp_path / "b.png")
    with pytest.raises(NetError, match="neither"):
        saved(shades, tmp_path / "b.jpg")


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    saved(np.zeros((1, 3, 4, 1)), tmp_path / "a.png")
    # Of as many numbers, too: an image is not cut into rows.
    for size in ("8x8x1", "4x3x1"):
        with pytest.raises(NetError, match=f"is 3x4x1, and `input` {size}") as caught:
            given(f"input {size}\n> relu", input=str(tmp_path / "a.png"))
        assert "--input 3x4x1 reads the network at the image's size" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("1;2\n3;4\n", [[1, 2], [3, 4]]),
        ("1\t2\n\n3\t4", [[1, 2], [3, 4]]),
        ("1,2,\n3,4,\n", [[1, 2], [3, 4]]),
    ],
)
def test_rows_of_a_table(text: str, expected: list[list[float]], tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(text)
    assert given("2 > relu", input=str(file)) == [expected]


@pytest.mark.parametrize(
    ("text", "said"), [("1,2\n3,x\n", "row 2: 'x' is not a number"), ("1,2\n3\n", "lengths")]
)
def test_rows_that_are_not_numbers(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(text)
    with pytest.raises(NetError, match=said) as caught:
        read_value(str(file))
    assert caught.value.code == "N517"


def test_the_shape_that_a_fragment_takes(tmp_path: Path) -> None:
    from PIL import Image as pillow

    pillow.new("L", (5, 4)).save(tmp_path / "grey.png")
    pillow.new("RGB", (5, 4)).save(tmp_path / "colour.png")
    assert own_shape(str(tmp_path / "grey.png")) == (4, 5, 1)
    assert own_shape(str(tmp_path / "colour.png")) == (4, 5, 3)
    assert own_shape("1 2; 3 4") == (2, 2)
    assert own_shape([[1, 2, 3]]) == (1, 3)


STATED = "input a: 1\ninput b: 1\nadd[ @a | @b ] as y\ngiven a = 3\n"


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        (STATED, {}, {}),  # nothing for b: it must be reported
        (STATED, {"b": "4"}, {"a": [3], "b": "4"}),
        (STATED, {"a": "5"}, {"a": "5"}),
        (f"{STATED}given b = 4\n", {}, {"a": [3], "b": [4]}),
        ("input 2\n> relu as y\ngiven x = [1, 2]\n", {}, {"input": [1, 2]}),
    ],
)
def test_what_a_text_states_is_taken_where_nothing_else_is_given(
    text: str, given: dict[str, str], expected: dict[str, object]
) -> None:
    found = with_stated(parse(text), given)
    assert {
        name: value if isinstance(value, str) else np.ravel(value).tolist()
        for name, value in found.items()
    } == expected
