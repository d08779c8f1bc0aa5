"""A run's network in other forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netdsl.api import arguments
from netdsl.api.arguments import PathArgument


class Exporting:
    """The forms that a run's network can be written in."""

    folder: Path

    def export(
        self,
        path: PathArgument,
        *,
        format: str | None = None,
        force: bool = False,
        bare: bool = False,
        quantize: str | None = None,
        data: Any = None,
    ) -> list[str]:
        """Write the best weights in another format, and check what was written.

        Args:
            path: where to; its suffix chooses the format: .keras, .onnx, .tflite, .safetensors.
            format: keras, savedmodel, onnx, litert or safetensors, in place of the suffix.
            force: whether existing files may be replaced.
            bare: whether ONNX and a SavedModel hold the network alone, and neither prepare examples
                nor turn outputs into answers.
            quantize: float16 or int8, for LiteRT; the loss of accuracy is measured on the
                validation part.
            data: the data itself, where the run was given it in Python and is quantized.

        Returns:
            What was written and checked, in words.

        Raises:
            NetError: N601, N604 for paths, N602 for a missing package, N631 to N635 where the form
                does not hold the network.
            RunError: N610 where it cannot be written to the disk.
        """
        return exported(
            str(self.folder),
            path,
            format=format,
            force=force,
            bare=bare,
            quantize=quantize,
            data=data,
        )


def exported(
    source: str,
    path: PathArgument,
    *,
    format: str | None,
    force: bool,
    bare: bool,
    quantize: str | None,
    data: Any,
) -> list[str]:
    """Check the arguments of `export`, and export."""
    from netdsl.training.export.export import export

    return export(
        source,
        arguments.path("path", path),
        format=None if format is None else arguments.text("format", format, "a form's name"),
        force=arguments.yes_or_no("force", force),
        bare=arguments.yes_or_no("bare", bare),
        quantize=None
        if quantize is None
        else arguments.text("quantize", quantize, "float16, int8"),
        data=data,
    )
