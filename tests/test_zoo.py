"""The networks of examples/: each file is short, checks without a word and says what it expects;
and figures that others published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.zoo import EXAMPLES, FOLDER, LARGE, checked, names

import netdsl
from netdsl import Network
from netdsl.analysis.receptive import network_field
from netdsl.cli.main import main
from netdsl.errors import Source
from netdsl.limits import Limits
from netdsl.sources import examples
from netdsl.syntax.format import format_text

TABLE = json.loads((Path(__file__).parent / "truth" / "zoo.json").read_text(encoding="utf-8"))
MAX_LINES = 60
IMPORTED = sorted((FOLDER / "keras").glob("*.net"))  # keras.applications
LATER = {"feature_mib"}  # checked in analysis/test_memory.py
WORDS = {"file", "source", "input"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [*EXAMPLES, *IMPORTED], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_file_is_short_and_checks(path: Path) -> None:
    """What is written by hand checks without a word and says what it expects; what is imported
    is in its one form.
    """
    found = checked(path)
    assert not found.faulty
    assert list(found.names) == names(path)
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert text.startswith("# "), "it describes itself"
    if path in IMPORTED:
        assert format_text(Source(path.name, text), Limits()) == text
    else:
        assert not found.diagnostics
        assert all(
            "\nexpect params = " in network.text or "\nexpect weights = " in network.text
            for network in found.networks
        )


def test_large_networks_are_examples() -> None:
    assert {path.stem for path in EXAMPLES} >= LARGE


def test_all_of_keras_applications_is_there() -> None:
    assert len(IMPORTED) == 40


# --- figures that others published ----------------------------------------------------------------


def varied(path: Path, change: Callable[[str], str]) -> Network:
    """An example's text changed, without what it expects."""
    return netdsl.parse(
        change(re.sub(r"^expect .*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    )


def with_batch_norm(text: str) -> str:
    return f"default conv(bn, bias=yes)\n{text}"


def with_auxiliary_heads(text: str) -> str:
    """torchvision's heads after modules 4a and 4d: a mean pool to 4x4, a convolution, two dense
    layers.
    """
    for module, name in (
        ("inception(192, 96, 208, 16, 48, 64)", "m4a"),
        ("inception(112, 144, 288, 32, 64, 64)", "m4d"),
    ):
        assert text.count(module) == 1
        text = text.replace(module, f"{module} as {name}")
        text += f"@{name} > avgpool5/3 > conv1-128 > fc-1024 > dropout(0.7) > fc-1000\n"
    return text


def figures(path: Path, fact: dict[str, Any]) -> dict[str, Any]:
    """What netdsl counts for each figure of the table."""
    network = netdsl.load(path)
    counts = network.counts
    found: dict[str, Any] = {
        "input": "x".join(map(str, network.inputs[0].shape)),
        "params": counts.params,
        "macs": counts.macs,
        "gmacs": round(counts.macs / 1e9, 3),
        "acts": counts.acts,
        "keras_total": counts.total,
        "keras_moving": counts.moving,
        "keras_macs": counts.macs,
    }
    field = network_field(network.graph)
    found["receptive_field"] = [field.size[0], field.stride[0]] if field and field.stride else None
    if "params_bn" in fact:
        found["params_bn"] = varied(path, with_batch_norm).counts.params
    if "params_with_aux" in fact:
        found["params_with_aux"] = varied(path, with_auxiliary_heads).counts.params
    return found


@pytest.mark.slow
@pytest.mark.parametrize("fact", TABLE["networks"], ids=lambda fact: fact["file"])
def test_published_figures(fact: dict[str, Any]) -> None:
    path = FOLDER / fact["file"]
    compared = fact.keys() - LATER - {"file", "source"}
    assert compared > {"input"}
    reached = figures(path, fact)
    assert {key: reached[key] for key in compared} == {key: fact[key] for key in compared}


def test_the_table_says_what_its_figures_are_and_whose() -> None:
    for fact in TABLE["networks"]:
        assert fact.keys() - WORDS <= TABLE["figures"].keys()
        assert set(fact["source"].split(", ")) <= TABLE["sources"].keys()
    files = [fact["file"] for fact in TABLE["networks"]]
    assert len(set(files)) == len(files)


def test_an_example_has_a_name_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert set(examples()) == {
        *(path.stem for path in EXAMPLES),
        *(
            f"{inner}/{path.stem}"
            for inner in ("keras", "lectures")
            for path in (FOLDER / inner).glob("*.net")
        ),
    }
    assert netdsl.load("zoo:lenet5") == netdsl.load(FOLDER / "lenet5.net")
    assert main(["table", "zoo:zfnet:c3=384", "zoo:keras/vgg16", "--columns", "params"]) == 0
    assert "138,357,544" in capsys.readouterr().out
    assert main(["check", "zoo:lenet5", "zoo:vgg16"]) == 0
    assert main(["draw", "zoo:lenet5", "-o", "a.svg"]) == 0
    assert main(["diff", "zoo:vgg16", "zoo:vgg19"]) == 1


@pytest.mark.parametrize(
    ("given", "help"),
    [
        ("zoo:lent5", "did you mean `lenet5`?"),
        ("zoo:../README", "the examples are listed in docs/zoo.md"),
        ("lenet5.net", "`zoo:lenet5` is an example of netdsl's"),
        ("vgg16", "`zoo:vgg16` is an example of netdsl's"),
    ],
)
def test_an_example_that_is_not_there(
    given: str, help: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(netdsl.NetError) as caught:
        netdsl.load(given)
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("N601", help)
