"""What to say where the parser stops: from what it could have taken there, and what is there
instead.
"""

from netdsl.syntax.messages.explain import explain
from netdsl.syntax.messages.stop import Stop

__all__ = ["Stop", "explain"]
