"""What `import netdsl` shows: the names, their types, and that nothing hides them."""

from __future__ import annotations

import ast
import copy
import doctest
import inspect
import os
import pickle
import pkgutil
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from support.sources import ROOT, modules

import netdsl
from netdsl.api.difference import drawn_pairs
from netdsl.api.keys import RecipeKeys
from netdsl.errors import NetError

sys.path.insert(0, str(ROOT / "docs"))
document = import_module("python_page")

VERBS = (
    *("parse", "load", "check", "diff", "from_keras", "load_model"),
    *("train", "cross_validate", "resume", "evaluate", "predict", "export"),
)
OLD = [  # `netdsl.__all__` of 0.1.0
    *("Diagnostic", "Limits", "NetError", "Network", "RunError", "__version__"),
    *("from_keras", "load", "load_model", "parse"),
]

# --- names ----------------------------------------------------------------------------------------


def test_old_names_are_still_there() -> None:
    assert set(OLD) <= set(netdsl.__all__)
    network = netdsl.parse("# small\n8 > fc-4 > softmax-2")
    for name in ("name", "graph", "text", "description", "path", "params", "input_shape"):
        getattr(network, name)
    for name in ("used", "warnings", "inputs", "outputs", "counts"):
        getattr(network, name)
    assert "fc-4" in network.table()
    assert "keras" in network.emit()
    assert "<table" in network._repr_html_()
    assert repr(network) == "<Network network: 8 to 2, 46 params>"


def test_no_module_has_the_name_of_a_public_one() -> None:
    """The import of a submodule would replace the name that is shown."""
    submodules = {module.name for module in pkgutil.iter_modules(netdsl.__path__)}
    assert not submodules & set(netdsl.__all__)


EVERYTHING = """
import importlib, netdsl, sys
for name in {modules}:
    importlib.import_module(name)
for name in {verbs}:
    assert type(getattr(netdsl, name)).__name__ == "function", name
network = netdsl.parse("8x8x1 > softmax-10", name="small")
open("small.net", "w").write("8x8x1 > softmax-10")
assert network == netdsl.load("small.net") and netdsl.diff(network, "small.net").same
assert not netdsl.check("small.net")
run = netdsl.train(network, epochs=1, quiet=True)
run = netdsl.Run.load(run.path)
assert netdsl.evaluate(run)["examples"] == 359
assert len(netdsl.predict(run, run.model.get_weights()[0][:64, :8].T.reshape(8, 8, 8) * 0 + 1)) == 8
assert netdsl.export(run, "small.safetensors")
model = netdsl.load_model(run.path / "best.keras")
assert netdsl.Network.from_keras(model) == network
assert netdsl.parse(netdsl.from_keras(model)) == network
try:
    netdsl.resume(run)
except netdsl.RunFolderError as error:
    print(error.code)
"""


@pytest.mark.keras
def test_every_module_imported_then_every_verb_called(tmp_path: Path) -> None:
    names = sorted(name for name in modules() if not name.endswith("__main__"))
    others = [name for name in names if name.endswith((".jax", ".torch"))]  # of other backends
    program = EVERYTHING.format(modules=sorted({*names} - {*others}), verbs=VERBS)
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == "N616\n"


def test_every_keyword_of_train_is_a_key_of_recipes_and_the_other_way_round() -> None:
    keys = {item.name for item in fields(netdsl.Recipe) if item.metadata}
    assert RecipeKeys.__optional_keys__ == {*keys, "target", "drop"}
    for function in (netdsl.train, netdsl.Network.train):
        (kind,) = (
            each.annotation
            for each in inspect.signature(function).parameters.values()
            if each.kind is inspect.Parameter.VAR_KEYWORD
        )
        assert kind == "Unpack[RecipeKeys]"


