"""Examples that a run makes: from a decoder's codes, or from the noise of a GAN's generator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.api import arguments
from netdsl.api.inside import image_argument

if TYPE_CHECKING:
    from netdsl.lab.inside.decode import Decoder, Samples


class Making:
    """The methods of a run that make examples: each returns arrays and, as `sheet`, a picture."""

    folder: Path

    def sample(
        self,
        count: int = 64,
        *,
        at: str | None = None,
        seed: int = 0,
        label: str | None = None,
        data: Any = None,
    ) -> Samples:
        """Draw codes and decode them; for a GAN, draw noise for its generator.

        Args:
            count: how many.
            at: the layer of the codes; by default the output of `gaussian`, or a point called code.
            seed: of the random numbers.
            label: the class of all, for a GAN with classes; by default each class in turn.
            data: the data itself, where the run was given it in Python.

        Returns:
            `codes` [n, *code] and the examples made of them, `array` [n, *output], in the data's
            units.

        Raises:
            NetError: N626, N680 where there is no such layer, code or class.
        """
        from netdsl.lab.inside.decode import drawn
        from netdsl.training.verbs import adversarial

        count, seed = arguments.whole("count", count, 1), arguments.whole("seed", seed, 0)
        if at is None and adversarial(self.folder):
            from netdsl.lab.inside import generate

            name = None if label is None else arguments.text("label", label, "a class")
            return generate.drawn(generate.Generator(self.folder), count, seed, name)
        return drawn(_decoder(self.folder, at, data), count, seed)

    def between(
        self,
        first: Any,
        last: Any,
        *,
        steps: int = 8,
        at: str | None = None,
        data: Any = None,
    ) -> Samples:
        """Decode codes on the line from that of one image to that of another.

        Args:
            first: an image, as `maps` takes it; for a GAN the number of one of its samples, from 1.
            last: another one.
            steps: how many codes, both ends included.
            at: the layer of the codes, as for `sample`.
            data: the data itself, where the run was given it in Python.

        Returns:
            As `sample` does.

        Raises:
            NetError: N626, N680 where there is no such layer or no code.
            DataError: for what is wrong with the images.
        """
        from netdsl.lab.inside.decode import between
        from netdsl.training.verbs import adversarial

        if at is None and adversarial(self.folder):
            from netdsl.lab.inside import generate

            named = (("first", first), ("last", last))
            numbers = [str(arguments.whole(name, number, 1)) for name, number in named]
            steps = arguments.whole("steps", steps, 2)
            # Seed 0, as `sample` draws by default: the numbers are those of its samples.
            return generate.between(generate.Generator(self.folder), numbers, steps, 0)
        ends = image_argument("first", first), image_argument("last", last)
        decoder = _decoder(self.folder, at, data)
        return between(decoder, *ends, arguments.whole("steps", steps, 2))

    def arithmetic(self, terms: Mapping[Any, int], *, at: str | None = None) -> Samples:
        """Decode a sum of the mean codes of classes.

        Args:
            terms: for each class, by its name or number, 1 or -1: {7: 1, 1: -1, 4: 1}.
            at: the layer of the codes, as for `sample`.

        Returns:
            As `sample` does: one for each class, then one for the sum.

        Raises:
            NetError: N626 for an unknown class or layer, N680 where the data has no classes.
        """
        from netdsl.lab.inside.decode import arithmetic

        if not isinstance(terms, Mapping) or not terms:
            raise arguments.wrong_type("terms", "a dict of 1 and -1 by classes", terms)
        for name, sign in terms.items():
            if isinstance(sign, bool) or sign not in (1, -1):
                raise arguments.wrong_type(f"terms[{name!r}]", "1 or -1", sign)
        pairs = [(int(sign), str(name)) for name, sign in terms.items()]
        return arithmetic(_decoder(self.folder, at), pairs)


def _decoder(folder: Path, at: str | None, data: Any = None) -> Decoder:
    from netdsl.lab.inside.decode import Decoder
    from netdsl.lab.inside.subject import TrainedRun

    name = None if at is None else arguments.text("at", at, "a layer's name")
    return Decoder(TrainedRun.of(folder, data), name)
