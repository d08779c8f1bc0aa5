"""netdsl: neural networks written down, counted, and trained."""

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