# --- types ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_mypy_is_strict_on_a_program_that_uses_every_public_name(tmp_path: Path) -> None:
    program = Path(__file__).with_name("every_name.py")
    used = set(re.findall(r"netdsl\.(\w+)", program.read_text(encoding="utf-8")))
    assert set(netdsl.__all__) <= used
    done = mypy(program)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.py"
    wrong.write_text('import netdsl\nnetdsl.parse("8 > fc-4").train(epohcs=3)\n', encoding="utf-8")
    assert 'Unexpected keyword argument "epohcs"' in mypy(wrong).stdout


def mypy(program: Path) -> subprocess.CompletedProcess[str]:
    """As `make lint` runs it, with what that has kept of the package."""
    command = [sys.executable, "-m", "mypy", "--strict", str(program)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_package_says_that_it_is_typed() -> None:
    assert Path(netdsl.__file__).with_name("py.typed").is_file()


# --- networks as values ---------------------------------------------------------------------------


def test_networks_are_values() -> None:
    network = netdsl.parse("8 > fc-4 > softmax-2", params={})
    same, other = netdsl.parse("input x: 8 > fc-4 > softmax-2"), netdsl.parse("8 > fc-4")
    assert network == same
    assert hash(network) == hash(same)
    assert {network, same, other} == {network, other}
    assert network != other
    assert network != "8 > fc-4 > softmax-2"
    for again in (pickle.loads(pickle.dumps(network)), copy.copy(network), copy.deepcopy(network)):
        assert type(again) is netdsl.Network
        assert again == network
        assert again.name == network.name
    for change in ("name", "params", "new"):
        with pytest.raises(AttributeError, match="a network is frozen"):
            setattr(network, change, 3)
    with pytest.raises(TypeError):
        network.params["w"] = 3  # type: ignore[index]


def test_layers_are_records() -> None:
    layers = netdsl.parse("def b() = fc-4(bn)\n8 > b > b > softmax-2").layers
    assert [(layer.kind, layer.output, layer.params) for layer in layers] == [
        ("input", (8,), 0),
        ("fc", (4,), 40),
        ("fc", (4,), 24),
        ("fc", (2,), 10),
    ]
    assert [layer.blocks for layer in layers] == [(), ("b_1",), ("b_2",), ()]
    counts = netdsl.parse("def b() = fc-4(bn)\n8 > b > b > softmax-2").counts
    for name in counts._fields:
        assert sum(getattr(layer, name) for layer in layers) == getattr(counts, name)


def test_records_become_data_frames_where_pandas_is(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = netdsl.parse("8 > fc-4").layers
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(NetError, match="needs pandas") as caught:
        layers.to_dataframe()
    assert caught.value.code == "N602"
    pandas = types.ModuleType("pandas")
    monkeypatch.setattr(pandas, "DataFrame", list, raising=False)
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    frame = layers.to_dataframe()
    assert [row["params"] for row in frame] == [0, 36]
    assert list(frame[0]) == list(netdsl.LayerRecord._fields)
    assert netdsl.Records([{"a": 1}]).to_dataframe() == [{"a": 1}]
    assert layers[1:].to_dataframe() == frame[1:]


def test_parts_of_records_are_records() -> None:
    layers = netdsl.parse("8 > fc-4 > fc-2").layers
    assert type(layers[1:]) is type(layers[::-1]) is netdsl.Records
    assert [layer.name for layer in layers[1:]] == ["fc_1", "fc_2"]
    assert [layer.name for layer in layers[::-2]] == ["fc_2", "input"]
    assert layers[-1].name == "fc_2"
    found = netdsl.check("4x4x1 > pol > fc-2 > pol")
    assert type(found[1:]) is type(found.errors) is type(found.warnings) is netdsl.Diagnostics
    assert str(found[1:]) in str(found)


@pytest.mark.parametrize("format", ["text", "markdown", "csv", "latex", "html", "json"])
@pytest.mark.parametrize("by", ["op", "layer", "block", "stage"])
def test_tables_are_those_of_the_command(
    format: str, by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from netdsl.cli.main import main

    text = "32x32x3 > conv3-8(bn) x2 > pool > fc-10"
    arguments = ["--by", by, "--format", format, "--columns", "output,params,memory,rf"]
    assert main(["table", text, *arguments, "--sort", "params", "--no-bias", "--units"]) == 0
    found = netdsl.parse(text).table(
        by=by,
        format=format,
        columns=["output", "params", "memory", "rf"],
        sort="params",
        bias=False,
        units=True,
    )
    assert found.rstrip("\n") == capsys.readouterr().out.rstrip("\n")


GIVEN = ["--batch", "3", "--precision", "mixed", "--optimizer", "sgd"]
ASKED: dict[str, Any] = {"batch": 3, "precision": "mixed", "optimizer": "sgd"}


@pytest.mark.parametrize("several", [False, True], ids=["table", "summary"])
@pytest.mark.parametrize(
    ("options", "given"),
    [
        ([], {}),
        (["--json"], {"format": "json"}),
        (["--json", *GIVEN], {"format": "json", **ASKED}),
        (["--by", "stage"], {"by": "stage"}),
        (["--by", "stage", "--json"], {"by": "stage", "format": "json"}),
        (
            ["--columns", "params,memory", "--format", "csv", *GIVEN],
            {"columns": "params,memory", "format": "csv", **ASKED},
        ),
        (
            ["--no-bias", "--units", "--sort", "params"],
            {"bias": False, "units": True, "sort": "params"},
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_tables_show_where_nothing_is_given(
    several: bool, options: list[str], given: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from netdsl.cli.main import main

    texts = ["32x32x3 > conv3-8(bn) x2 > pool > fc-10", "32x32x3 > conv3-8 > gap"]
    if several:
        found = netdsl.summary(texts, **given)
        assert main(["table", *texts, *options]) == 0
    else:
        found = netdsl.parse(texts[0]).table(**given)
        assert main(["table", texts[0], *options]) == 0
    assert found.rstrip("\n") == capsys.readouterr().out.rstrip("\n")


def test_memory_where_nothing_is_given() -> None:
    network = netdsl.parse("8 > fc-4")
    assert network.memory() == network.memory(batch=1, optimizer="adam", precision="float32")
    sizes = {network.memory(batch=batch).saved for batch in (1, 2, 3)}
    assert len(sizes) == 3


def test_differences(capsys: pytest.CaptureFixture[str]) -> None:
    from netdsl.cli.main import main

    a, b = netdsl.parse("8 > fc-4", name="a"), netdsl.parse("8 > fc-5", name="b")
    found = a.diff(b)
    main(["diff", "8 > fc-4", "8 > fc-5"])
    assert str(found).splitlines()[2:] == capsys.readouterr().out.splitlines()[2:]
    assert not found.same
    assert [change.what for change in found.changes] == ["same", "changed"]
    assert found.to_dict()["same"] is False
    assert "<svg" in found.draw().svg
    assert a.diff(a).same


def test_a_difference_in_words_and_as_pairs() -> None:
    a = netdsl.parse("8 > fc-4 > fc-2", name="a")
    b = netdsl.parse("8 > fc-5 > relu > fc-2", name="b")
    found = a.diff(b)
    assert repr(a.diff(a)) == "<NetworkDifference of a and a: the same>"
    assert repr(found) == "<NetworkDifference of a and b: 3 of 4 rows differ>"
    assert str(found).startswith("--- a\n+++ b\n")
    assert str(a.diff(b.replace(name="a"))).startswith("--- a\n+++ b\n")
    assert str(a.diff(b.replace(name="c"))).startswith("--- a\n+++ c\n")
    assert str(a.replace(path="x/a.net").diff(b)).startswith("--- x/a.net\n+++ b\n")
    assert [found.to_dict()[name] for name in ("a", "b", "only_a", "only_b")] == ["a", "b", [], []]
    assert found.totals[0] == ("params", 46, 57)
    assert drawn_pairs(found._found) == [
        ("same", 0, 0, ""),
        ("changed", 1, 1, ""),
        ("added", None, 2, ""),
        ("changed", 2, 3, ""),
    ]
    defaults = netdsl.diff("default conv(l2=1, bias=no)\n4x4x4 > conv3-4", "4x4x4 > conv3-4")
    assert drawn_pairs(defaults._found)[1] == ("changed", 1, 1, "bias no -> yes; l2 1 -> 0")
    assert drawn_pairs(b.diff(a)._found)[2] == ("removed", 2, None, "")
    assert drawn_pairs(a.diff(a)._found) == [("same", place, place, "") for place in range(3)]


def test_checks_are_shown_as_the_command_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    from netdsl.cli.main import main

    text = "4x4x1 > pol > pool9(pad=0)"
    found = netdsl.check(text)
    main(["check", text])
    assert str(found) in capsys.readouterr().err
    assert found.errors == tuple(found)
    assert not found.warnings
    assert [each.code for each in netdsl.check("none.net")] == ["N601"]
    both = netdsl.check("net a\n8 > fc-2 as unused > fc-1\nnet b\n8 > pol")
    assert [each.code for each in both.errors] == ["N101"]
    assert [each.code for each in both.warnings] == ["W703"]


# --- docs -----------------------------------------------------------------------------------------


def test_the_page_of_the_front_door_is_current() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert page == document.document(), "make docs"


def test_the_page_has_every_public_name() -> None:
    listed = [name for names in document.GROUPS.values() for name in names]
    assert sorted(listed) == sorted(set(netdsl.__all__) - {"__version__"})
    for name in listed:
        value: Any = getattr(netdsl, name)
        assert inspect.getdoc(value), name


MODULES = sorted(name for name in modules() if name.startswith("netdsl.api."))


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module: str) -> None:
    found = doctest.testmod(import_module(module))
    assert not found.failed


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    examples = [
        example
        for module in MODULES
        for test in finder.find(import_module(module))
        for example in test.examples
    ]
    assert len(examples) > 10


def test_docs_import_nothing_but_netdsl() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    blocks = [
        block
        for page in pages
        for block in re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.M | re.S)
    ]
    assert len(blocks) > 5
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] != "netdsl", block
            elif isinstance(node, ast.Import):
                names = [each.name for each in node.names]
                assert not [name for name in names if name.startswith("netdsl.")], block
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "netdsl":
                assert node.attr in netdsl.__all__, block


def test_docs_name_no_module_below_netdsl() -> None:
    for page in sorted((ROOT / "docs").rglob("*.md")):
        if page.name in ("architecture.md", "testing.md"):
            continue
        for name in re.findall(r"`netdsl\.(?!toml`)(\w+)[.(`]", page.read_text(encoding="utf-8")):
            assert name in netdsl.__all__, (page.name, name)


def test_type_hints_resolve_to_values() -> None:
    assert get_type_hints(netdsl.LayerRecord)["params"] is int


def documented() -> Iterator[tuple[str, Any]]:
    """Public functions, methods and properties, by their names."""
    for names in document.GROUPS.values():
        for name in names:
            value = getattr(netdsl, name)
            if inspect.isclass(value):
                yield from ((f"{name}.{method}", one) for method, one in document._members(value))
            else:
                yield name, value


@pytest.mark.parametrize(("name", "value"), list(documented()))
def test_docstrings_say_what_goes_in_and_what_comes_out(name: str, value: Any) -> None:
    """As Google's style has it: all arguments and only these, and what is returned."""
    doc = inspect.getdoc(value) or ""
    if isinstance(value, property):
        assert doc
        return
    function = getattr(value, "__func__", value)
    arguments = [
        one for one in inspect.signature(function).parameters if one not in ("self", "cls")
    ]
    section = re.search(r"^Args:\n((?:    .*\n?)+)", doc, re.MULTILINE)
    described = re.findall(r"^    (\w+): ", section[1], re.MULTILINE) if section else []
    assert described == arguments
    if function.__annotations__["return"] != "None":
        assert "\nReturns:\n" in doc or doc.startswith("Return ")
