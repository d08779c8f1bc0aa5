"""SVG as PNG and PDF, by the packages of the extra `draw`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from netdsl.errors import NetError, fail

ZOOM = 2.0  # pixels of a PNG for one of the SVG


def png_bytes(svg: str) -> bytes:
    """Return the picture as PNG, two pixels for each of the SVG's.

    Raises:
        NetError: N602 where resvg_py is not installed.
    """
    try:
        import resvg_py
    except ImportError:
        raise _missing("PNG", "resvg_py") from None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=ZOOM))


def pdf_bytes(svg: str) -> bytes:
    """Return the picture as a PDF of one page of its size, with the fonts that it uses.

    Raises:
        NetError: N602 where typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise _missing("PDF", "typst") from None
    page = '#set page(width: auto, height: auto, margin: 0pt)\n#image("picture.svg")\n'
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "picture.svg").write_text(svg, encoding="utf-8")
        source = Path(folder, "picture.typ")
        source.write_text(page, encoding="utf-8")
        # Typst reads no file outside its root.
        made: Any = typst.compile(str(source), root=folder)
    return bytes(made)


def _missing(what: str, package: str) -> NetError:
    return fail(
        "N602",
        f"{what} needs {package}, which is not installed",
        help="pip install 'netdsl[draw]'; SVG, TikZ, Mermaid and HTML need nothing",
    )
