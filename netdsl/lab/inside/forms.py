"""The forms of `netdsl show`: what each makes of a run, as a picture, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.kinds.values import dims

if TYPE_CHECKING:
    import argparse

    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.lab.pictures import SvgPicture


class RunView(NamedTuple):
    """What a form shows.

    Attributes:
        picture: the picture.
        lines: the figures as text.
        values: the figures and the arrays, for JSON.
    """

    picture: SvgPicture
    lines: Sequence[str]
    values: dict[str, Any]


def view(subject: TrainedRun, options: argparse.Namespace) -> RunView:
    """Make what is asked for, by the first form that is given.

    Args:
        subject: a trained run.
        options: with a value for each form of `FORMS`, None where it is not asked for.

    Raises:
        NetError: as the form does.
    """
    name = next(form for form in FORMS if getattr(options, form) is not None)
    return FORMS[name](subject, getattr(options, name), options)


def _filters(subject: TrainedRun, layer: str, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.filters import (
        described,
        evolution,
        evolution_json,
        filters,
        filters_json,
    )

    if options.evolution:
        grown = evolution(subject, layer or None)
        lines = [grown.sheet.title, grown.sheet.about]
        return RunView(grown.sheet, lines, evolution_json(grown))
    found = filters(subject, layer or None)
    return RunView(found.sheet, described(found), filters_json(found))


def _maps(subject: TrainedRun, given: list[str], options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.maps import maps, maps_json

    found = maps(subject, *given[:2])
    lines = [found.sheet.title, found.sheet.about]
    lines += [
        f"{each.layer}: {dims(each.array.shape)}, from {each.low:.4g} to {each.high:.4g}"
        for each in found.layers
    ]
    return RunView(found.sheet, lines, maps_json(found))


def _top(subject: TrainedRun, given: str, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.top import top, top_json

    name, channel = layer_and_number(given)
    found = top(subject, name, channel, options.part)
    lines = [found.sheet.title, found.sheet.about]
    for number, patches in found.patches.items():
        said = ", ".join(f"{one.value:.3g} (row {one.row})" for one in patches[:3])
        lines.append(f"channel {number}: {said}")
    return RunView(found.sheet, lines, top_json(found))


def _excite(subject: TrainedRun, given: str, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.excite import excite, excited_json

    name, unit = layer_and_number(given)
    found = excite(subject, name, unit, options.prior, options.seed)
    lines = [found.sheet.title, found.sheet.about]
    for place, number in enumerate(found.units):
        line = f"{number}: {found.values[place]:.4g}"
        if found.probability is not None:
            line += f", probability {found.probability[place]:.4f}"
        lines.append(f"{line}, mean change of a pixel {found.variations[place]:.4f}")
    return RunView(found.sheet, lines, excited_json(found))


def _where(subject: TrainedRun, image: str, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.where import where, where_json

    found = where(subject, image, options.label)
    return RunView(found.sheet, [found.sheet.title, found.sheet.about], where_json(found))


def _landscape(subject: TrainedRun, asked: bool, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.landscape import described, landscape, landscape_json

    found = landscape(subject, options.seed)
    return RunView(found, described(found), landscape_json(found))


def _codes(subject: TrainedRun, name: str, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.codes import codes, codes_json, described

    found = codes(subject, name, options.map, options.part)
    return RunView(found, described(found), codes_json(found))


def _plane(subject: TrainedRun, asked: bool, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.plane import described, over_input, plane_json

    found = over_input(subject)
    return RunView(found, described(found), plane_json(found))


def _path(subject: TrainedRun, asked: bool, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.descent import descent, descent_json, described

    found = descent(subject)
    return RunView(found, described(found), descent_json(found))


def _reconstruct(subject: TrainedRun, asked: bool, options: argparse.Namespace) -> RunView:
    from netdsl.lab.inside.reconstruct import described, reconstruct, reconstructed_json

    # `reconstruct` alone takes several runs.
    others = [type(subject).of(folder) for folder in options.folders[1:]]
    found = reconstruct([subject, *others], options.part, options.noise, options.seed)
    return RunView(found.sheet, described(found), reconstructed_json(found))


FORMS: dict[str, Callable[[TrainedRun, Any, argparse.Namespace], RunView]] = {
    "filters": _filters,
    "maps": _maps,
    "top": _top,
    "excite": _excite,
    "where": _where,
    "codes": _codes,
    "landscape": _landscape,
    "plane": _plane,
    "path": _path,
    "reconstruct": _reconstruct,
}
"""The forms, by their options."""


def layer_and_number(text: str) -> tuple[str, int | None]:
    """Read `conv_2`, or `conv_2:5`."""
    name, colon, number = text.rpartition(":")
    if colon and number.isdecimal() and len(number) < 10:
        return name, int(number)
    return text, None
