"""Files to texts: what can be read, how much of it, in which encoding."""

from __future__ import annotations

import os
import re

from netdsl.errors import Source, did_you_mean, fail
from netdsl.limits import DEFAULT_LIMITS, Limits
from netdsl.paths import require_regular

ZOO = "zoo:"
"""What the name of an example begins with: `zoo:lenet5`, `zoo:keras/resnet50`."""

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def examples() -> dict[str, str]:
    """Return the paths of netdsl's own examples by their names.

    They are inside the package where it was installed, next to it in a checkout.
    """
    for folder in (_PACKAGE, os.path.dirname(_PACKAGE)):
        if os.path.isfile(os.path.join(folder, "examples", "lenet5.net")):
            break
    begin = os.path.join(folder, "examples")
    found = {}
    for inner in ("", "keras", "lectures"):
        place = os.path.join(begin, inner)
        for name in sorted(os.listdir(place) if os.path.isdir(place) else ()):
            if name.endswith(".net"):
                key = f"{inner}/{stem(name)}" if inner else stem(name)
                found[key] = os.path.join(place, name)
    return found


def located(file: str) -> str:
    """Return the path of a file; of `zoo:NAME` that of one of netdsl's own examples.

    Raises:
        NetError: N601 where there is no such example.
    """
    # A file that is called so is meant: what exists comes first.
    if not file.startswith(ZOO) or os.path.exists(file):
        return file
    known, name = examples(), file.removeprefix(ZOO).removesuffix(".net")
    if name not in known:
        near = did_you_mean(name, known) or "the examples are listed in docs/zoo.md"
        raise fail("N601", f"netdsl has no example `{name}`", help=near)
    return known[name]


def stem(path: str | os.PathLike[str]) -> str:
    """Return what a network is called that has no name of its own: its file's name."""
    return os.path.splitext(os.path.basename(os.fspath(path)))[0] or "network"


def holds_text(file: str) -> bool:
    """Return whether what is given in place of a file is a text itself.

    It holds a `>` or several lines, and no file has that name.
    """
    return (">" in file or "\n" in file) and not os.path.exists(file)


def read_source(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Source:
    """Return a file's text.

    Raises:
        NetError: N601 where it cannot be read, N401 where it is too large, N007 where it is not
            UTF-8 text.
    """
    return decoded(read_bytes(path, limits), os.fspath(path), limits)


_TRAINED_ON = "netdsl train NETWORK.net --data"
_NETWORK = "a network is a .net file"
_OTHER_FILES = {
    **dict.fromkeys(
        (".csv", ".tsv", ".parquet"), ("a table", f"{_TRAINED_ON} {{}} --target COLUMN")
    ),
    **dict.fromkeys((".npz", ".npy"), ("an array file", f"{_TRAINED_ON} {{}}")),
    **dict.fromkeys(
        (".png", ".jpg", ".jpeg", ".gif", ".bmp"), ("an image", "netdsl predict RUN {}")
    ),
    **dict.fromkeys((".yaml", ".yml"), ("a recipe", "netdsl train NETWORK.net {}")),
    **dict.fromkeys((".keras", ".h5"), ("a Keras model", "netdsl import {}")),
    ".py": ("a Python program", _NETWORK),
    ".json": ("a JSON file", _NETWORK),
    ".zip": ("an archive", _NETWORK),
    ".onnx": ("an ONNX model", f"{_NETWORK}; `netdsl import` reads only Keras models"),
}
"""By suffix, what a file is that is not a network, and what is done with it."""


def refuse_other_files(path: str | os.PathLike[str]) -> None:
    """Reject a file that is given as a network but is something else, by its name or first bytes.

    Raises:
        NetError: N607 for such a file, where it exists.
    """
    name = os.fspath(path)
    suffix = os.path.splitext(name)[1].lower()
    found = _OTHER_FILES.get(suffix)
    if found is None and suffix != ".net" and os.path.isfile(name):
        found = _by_beginning(name)
    if found is not None and os.path.exists(name):
        raise fail("N607", f"{name} is {found[0]}, not a network", help=found[1].format(name))


_BEGINNING = 1 << 10
"""Bytes by which a file is recognised."""


def _by_beginning(name: str) -> tuple[str, str] | None:
    """Return what a file is by its first bytes, and what is done with it; None for most."""
    try:
        with open(name, "rb") as file:
            begin = file.read(_BEGINNING)
    except OSError:
        return None  # reported where it is read
    if begin.startswith(b"PK\x03\x04"):
        return _OTHER_FILES[".zip"]
    if re.match(rb'\s*(?:\[\s*)?\{\s*"', begin):
        return _OTHER_FILES[".json"]
    # A table without a suffix: two lines with equally many commas, and no sign of the language.
    rows = begin.splitlines()[:2]
    plain = len(rows) == 2 and all(re.fullmatch(rb"[^>()\[\]{}#=@:]*", row) for row in rows)
    commas = {row.count(b",") for row in rows}
    return _OTHER_FILES[".csv"] if plain and len(commas) == 1 and commas != {0} else None


def read_bytes(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return a file's bytes, one more than the limit at most.

    Raises:
        NetError: N601 where it cannot be read, or is not a regular file.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        raise fail("N601", f"{name} is a directory", help="name the files in it")
    try:
        require_regular(name)
        with open(name, "rb") as file:
            # One byte more than allowed shows that there is too much, however much that is.
            return file.read(limits.source + 1)
    except FileNotFoundError:
        near = _near(name)
        if not near and re.search(r"[()*+^]", name) and not re.search(r"\.[A-Za-z]\w*$", name):
            near = "a formula is written as a network, a name for each value: see docs/lab.md"
        if not near and stem(name) in examples():
            near = f"`zoo:{stem(name)}` is an example of netdsl's"
        if not near and "." not in name and not os.path.dirname(name):
            near = 'a network in quotes contains a `>`: "28x28x1 > fc-10"'
        raise fail("N601", f"there is no file {name}", help=near) from None
    except OSError as error:
        raise fail("N601", f"{name} cannot be read: {error.strerror}") from None
    except ValueError:
        raise fail("N601", f"{name!r} is not a file name") from None


def _near(name: str) -> str:
    """Return what may have been meant by the name of a file that is not there."""
    if os.path.islink(name):
        return f"it is a link to {os.readlink(name)}, which is not there"
    param = re.fullmatch(r"(.+):([A-Za-z_][A-Za-z0-9_]*)", name)
    if param and os.path.isfile(param[1]):
        return f"a param has a value: {name}=32"
    folder = os.path.dirname(name) or "."
    known = os.listdir(folder) if os.path.isdir(folder) else []
    return did_you_mean(os.path.basename(name), known)


def decoded(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Source:
    """Return the text of a file's bytes.

    UTF-8, with or without a mark at its beginning, any line ends.

    Args:
        data: the bytes.
        name: the file's, for messages.
        limits: how much it may hold.

    Raises:
        NetError: N401 where it is too large, N007 where it is not UTF-8 text.
    """
    if len(data) > limits.source:
        help = "a network file is a short text; check that this is one"
        raise fail("N401", f"{name} is larger than the limit, {limits.source:,} bytes", help=help)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise fail("N007", f"{name} is UTF-16", help="save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is not UTF-8 text: byte 0x{data[error.start]:02x} in line {line}"
        raise fail("N007", message, help="save it as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise fail("N007", f"{name} is not text: it holds a zero byte in line {line}")
    return Source(name, unix_lines(text))


def unix_lines(text: str) -> str:
    r"""Return the text with `\n` at the end of each line."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
