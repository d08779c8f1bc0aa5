"""netdsl: neural networks written down, counted, and trained.

Each public name is imported when it is first used, so that `import netdsl` itself costs nothing.
"""

TYPE_CHECKING = False  # as `typing` has it, which is not imported either
if TYPE_CHECKING:
    from typing import Any

    from netdsl.api.computed import GradientChecks, LayerOutputs, NetworkDerivatives
    from netdsl.api.difference import NetworkDifference
    from netdsl.api.folds import CrossValidation, cross_validate
    from netdsl.api.keys import RecipeKeys
    from netdsl.api.network import Network
    from netdsl.api.records import Diagnostics, LayerRecord, Records
    from netdsl.api.run import EvaluationResult, Run, evaluate, export, predict, resume
    from netdsl.api.texts import check, load, parse
    from netdsl.api.verbs import diff, from_keras, load_model, summary, train
    from netdsl.errors import (
        DataError,
        Diagnostic,
        NetError,
        NetNameError,
        NetSyntaxError,
        RecipeError,
        RunError,
        RunFolderError,
        ShapeError,
    )
    from netdsl.lab.equivariance import Equivariance
    from netdsl.lab.matrix import LayerMatrix
    from netdsl.limits import Limits
    from netdsl.training.recipes.recipe import Recipe

__version__ = "0.2.0"
__all__ = [
    "CrossValidation",
    "DataError",
    "Diagnostic",
    "Diagnostics",
    "Equivariance",
    "EvaluationResult",
    "GradientChecks",
    "LayerMatrix",
    "LayerOutputs",
    "LayerRecord",
    "Limits",
    "NetError",
    "NetNameError",
    "NetSyntaxError",
    "Network",
    "NetworkDerivatives",
    "NetworkDifference",
    "Recipe",
    "RecipeError",
    "RecipeKeys",
    "Records",
    "Run",
    "RunError",
    "RunFolderError",
    "ShapeError",
    "__version__",
    "check",
    "cross_validate",
    "diff",
    "evaluate",
    "export",
    "from_keras",
    "load",
    "load_model",
    "parse",
    "predict",
    "resume",
    "summary",
    "train",
]

_HOMES = {
    "api.computed": ("GradientChecks", "LayerOutputs", "NetworkDerivatives"),
    "api.difference": ("NetworkDifference",),
    "api.folds": ("CrossValidation", "cross_validate"),
    "api.keys": ("RecipeKeys",),
    "api.network": ("Network",),
    "api.records": ("Diagnostics", "LayerRecord", "Records"),
    "api.run": ("EvaluationResult", "Run", "evaluate", "export", "predict", "resume"),
    "api.texts": ("check", "load", "parse"),
    "api.verbs": ("diff", "from_keras", "load_model", "summary", "train"),
    "errors": (
        "DataError",
        "Diagnostic",
        "NetError",
        "NetNameError",
        "NetSyntaxError",
        "RecipeError",
        "RunError",
        "RunFolderError",
        "ShapeError",
    ),
    "lab.equivariance": ("Equivariance",),
    "lab.matrix": ("LayerMatrix",),
    "limits": ("Limits",),
    "training.recipes.recipe": ("Recipe",),
}
"""The module below this one that each public name comes from."""


def __getattr__(name: str) -> "Any":
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    # Kept, so that `__getattr__` is asked once for each name.
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})
