"""The models that people post, ten in each of twelve styles: each imports as the same function, or
is refused for one clear reason; and what would be another function is found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from models import LEGACY, MODELS
from support.shares import share

import netdsl
from netdsl.errors import NetError
from netdsl.keras import importing, private
from netdsl.keras.importing import import_model
from netdsl.keras.opening import open_model

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]  # Keras's, of old files

OPEN = 9  # what sizes that a model leaves open are set to

REFUSED = {
    "heart_disease": "(CategoryEncoding)",
    "binned_age": "(Discretization)",
    "denoiser": "(RandomCrop): at inference it gives images of 28x28x1, not of 24x24x1",
    "columns": "(Cast)",
    "states_to_decoder": "(LSTM): its initial states are given",
    "bahdanau": "(LSTM): its initial states are given",
    "letters_to_letters": "(LSTM): its initial states are given",
    "next_frame": "(ConvLSTM2D)",
}

SLOW = {
    *("residual_stack", "summed", "weighted_steps", "text_in_pictures", "sentiment"),
    *("documents", "tagger", "mobilenet_transfer", "question_pairs", "dropout_everywhere"),
    *("averaged_and_masked", "headline_with_auxiliary", "auxiliary_classifiers"),
}
"""Models that take seconds, and are made of what others are made of too."""

CORPUS = share(
    [(style, name) for style, models in MODELS.items() for name in models],
    lambda model: model[1] not in SLOW,
)


def sizes(model: Any) -> dict[str, tuple[int, ...]] | None:
    """The shapes of the inputs that leave sizes open, with `OPEN` for these."""
    found = {
        layer.name: tuple(OPEN if size is None else size for size in tensor.shape[1:])
        for tensor in model.inputs
        if (layer := tensor._keras_history.operation) and None in tensor.shape[1:]
    }
    return found or None


def test_the_corpus_is_whole() -> None:
    styles = [*MODELS.values(), LEGACY]
    assert len(styles) == 12
    assert min(map(len, styles)) >= 10
    assert len(REFUSED) <= 8


@pytest.mark.parametrize("model", CORPUS, ids="-".join)
def test_it_imports_as_the_same_function(model: tuple[str, str]) -> None:
    style, name = model
    model = MODELS[style][name]()
    if name in REFUSED:
        with pytest.raises(NetError, match="N621") as caught:
            import_model(model, sizes(model))
        assert REFUSED[name] in caught.value.diagnostics[0].message
        return
    found = import_model(model, sizes(model))
    network = netdsl.parse(found.text)
    assert [len(output.shape) for output in network.outputs] == [
        len(tensor.shape) - 1 for tensor in found.clone.outputs
    ]


@pytest.mark.parametrize("name", LEGACY)
def test_files_of_keras_2_give_what_keras_2_gave(name: str) -> None:
    """`legacy/NAME.npz` has inputs and the outputs that Keras 2 gave for them, in two batches."""
    found = import_model(open_model(str(LEGACY[name])))
    with np.load(LEGACY[name].with_suffix(".npz")) as kept:
        arrays = dict(kept)
    for batch in ("a", "b"):
        inputs, outputs = (
            [arrays[key] for key in sorted(arrays) if key.startswith(f"{batch}_{what}")]
            for what in ("input", "output")
        )
        given = found.clone(inputs if inputs[1:] else inputs[0], training=False)
        got = given if isinstance(given, list | tuple) else [given]
        for one, other in zip(got, outputs, strict=True):
            assert np.abs(np.asarray(one) - other).max() <= 1e-5 * np.abs(other).max()


# --- what would be another function is found ------------------------------------------------------


class Change(NamedTuple):
    """A mistake that importing could make: which layers it is for, and what it does to one."""

    is_for: Callable[[Any], bool]
    make: Callable[[Any], None]


def another_activation(layer: Any) -> None:
    import keras

    usual = layer.activation is keras.activations.softsign
    layer.activation = keras.activations.tanh if usual else keras.activations.softsign


def another_eps(layer: Any) -> None:
    layer.epsilon = 10 * layer.epsilon


def no_bias(layer: Any) -> None:
    layer.bias, layer.use_bias = None, False


def another_padding(layer: Any) -> None:
    """Pads one position more in front, and one less at the end."""
    from keras import ops

    call = layer.call

    def moved(x: Any) -> Any:
        return call(ops.pad(x[:, :-1], [(0, 0), (1, 0), *[(0, 0)] * (len(x.shape) - 2)]))

    layer.call = moved


CHANGES = {
    "activation": Change(
        lambda layer: bool(layer.weights) and vars(layer).get("activation") is not None,
        another_activation,
    ),
    "eps": Change(lambda layer: bool(layer.weights) and hasattr(layer, "epsilon"), another_eps),
    "bias": Change(lambda layer: getattr(layer, "bias", None) is not None, no_bias),
    "padding": Change(
        lambda layer: hasattr(layer, "kernel_size") or hasattr(layer, "pool_size"), another_padding
    ),
}
WITHOUT = [("recurrent", "eps"), ("recurrent", "padding")]  # no layer of the style has such a thing


def first_with(style: str, change: Change) -> Any:
    """The first model of a style that has something to change."""
    for name, make in MODELS[style].items():
        if name not in REFUSED:
            model = make()
            if any(map(change.is_for, private.layers_within(model))):
                return model
    return None


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("style", MODELS)
def test_a_change_is_found(style: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One layer of what is built of the text is changed."""
    change, build = CHANGES[what], importing.build_layers
    model = first_with(style, change)
    assert (model is None) == ((style, what) in WITHOUT)
    if model is None:
        return

    def build_changed(network: Any) -> Any:
        built = build(network)
        change.make(next(filter(change.is_for, built.model.layers)))
        return built

    monkeypatch.setattr(importing, "build_layers", build_changed)
    with pytest.raises(NetError, match="N623"):
        import_model(model, sizes(model))
