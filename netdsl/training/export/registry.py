"""The formats that a model can be exported in, by their names."""

from __future__ import annotations

from pathlib import Path

from netdsl.errors import did_you_mean, fail
from netdsl.training.export.format import Format
from netdsl.training.export.keras_file import KERAS
from netdsl.training.export.litert import LITERT
from netdsl.training.export.onnx import ONNX
from netdsl.training.export.safetensors_file import SAFETENSORS
from netdsl.training.export.savedmodel import SAVEDMODEL

FORMATS: dict[str, Format] = {
    "keras": KERAS,
    "savedmodel": SAVEDMODEL,
    "onnx": ONNX,
    "litert": LITERT,
    "safetensors": SAFETENSORS,
}


def format_of(target: Path, format: str | None) -> str:
    """Return the name of the format that a target is written in.

    Args:
        target: the path to write to; its suffix chooses the format unless `format` does.
        format: the name of the format, or None.

    Raises:
        NetError: N631 where there is no such format, or the target has the suffix of another.
    """
    known = {suffix: name for name, form in FORMATS.items() for suffix in form.suffixes}
    said = known.get(target.suffix.lower())
    listed = ", ".join(
        f"{name} ({' '.join(filter(None, form.suffixes)) or 'a folder'})"
        for name, form in FORMATS.items()
    )
    if format is None:
        if said is None:
            raise fail(
                "N631",
                f"no export format ends in {target.suffix}: {target}",
                help=did_you_mean(target.suffix, known) or listed,
            )
        return said
    if format not in FORMATS:
        help = did_you_mean(format, FORMATS) or listed
        raise fail("N631", f"there is no format `{format}`", help=help)
    if said != format and (format != "savedmodel" or said is not None):
        ends = " or ".join(filter(None, FORMATS[format].suffixes)) or "no suffix"
        raise fail(
            "N631",
            f"{target} does not have a suffix of the format {format}",
            help=f"it requires {ends}",
        )
    return format
