"""What a recipe needs of the installation: found without importing it."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from netdsl.errors import NetError, Source, Span
from netdsl.training.planning import requirements
from netdsl.training.planning.requirements import require_loggers, use_backend

SPAN = Span(Source("recipe.yaml", "backend: jax"), 9, 12)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The packages that are installed; Keras is not imported yet."""
    found: set[str] = set()
    monkeypatch.setattr(requirements, "find_spec", lambda name: name if name in found else None)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "")
    return found


def refused(call: Any, *given: Any) -> tuple[str, str, Span | None]:
    with pytest.raises(NetError) as caught:
        call(*given)
    (problem,) = caught.value.diagnostics
    return problem.code, problem.help, problem.span


@pytest.mark.parametrize(
    ("backend", "package"), [("tensorflow", "tensorflow"), ("jax", "'netdsl[jax]'")]
)
def test_a_backend_must_be_installed(backend: str, package: str, installed: set[str]) -> None:
    use_backend(None)
    assert refused(use_backend, backend, SPAN) == ("N602", f"pip install {package}", SPAN)
    assert os.environ["KERAS_BACKEND"] == ""
    installed.add(backend)
    use_backend(backend)
    assert os.environ["KERAS_BACKEND"] == backend


def test_a_backend_that_keras_has_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    config: Any = SimpleNamespace(config=SimpleNamespace(backend=lambda: "jax"))
    monkeypatch.setitem(sys.modules, "keras", config)
    use_backend("jax")
    help = "set KERAS_BACKEND=torch before Keras is imported"
    assert refused(use_backend, "torch", SPAN) == ("N617", help, SPAN)
    assert os.environ["KERAS_BACKEND"] == ""


def test_loggers_must_be_installed(installed: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mlflow", "wandb"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    require_loggers(())
    installed.add("mlflow")
    require_loggers(["mlflow"])
    found = refused(require_loggers, ["mlflow", "wandb"])
    assert found == ("N602", "pip install 'netdsl[wandb]'", None)
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace())  # type: ignore[arg-type]
    require_loggers(["mlflow", "wandb"])
