"""`netdsl gradcheck --data`: derivatives checked on examples of a data set."""

from __future__ import annotations

import json

import numpy as np
import pytest

import netdsl
from netdsl.cli.main import main
from netdsl.lab.gradcheck import examples_of

pytestmark = pytest.mark.keras

NETWORK = "8x8x1 > conv3-2 > pool > fc-10(linear) > softmax"


def test_examples_are_the_data_as_the_network_takes_it() -> None:
    (array,) = examples_of(netdsl.parse(NETWORK), "digits").values()
    assert array.shape == (2, 8, 8, 1)
    assert 0 <= np.min(array) < np.max(array) <= 1


def test_derivatives_are_checked_on_them(capsys: pytest.CaptureFixture[str]) -> None:
    call = ["gradcheck", NETWORK, "--data", "digits"]
    assert main([*call, "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["arrays"]
    assert checks[0]["layer"] == "input"
    assert all(check["right"] for check in checks)
    assert main([*call, "1 2 3"]) == 2
    assert "--data is in place of numbers" in capsys.readouterr().err
    assert main(["gradcheck", NETWORK, "--data", "digitz"]) == 1
    assert "did you mean `digits`?" in capsys.readouterr().err
