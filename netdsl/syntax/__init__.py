"""Text to tree: the only room that knows Lark."""

from netdsl.syntax.parse import Parsed, parse_text

__all__ = ["Parsed", "parse_text"]
