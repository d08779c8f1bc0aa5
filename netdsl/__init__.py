"""netdsl: neural networks written down, counted, and trained.

What is asked for is imported when it is asked for, so that the import itself costs nothing.
"""

TYPE_CHECKING = False  # as `typing` has it, which is not imported either
if TYPE_CHECKING:
    from typing import Any

    from netdsl.api import Network, from_keras, load, load_model, parse
    from netdsl.errors import Diagnostic, NetError, RunError
    from netdsl.limits import Limits

__version__ = "0.1.0"
__all__ = [
    "Diagnostic",
    "Limits",
    "NetError",
    "Network",
    "RunError",
    "__version__",
    "from_keras",
    "load",
    "load_model",
    "parse",
]

_HOMES = {"Diagnostic": "errors", "NetError": "errors", "RunError": "errors", "Limits": "limits"}


def __getattr__(name: str) -> "Any":
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'api')}"), name)
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})
