"""Text that strangers wrote, made safe to show: in names, comments and data there can be characters
that move a terminal's cursor, or turn the direction of what is written after them.
"""

import re

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SEPARATORS = "\u2028\u2029"
_SURROGATES = "\ud800-\udfff"  # bytes of a file's name that are not UTF-8
_UNSAFE = re.compile(f"[{_CONTROLS}{_DIRECTIONS}{_SEPARATORS}{_SURROGATES}]")
_SPACES = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")


def printable(text: str) -> str:
    """Replace the characters that cannot be seen, except tabs and line ends."""
    # The usual case without a substitution: this is asked of each line of a table.
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub("\ufffd", text)


def in_one_line(text: str) -> str:
    """Make a text printable, with spaces for its tabs and line ends."""
    return text if text.isprintable() else printable(_SPACES.sub(" ", text))
