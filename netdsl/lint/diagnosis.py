"""All that should be said of a text: its errors, its warnings, and what its comments silence."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from netdsl.errors import Diagnostic, Note, Span, cause, did_you_mean, once
from netdsl.expectations.facts import unmet, unmet_among_errors
from netdsl.kinds import KINDS, Kind
from netdsl.kinds.values import Shape
from netdsl.lint.layers import lint_graph
from netdsl.lint.silence import silenced
from netdsl.lint.texts import default_biases, lint_text
from netdsl.lowering.expand import Expanded
from netdsl.syntax import Parsed, tree


class Diagnosis(NamedTuple):
    """What should be said of a text.

    Attributes:
        diagnostics: errors and warnings, each once.
        warnings: those of each network.
    """

    diagnostics: tuple[Diagnostic, ...]
    warnings: tuple[tuple[Diagnostic, ...], ...]


def diagnose(
    parsed: Parsed,
    networks: Sequence[Expanded],
    params: Mapping[str, Any],
    input_shape: Shape | None,
) -> Diagnosis:
    """Say what is wrong with a text, and where there are no errors what is doubtful in it.

    Args:
        parsed: the text.
        networks: that it holds.
        params: values from outside.
        input_shape: of the one input, from outside.
    """
    source, as_written = parsed.source, not (params or input_shape)
    biases = default_biases(parsed.statements, parsed.source)
    own = [_of_network(network, parsed, as_written, biases) for network in networks]
    every = [*parsed.diagnostics, *_same_names(parsed), *chain.from_iterable(own)]
    found = once(every + _unknown_params(parsed, networks, params))
    if not source.text.strip(" \t\n"):
        help = "write a network, such as 32x32x1 > conv5-6 > pool > fc-10"
        found = [Diagnostic("N008", f"{source.name} is empty", help=help)]
    # A name that looks unused may be used where the error is.
    sound = not any(diagnostic.severity == "error" for diagnostic in found)
    if sound:
        found += lint_text(parsed.statements, source)
    # In the order of the text; what is not in it comes first.
    found.sort(key=lambda each: each.span.start if each.span and each.span.source is source else -1)
    # With other params other warnings come: a comment that silences nothing now may do so then.
    heard = silenced(found, source, whole=sound and as_written)
    warnings = {(each.code, each.span) for each in heard if each.severity == "warning"}
    of_networks = (
        tuple(each for each in once(found) if (each.code, each.span) in warnings) for found in own
    )
    return Diagnosis(tuple(heard), tuple(of_networks))


def _of_network(
    network: Expanded, parsed: Parsed, as_written: bool, biases: Sequence[tuple[str, Span]]
) -> list[Diagnostic]:
    """Return what should be said of one network.

    Where statements are lost, that is not what only follows from it.
    """
    if parsed.diagnostics:
        # No input, no network, an unused name: the lost statement may have had what is missing.
        lost = ("N209", "N211", "N212", "W703")
        found = [d for d in network.diagnostics if d.code not in lost]
        return found + unmet_among_errors(network, as_written)
    found = list(network.diagnostics)
    if network.graph is None:
        found += unmet_among_errors(network, as_written)
    if network.graph:
        if as_written:  # facts are of the file's own values
            found += unmet(network, network.graph)
            if network.worked:
                from netdsl.expectations.worked import unmet_examples  # late: start-up is short

                found += unmet_examples(network.worked, network.graph)

        def stated(kind: Kind, layer: Span) -> tuple[Note, ...]:
            before = [
                place
                for word, place in biases
                if KINDS[word] is type(kind)
                and place.source is layer.source
                and place.start < layer.start
            ]
            # The last statement before the layer is the one in force.
            return tuple(map(cause, before[-1:]))

        found += lint_graph(network.graph, stated)
    return found


def _same_names(parsed: Parsed) -> list[Diagnostic]:
    """Find networks of one name: they are chosen by it, so each has its own."""
    found: list[Diagnostic] = []
    known: dict[str, Span] = {}
    for statement in parsed.statements:
        if isinstance(statement, tree.Net):
            name = statement.name.text
            span = Span(parsed.source, statement.name.start, statement.name.end)
            if name in known:
                message = f"there is already a network called `{name}`"
                notes = (Note("first used here", known[name]),)
                found.append(
                    Diagnostic("N104", message, span, help="choose another name", notes=notes)
                )
            known.setdefault(name, span)
    return found


def _unknown_params(
    parsed: Parsed, networks: Sequence[Expanded], params: Mapping[str, Any]
) -> list[Diagnostic]:
    """Return the error of a param from outside that no network has."""
    declared = {name for network in networks for name in network.params}
    lost = set().union(*(network.lost for network in networks))
    unknown = sorted(set(params) - declared - lost)
    # The `param` may be in a statement that cannot be read.
    if parsed.diagnostics or not unknown:
        return []
    known = f"its params are {', '.join(sorted(declared))}" if declared else "it has no params"
    message = f"{parsed.source.name} has no param `{unknown[0]}`"
    return [Diagnostic("N108", message, help=did_you_mean(unknown[0], declared) or known)]
