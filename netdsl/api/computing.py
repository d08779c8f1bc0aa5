"""Methods that networks and runs share: they compute with numbers and weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from netdsl.api import arguments

if TYPE_CHECKING:
    from netdsl.api.computed import GradientChecks, LayerOutputs, NetworkDerivatives
    from netdsl.lab.given import Values
    from netdsl.lab.losses import Asked
    from netdsl.lab.matrix import LayerMatrix
    from netdsl.lab.weighted import WeightedNetwork


class Computing:
    """The methods of what has weights, and computes with them."""

    __slots__ = ()

    def _weighted(self, seed: int) -> WeightedNetwork:
        """Return the network with its weights."""
        raise NotImplementedError

    def forward(
        self,
        x: Any = None,
        *,
        at: str | None = None,
        training: bool = False,
        engine: str = "numpy",
        seed: int = 0,
    ) -> LayerOutputs:
        """Compute the output of each layer.

        Args:
            x: for one input an array [n, *shape] or one example [*shape], numbers in a list, a text
                such as "1 4 3", or the path of an array, a table or an image; for several inputs a
                dict of these by name. None for the values that the text states by `given`. Files
                for a run are prepared as its data was; numbers are its network's inputs as they
                are.
            at: a layer or a named point: only this one is computed.
            training: whether the network works as in training: with the batch's statistics, and
                with random noise.
            engine: numpy, the kinds' definitions in float64; or keras, in float32, for large
                inputs.
            seed: of a network's random weights, and of what is drawn in training.

        Returns:
            The layers in order, each with `name`, `text` and `array` [n, *shape]; `.array(name)` is
            that of one layer, `.last` that of the last, `.draw()` a picture of all.

        Raises:
            NetError: N514 to N518 for what is wrong with the numbers, N626 where nothing has the
                name `at`, N670 for too many numbers, N671 for padding that NumPy does not skip.

        >>> import netdsl
        >>> network = netdsl.parse("5x1 > conv3-1(pad=0, init=[1, 2, 1])")
        >>> network.forward([1, 4, 3, -1, 2]).last.ravel().tolist()
        [12.0, 9.0, 3.0]
        """
        from netdsl.api.computed import LayerOutputs
        from netdsl.lab.forward import ENGINES, Computation, values_of

        seed = arguments.whole("seed", seed, 0, 2**32)
        engine = arguments.one_of("engine", engine, ENGINES)
        how = Computation(engine, arguments.yes_or_no("training", training), seed)
        if at is not None:
            at = arguments.text("at", at, "the name of a layer or a point")
        subject = self._weighted(seed)
        found = values_of(subject, _values(subject, x), how, at)
        return LayerOutputs.of(subject.network, found)

    def backward(
        self,
        x: Any = None,
        *,
        of: str | None = None,
        loss: str | None = None,
        target: Any = None,
        training: bool = False,
        seed: int = 0,
    ) -> NetworkDerivatives:
        """Differentiate a number by everything that it is computed from, in float64.

        Args:
            x: as `forward` takes it.
            of: an output, or one number of it, as `f[2]`; the sum of the only output by default.
            loss: differentiated instead: cross-entropy, squared, half-squared, absolute or binary.
            target: what the loss compares with: a class, or as many numbers as the output has.
            training: whether the network works as in training.
            seed: of a network's random weights, and of what is drawn in training.

        Returns:
            The number as `.value`, and `.nodes` in order, each with its `value`, the `derivative`
            by that, those by its `weights`, and those that are passed back to its `inputs`;
            `.by(name)` is one node, `.draw()` a picture of all.

        Raises:
            NetError: N514 to N518 for what is wrong with the numbers, N602 where Keras is missing,
                N605 for what the backend does not compute in float64, N626 for an unknown output.
        """
        from netdsl.api.computed import NetworkDerivatives
        from netdsl.lab.backward import backward

        seed = arguments.whole("seed", seed, 0, 2**32)
        asked = _asked(of, loss, target)
        asked = asked._replace(training=arguments.yes_or_no("training", training), seed=seed)
        subject = self._weighted(seed)
        found = backward(subject, _values(subject, x), asked)
        return NetworkDerivatives(subject.network, found)

    def gradcheck(
        self,
        x: Any = None,
        *,
        step: float = 1e-6,
        one_sided: bool = False,
        of: str | None = None,
        loss: str | None = None,
        target: Any = None,
        seed: int = 0,
    ) -> GradientChecks:
        """Compare derivatives with finite differences, in float64.

        Args:
            x: as `forward` takes it; two random examples where nothing is given.
            step: h of (f(x + h) - f(x - h)) / 2h.
            one_sided: whether it is (f(x + h) - f(x)) / h.
            of: an output, or one number of it; all outputs with random factors by default.
            loss: a loss to differentiate instead, one of those of `backward`.
            target: what the loss compares with.
            seed: of a network's random weights, of random examples, and of the entries tried.

        Returns:
            `.arrays` with a record for each array: `layer`, `array`, how many entries were `tried`,
            how many `kinks` left out, the `worst` relative error, whether it is `right`; `.right`
            says whether all are.

        Raises:
            NetError: as `backward`; N107 for a step that differences cannot be taken with.
        """
        from netdsl.api.computed import GradientChecks
        from netdsl.lab.gradcheck import Settings, blocked, gradcheck, require_step

        seed = arguments.whole("seed", seed, 0, 2**32)
        step = require_step(arguments.positive("step", step))
        one_sided = arguments.yes_or_no("one_sided", one_sided)
        settings = Settings(step, one_sided, seed, _asked(of, loss, target))
        subject = self._weighted(seed)
        checks = gradcheck(subject, _values(subject, x), settings)
        return GradientChecks(checks, settings, blocked(subject.network.graph))

    def matrix(self, layer: str, *, seed: int = 0) -> LayerMatrix:
        """Find the matrix that a layer multiplies its input by, without bias and activation.

        Args:
            layer: the name of a linear layer, or of a point.
            seed: of a network's random weights.

        Returns:
            The matrix: `.array` [outputs, inputs], `.shared` with the number of each entry's weight
            (from 1; 0 for none), `.draw()` a picture with each weight in its own colour.

        Raises:
            NetError: N626 where nothing has this name, N670 for a matrix that is too large, N681
                for a layer that is not linear.

        >>> import netdsl
        >>> found = netdsl.parse("4x1 > conv3-1(pad=0, init=[1, 2, 3])").matrix("conv_1")
        >>> found.array.tolist()
        [[1.0, 2.0, 3.0, 0.0], [0.0, 1.0, 2.0, 3.0]]
        """
        from netdsl.lab.matrix import layer_matrix

        name = arguments.text("layer", layer, "the name of a layer or a point")
        return layer_matrix(self._weighted(arguments.whole("seed", seed, 0, 2**32)), name)


def _asked(of: str | None, loss: str | None, target: Any) -> Asked:
    from netdsl.lab.losses import LOSSES, Asked

    if of is not None:
        of = arguments.text("of", of, "an output's name")
    if loss is not None:
        loss = arguments.one_of("loss", loss, LOSSES)
    return Asked(of, loss, target)


def _values(subject: WeightedNetwork, x: Any) -> Values:
    """Return the values of the inputs by name: the given ones, and those that the text states.

    Raises:
        TypeError: where `x` is not numbers.
        NetError: N514 for a name that is not one of the inputs.
    """
    from netdsl.lab.given import named_inputs, with_stated

    names = [port.name for port in subject.network.inputs]
    if x is None:
        given: Mapping[str, Any] = {}
    elif isinstance(x, Mapping):
        given = named_inputs(x, names)
    elif len(names) == 1:
        given = {names[0]: x}
    else:
        accepts = f"a dict of arrays by the names {', '.join(names)}"
        raise arguments.wrong_type("x", accepts, x)
    for name, value in given.items():
        # NumPy makes an array of objects of almost anything: what cannot be numbers is rejected
        # here.
        if isinstance(value, bytes | bytearray | bool) or (
            not isinstance(value, str | os.PathLike) and not _may_be_numbers(value)
        ):
            where = "x" if len(names) == 1 else f"x[{name!r}]"
            raise arguments.wrong_type(where, "numbers, a text or a path", value)
    return with_stated(subject.network, given)


def _may_be_numbers(value: Any) -> bool:
    numbers = isinstance(value, int | float | list | tuple)
    return numbers or any(hasattr(value, name) for name in ("__array__", "__float__"))
