"""The network's picture in a report."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


class NetworkPicture(NamedTuple):
    """A picture as the URI of an image, so that neither page nor picture styles the other.

    Attributes:
        address: the image's URI; empty if there is no image.
        about: what it shows; or why there is no image.
        width: in pixels.
    """

    address: str
    about: str
    width: int


def picture_of(network: Architecture) -> NetworkPicture:
    """Draw a network with its repeated parts folded."""
    from netdsl.drawing.options import Options
    from netdsl.drawing.picture import Picture

    try:
        picture = Picture([network], Options(heading=False))
    except NetError as error:  # too large to be drawn, even folded
        return NetworkPicture("", error.diagnostics[0].message, 0)
    data = b64encode(picture.svg.encode()).decode()
    return NetworkPicture(
        f"data:image/svg+xml;base64,{data}", picture.sheet.about, round(picture.sheet.width)
    )
