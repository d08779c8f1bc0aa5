"""From Keras to `.net` and back: what is written, that it is the same function, and what is
refused.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from support import programs
from support.clones import cloned, with_random_weights
from support.shares import share

import netdsl
from netdsl import parse
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.keras import opening
from netdsl.keras.quiet import quiet_keras

pytestmark = pytest.mark.keras

keras: Any = quiet_keras()
layers = keras.layers
Input = keras.Input


def functional(shape: tuple[int, ...], *steps: Any, name: str = "m") -> Any:
    x = given = Input(shape)
    for step in steps:
        x = step(x)
    return keras.Model(given, x, name=name)


def body(model: Any) -> list[str]:
    """The statements, without comment and name."""
    return netdsl.from_keras(model).splitlines()[2:]


# --- what is written ------------------------------------------------------------------------------


def bottleneck(x: Any, filters: int, strides: int = 1, project: bool = False) -> Any:
    short = layers.Conv2D(4 * filters, 1, strides=strides, use_bias=False)(x) if project else x
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x)))
    y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(y)
    y = layers.Conv2D(4 * filters, 1, use_bias=False)(layers.ReLU()(layers.BatchNormalization()(y)))
    return layers.ReLU()(layers.Add()([y, short]))


def residuals() -> Any:
    given = Input((16, 16, 8))
    x = bottleneck(given, 4, project=True)
    for _ in range(3):
        x = bottleneck(x, 4)
    x = bottleneck(x, 8, 2, project=True)
    for _ in range(2):
        x = bottleneck(x, 8)
    return keras.Model(
        given, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x)), name="m"
    )


def dense_blocks() -> Any:
    x = given = Input((8, 8, 6))
    for _ in range(4):
        x = layers.Concatenate()([x, layers.Conv2D(4, 3, padding="same", activation="relu")(x)])
    return keras.Model(given, x, name="m")


def excited() -> Any:
    x = given = Input((8, 8, 12))
    for _ in range(2):
        s = layers.Reshape((1, 1, 12))(layers.GlobalAveragePooling2D()(x))
        s = layers.Conv2D(12, 1, activation="sigmoid")(layers.Conv2D(3, 1, activation="relu")(s))
        x = layers.Multiply()([x, s])
    return keras.Model(given, x, name="m")


def nested() -> Any:
    stem = keras.Sequential(
        [layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization()], name="stem"
    )
    return functional((8, 8, 3), stem, layers.ReLU(), layers.Flatten(), layers.Dense(3))


def shared() -> Any:
    left, right = Input((8, 8, 1), name="left"), Input((8, 8, 1), name="right")
    conv, dense = layers.Conv2D(4, 3, activation="relu"), layers.Dense(6, activation="tanh")
    tower = lambda x: dense(layers.Flatten()(conv(x)))  # noqa: E731
    joined = layers.Concatenate()([tower(left), tower(right)])
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(joined), name="m")


def several_outputs() -> Any:
    given = Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(given)
    first = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    second = layers.Dense(1)(layers.Flatten()(layers.MaxPooling2D()(x)))
    return keras.Model(given, [first, second], name="m")


def outputs_within() -> Any:
    """Outputs that are read elsewhere, given twice, or an input."""
    given = Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(given)
    y = layers.Dense(2)(layers.Flatten()(x))
    return keras.Model(given, [x, y, y, given], name="m")


def sequence() -> Any:
    given = Input((12,), dtype="int32")
    x = layers.Embedding(50, 8)(given)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)])
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(layers.LayerNormalization()(x))
    return keras.Model(given, layers.Dense(1)(layers.GRU(3)(x)), name="m")


def operators() -> Any:
    given = Input((8, 8, 4))
    gate = layers.ReLU(6.0)(layers.Conv2D(4, 1)(given) + 3.0) * (1.0 / 6.0)
    return keras.Model(given, (given * gate - 1.0) / 2.0, name="m")


def crossing() -> Any:
    """Each cell takes the last two."""
    before = given = Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same")(given)
    for _ in range(4):
        one = layers.Conv2D(4, 3, padding="same", activation="relu")(before)
        two = layers.Conv2D(4, 5, padding="same", activation="relu")(x)
        before, x = (
            x,
            layers.Conv2D(4, 1)(
                layers.Concatenate()([layers.Add()([one, two]), layers.Average()([one, x])])
            ),
        )
    return keras.Model(given, x, name="m")


def unet() -> Any:
    x = given = Input((16, 16, 1))
    kept = []
    for filters in (4, 8):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        kept.append(x)
        x = layers.MaxPooling2D()(x)
    for filters, other in ((8, kept[1]), (4, kept[0])):
        x = layers.Concatenate()([other, layers.Conv2DTranspose(filters, 2, strides=2)(x)])
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return keras.Model(given, layers.Conv2D(2, 1, activation="softmax")(x), name="m")


WRITTEN: list[tuple[Callable[[], Any], list[str]]] = [
    (
        lambda: functional(
            (4,),
            layers.Dense(8, activation="relu"),
            layers.Dense(8, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ),
        ["input 4", "> fc-8 x2 > softmax-3"],
    ),
    (
        residuals,
        [
            "default bn(eps=0.001, momentum=0.99), conv(bias=no)",
            "input 16x16x8",
            "> add[ conv1-4(bn) > conv3-4(bn) > conv1-16 | conv1-16 ] > relu > res(conv1-4(bn) > "
            "conv3-4(bn) > conv1-16) x3",
            "> add[ conv1-8(bn) > conv3-8/2(bn, pad=tf) > conv1-32 | conv1-32/2 ] > relu",
            "> res(conv1-8(bn) > conv3-8(bn) > conv1-32) x2 > gap > softmax-5",
        ],
    ),
    (dense_blocks, ["input 8x8x6", "> [ id | conv3-4(relu) ] x4"]),
    (excited, ["input 8x8x12", "> mul[ id | gap > fc-3 > sigmoid-12 ] x2"]),
    (
        nested,
        [
            "input 8x8x3",
            "> conv3-4(bn(eps=0.001, momentum=0.99), bias) > fc-3  # netdsl: ignore W715",
        ],
    ),
    (
        shared,
        [
            "default conv(pad=valid)",
            "let shared = conv3-4(relu)",
            "let shared_2 = tanh-6",
            "input left: 8x8x1",
            "input right: 8x8x1",
            "[ @left > shared > flatten > shared_2 | @right > shared > flatten > shared_2 ] > "
            "sigmoid-1",
        ],
    ),
    (
        several_outputs,
        ["input 8x8x3", "> conv3-4(pad=valid) as t1 > gap > softmax-2", "@t1 > pool > fc-1"],
    ),
    (
        outputs_within,
        [
            "input given: 8x8x3",
            "> conv3-4(relu, pad=valid) as t1 > linear",
            "@t1 > fc-2 as t2 > linear",
            "@t2 > linear",
            "@given > linear",
        ],
    ),
    (
        sequence,
        [
            "input 12 of int(50)",
            "> embed-8 > res(attention(heads=2, causal)) > ln(eps=0.001) > lstm-5(seq, bi) > "
            "gru-3(after) > fc-1",
        ],
    ),
    (
        operators,
        ["input 8x8x4", "> mul[ id | conv1-4(hsigmoid) ] > rescale(1, offset=-1) > rescale(0.5)"],
    ),
]


@pytest.mark.parametrize(
    ("make", "text"), WRITTEN, ids=lambda value: getattr(value, "__name__", "")
)
def test_what_is_written(make: Callable[[], Any], text: list[str]) -> None:
    assert body(make()) == text


# --- the same function ----------------------------------------------------------------------------


def assert_same_function(model: Any) -> str:
    """The text, after its model with the first one's weights has given the first one's outputs."""
    found = cloned(model)
    assert found.alike
    assert found.error <= 1e-4
    return found.text


@pytest.mark.parametrize(
    "make", [*(make for make, _ in WRITTEN), crossing, unet], ids=lambda make: make.__name__
)
def test_the_same_function(make: Callable[[], Any]) -> None:
    text = assert_same_function(make())
    assert netdsl.parse(text).name == "m"


STEPS: list[tuple[tuple[int, ...], Callable[[], Any]]] = [
    ((8, 8, 3), lambda: layers.Conv2D(4, (1, 7), strides=(1, 2), padding="same", dilation_rate=1)),
    (
        (9, 9, 4),
        lambda: layers.Conv2D(
            4, 3, dilation_rate=2, groups=2, kernel_regularizer=keras.regularizers.L2(1e-4)
        ),
    ),
    ((12, 4), lambda: layers.Conv1D(4, 3, padding="causal", activation="tanh")),
    ((5, 6, 7, 2), lambda: layers.Conv3D(3, 3, padding="same", strides=2)),
    ((8, 8, 3), lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same")),
    ((8, 8, 3), lambda: layers.SeparableConv2D(5, 3, padding="same")),
    ((7, 7, 3), lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same")),
    ((7, 7, 3), lambda: layers.Conv2DTranspose(4, 4, strides=2, padding="valid")),
    ((7, 7, 3), lambda: layers.MaxPooling2D(3, strides=2, padding="same")),
    ((7, 7, 3), lambda: layers.AveragePooling2D(3, strides=1, padding="same")),
    ((7, 7, 3), lambda: layers.MaxPooling2D((2, 1))),
    ((12, 3), lambda: layers.AveragePooling1D(3, strides=2)),
    ((7, 7, 3), lambda: layers.ZeroPadding2D(((1, 2), (0, 1)))),
    ((7, 7, 3), lambda: layers.Cropping2D(((1, 2), (0, 1)))),
    ((7, 3), lambda: layers.ZeroPadding1D(2)),
    ((7, 7, 3), lambda: layers.UpSampling2D(2, interpolation="bilinear")),
    ((4, 6), lambda: layers.Permute((2, 1))),
    ((4, 6), lambda: layers.Reshape((3, 8))),
    ((7, 7, 3), lambda: layers.Resizing(5, 9)),
    ((7, 7, 4), lambda: layers.GroupNormalization(2)),
    ((7, 7, 4), lambda: layers.BatchNormalization(scale=False)),
    ((7, 7, 4), lambda: layers.LayerNormalization(center=False)),
    ((7, 4), lambda: layers.UnitNormalization()),
    ((7, 7, 4), lambda: layers.PReLU(shared_axes=[1, 2])),
    ((7, 4), lambda: layers.LeakyReLU(0.3)),
    ((7, 4), lambda: layers.ELU(0.5)),
    ((7, 4), lambda: layers.ReLU(6.0)),
    ((7, 4), lambda: layers.Activation("gelu")),
    ((7, 4), lambda: layers.Activation("leaky_relu")),
    ((7, 7, 4), lambda: layers.SpatialDropout2D(0.2)),
    ((7, 4), lambda: layers.GaussianNoise(0.2)),
    ((7, 7, 4), lambda: layers.Dropout(0.3, noise_shape=(None, 1, 1, 1))),
    ((7, 7, 3), lambda: layers.Rescaling(1 / 127.5, offset=-1)),
    ((7, 7, 3), lambda: layers.Normalization(mean=[0.5, 0.4, 0.3], variance=[0.1, 0.2, 0.3])),
    ((7, 7, 3), lambda: layers.Normalization()),
    ((7, 4), lambda: layers.Dense(3, activation="swish")),
    ((7, 4), lambda: layers.SimpleRNN(3, return_sequences=True, go_backwards=True)),
    ((7, 7, 3), lambda: layers.GlobalMaxPooling2D()),
]


@pytest.mark.parametrize(("shape", "make"), STEPS)
def test_each_layer(shape: tuple[int, ...], make: Callable[[], Any]) -> None:
    layer = make()
    text = assert_same_function(functional(shape, layer))
    again = netdsl.parse(text).keras()
    assert any(own.count_params() == layer.count_params() for own in again.layers)


OWN = [
    "8x8x4 > conv3-8 > lrn(size=3) > scale(bias) > featpool2 > pool > fc-3",
    "6x4 > cls > pos > res(ln > attention(heads=2), act=none) > sincos > first > fc-3",
    "12x12x3 > res(conv3-8/2(bn)) > dw3 > res(conv3-8 > bn, skip=id) > mul[ id | gap > fc-2 > "
    "sigmoid-8 ] > gap > softmax-4",
    "9x9x4 > pool3/2(pad=same) > avgpool3/1(pad=same) > l2pool > lppool(p=3) > flatten > fc-3",
    "9x9x4 > avgpool3/2(ceil) > conv3-8(pad=full) > widen-12/2 > slice(2, 8) > stack[ gap | gmp ] "
    "> fc-3",
    "9x9x4 > tconv4-6/2(pad=1, extra=1) > shuffle(2) > crop(1) > fc-3",
    "input 9 of int(50)\n> embed-6 > gru-4(seq, bi, after) > rnn-3 > fc-2",
]


@pytest.mark.parametrize("text", OWN)
def test_netdsl_models_come_back(text: str) -> None:
    network = netdsl.parse(text)
    again = netdsl.parse(assert_same_function(network.keras()))
    assert (again.counts.params, again.counts.macs) == (network.counts.params, network.counts.macs)


@pytest.mark.filterwarnings("ignore")  # Keras on softmax over one channel
def test_random_networks_come_back() -> None:
    rng, back = Random(5), 0
    for _ in range(14):
        text = programs.program(rng, steps=8).text
        try:
            found = cloned(netdsl.parse(text).keras())
        except NetError as error:
            if error.code in ("N621", "N624"):  # it says why: random ones may be constant
                continue
            raise
        assert found.alike, text
        assert found.error <= 1e-4, text
        back += 1
    assert back >= 10


def test_penalties_follow_the_lectures_convention() -> None:
    model = functional(
        (4,), layers.Dense(3, kernel_regularizer=keras.regularizers.L1L2(1e-3, 1e-4))
    )
    assert body(model)[-1] == "> fc-3(l1=0.001, l2=0.0002)"


LIMITS = {"VGG16": 8, "DenseNet121": 20, "ResNet50": 25, "EfficientNetB0": 30}


APPLICATIONS = [name for name in dir(keras.applications) if name[0].isupper()]


@pytest.mark.parametrize("name", share(APPLICATIONS, lambda name: name == "ResNet50"))
def test_an_application(name: str) -> None:
    from netdsl.keras.opening import open_model

    text = assert_same_function(open_model(f"keras:{name}"))
    assert len(text.splitlines()) <= LIMITS.get(name, 60)
    keras.backend.clear_session()


# --- what is refused ------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("somebody")
class Doubled(layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return 2 * x


NO_WORD: list[tuple[Any, str]] = [
    (
        lambda: functional((4, 4, 3), layers.Conv2D(2, 3, activation="celu", name="odd")),
        "`odd` (Conv2D): its activation is celu",
    ),
    (
        lambda: functional((4, 4, 3), layers.LayerNormalization(axis=[1, 2], name="cells")),
        "`cells` (LayerNormalization): its axis is [1, 2]",
    ),
    (
        lambda: functional(
            (6, 4), layers.LSTM(2, return_sequences=True, zero_output_for_mask=True, name="odd")
        ),
        "`odd` (LSTM): it has zero_output_for_mask",
    ),
    (lambda: functional((6, 4), Doubled(name="own")), "`own` (Doubled)"),
    (
        lambda: functional((6, 6, 2), layers.ReLU(max_value=3.0, threshold=1.0, name="cut")),
        "`cut` (ReLU): its threshold is 1",
    ),
    (
        lambda: functional((4,), lambda x: layers.Dropout(0.5, name="always")(x, training=True)),
        "`always` (Dropout): it is called with training",
    ),
    (
        lambda: functional(
            (6, 4), lambda x: layers.LSTM(2, name="begun")(x, x[:, :2, 0], x[:, :2, 1])
        ),
        "`begun` (LSTM)",
    ),
]


@pytest.mark.parametrize(("make", "reported"), NO_WORD)
def test_a_layer_without_a_word_is_named(make: Callable[[], Any], reported: str) -> None:
    with pytest.raises(NetError) as caught:
        netdsl.from_keras(make())
    assert caught.value.diagnostics[0].code == "N621"
    assert reported in caught.value.diagnostics[0].message


class Own(keras.Model):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return x


NO_MODEL: list[tuple[Any, str]] = [
    (lambda: Own(name="code"), "`code` is a model of Python code"),
    (lambda: 3, "this is not a Keras model: int"),
    (lambda: keras.Sequential([layers.Dense(3)], name="early"), "`early` has no input shape yet"),
    (lambda: functional((None, None, 3), layers.Conv2D(3, 3)), "leaves sizes open: ?x?x3"),
]


@pytest.mark.parametrize(("make", "reported"), NO_MODEL)
def test_what_is_not_a_model_of_layers(make: Callable[[], Any], reported: str) -> None:
    with pytest.raises(NetError, match="N620") as caught:
        netdsl.from_keras(make())
    assert reported in caught.value.diagnostics[0].message


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras's loader fails the test: a file that holds code must be refused before it is called."""

    def loaded(*_: Any, **__: Any) -> None:
        raise AssertionError("Keras's loader was called")

    monkeypatch.setattr(keras.saving, "load_model", loaded)


@pytest.mark.parametrize("name", ["lambda.keras", "lambda.h5"])
@pytest.mark.usefixtures("unloaded")
@pytest.mark.filterwarnings("ignore")
def test_code_is_never_run(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    functional(
        (4,),
        layers.Dense(3),
        functional((3,), layers.Lambda(lambda x: x * 2, name="twice"), name="inner"),
    ).save(tmp_path / name)
    assert main(["import", str(tmp_path / name)]) == 1
    reported = capsys.readouterr()
    assert "error[N622]" in reported.err
    assert "layer `twice` (Lambda) holds Python code" in reported.err
    assert not reported.out


@pytest.mark.parametrize("name", ["own.keras", "own.h5"])
@pytest.mark.usefixtures("unloaded")
@pytest.mark.filterwarnings("ignore")
def test_foreign_classes_are_never_imported(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    functional((4,), Doubled(name="own")).save(tmp_path / name)
    assert main(["import", str(tmp_path / name)]) == 1
    assert "layer `own` (Doubled)" in capsys.readouterr().err


def test_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = tmp_path / "whole.keras"
    functional((4,), layers.Dense(3)).save(whole)
    content = whole.read_bytes()
    (tmp_path / "cut.keras").write_bytes(content[: len(content) // 2])
    (tmp_path / "empty.keras").write_bytes(b"")
    (tmp_path / "text.keras").write_text("3 > fc-3")
    functional((4,), layers.Dense(3)).save_weights(tmp_path / "alone.weights.h5")
    with zipfile.ZipFile(tmp_path / "odd.keras", "w") as archive:
        archive.writestr("config.json", "[1, 2")
    cases = [
        ("cut.keras", "N614", "damaged"),
        ("empty.keras", "N614", "neither"),
        ("text.keras", "N614", "neither"),
        ("alone.weights.h5", "N614", "only weights"),
        ("odd.keras", "N614", "damaged"),
        ("none.keras", "N601", "there is no file"),
    ]
    for name, code, reported in cases:
        assert main(["import", str(tmp_path / name)]) == 1, name
        shown = capsys.readouterr().err
        assert f"error[{code}]" in shown, name
        assert reported in shown, name


def test_another_version_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    functional((4,), layers.Dense(3, name="last")).save(tmp_path / "whole.keras")
    with (
        zipfile.ZipFile(tmp_path / "whole.keras") as old,
        zipfile.ZipFile(tmp_path / "new.keras", "w") as new,
    ):
        for member in old.namelist():
            data = old.read(member)
            if member == "config.json":
                data = data.replace(b'"class_name": "Dense"', b'"class_name": "DenserThanDense"')
            if member == "metadata.json":
                data = json.dumps({**json.loads(data), "keras_version": "9.1.0"}).encode()
            new.writestr(member, data)
    assert main(["import", str(tmp_path / "new.keras")]) == 1
    shown = capsys.readouterr().err
    assert "error[N614]" in shown
    assert "written by Keras 9.1.0" in shown
    assert "DenserThanDense" in shown


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore")
def test_the_command_writes_text_and_clone(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = with_random_weights(
        functional(
            (8, 8, 3),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
            name="tiny",
        )
    )
    model.save(tmp_path / f"tiny.{suffix}")
    target, clone = tmp_path / "tiny.net", tmp_path / "clone.keras"
    assert (
        main(
            ["import", str(tmp_path / f"tiny.{suffix}"), "-o", str(target), "--weights", str(clone)]
        )
        == 0
    )
    shown = capsys.readouterr()
    assert not shown.out
    assert target.read_text(encoding="utf-8").splitlines()[1:] == [
        "net tiny",
        "input 8x8x3",
        "> conv3-4(pad=valid) > fc-3",
    ]
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    again = netdsl.load_model(clone)
    assert np.allclose(
        keras.ops.convert_to_numpy(again(x)), keras.ops.convert_to_numpy(model(x)), rtol=1e-5
    )
    assert main(["import", str(tmp_path / f"tiny.{suffix}"), "-o", str(target)]) == 1
    assert "error[N604]" in capsys.readouterr().err


def test_open_sizes_are_given_by_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_random_weights(
        functional((None, None, 3), layers.Conv2D(4, 3, padding="same"), name="open")
    ).save(tmp_path / "open.keras")
    assert main(["import", str(tmp_path / "open.keras"), "--input", "16x16x3"]) == 0
    assert "input 16x16x3" in capsys.readouterr().out


def test_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "keras:Resnet50"]) == 1
    assert "did you mean `ResNet50`" in capsys.readouterr().err


def test_a_text_is_parsed_once_more() -> None:
    assert parse(netdsl.from_keras(residuals())).counts.total == residuals().count_params()


def test_the_weights_of_an_application_are_called_random(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def tiny(name: str, shapes: object, weights: object) -> keras.Model:
        return functional((8, 8, 3), layers.Conv2D(4, 3), name="tiny")

    monkeypatch.setattr(opening, "open_model", tiny)
    clone = tmp_path / "clone.keras"
    assert (
        main(["import", "keras:Tiny", "-o", str(tmp_path / "a.net"), "--weights", str(clone)]) == 0
    )
    message = f"{clone}: tiny, 112 random weights (--pretrained takes those that Keras has)"
    assert message in capsys.readouterr().err


# --- pretrained weights ---------------------------------------------------------------------------


def _application(weights: str | None, input_shape: object = None) -> keras.Model:
    """One of keras.applications, as small as one can be."""
    if weights is not None and input_shape is not None:
        raise ValueError("these weights are of 8x8x3")
    if weights is not None:
        print("Downloading data")
        raise Exception("URL fetch failure on https://host/tiny.h5")  # as Keras does
    return functional(input_shape or (8, 8, 3), layers.Conv2D(4, 3), name="tiny")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.applications, "Tiny", _application, raising=False)


@pytest.mark.usefixtures("tiny")
def test_weights_of_a_file_are_those_of_the_network(tmp_path: Path) -> None:
    trained, clone = _application(None), tmp_path / "clone.keras"
    trained.save_weights(tmp_path / "tiny.weights.h5")
    arguments = ["-o", str(tmp_path / "a.net"), "--weights", str(clone)]
    given = ["--pretrained", str(tmp_path / "tiny.weights.h5")]
    assert main(["import", "keras:Tiny", *arguments, *given]) == 0
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    found = opening.load_model(clone)
    np.testing.assert_allclose(
        found.predict(x, verbose=0), trained.predict(x, verbose=0), atol=1e-6
    )


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("model", "arguments", "expected"),
    [
        ("keras:Tiny", ["--weights", "b.keras", "--pretrained"], "N522"),
        ("keras:Tiny", ["--weights", "b.keras", "--input", "9x9x3", "--pretrained"], "N620"),
        ("keras:Tiny", ["--weights", "b.keras", "--pretrained", "none.weights.h5"], "N601"),
        ("keras:Tiny", ["--weights", "b.keras", "--pretrained", "other.weights.h5"], "N614"),
        ("keras:Tiny", ["--weights", "b.keras", "--pretrained", "text.weights.h5"], "N614"),
        ("keras:Tiny", ["--weights", "b.keras", "--pretrained", "whole.keras"], "N614"),
        ("keras:Tiny", ["--pretrained"], "needs --weights"),
        ("model.keras", ["--weights", "b.keras", "--pretrained"], "is for keras:NAME"),
    ],
)
def test_weights_that_cannot_be_had(
    model: str,
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    monkeypatch.chdir(tmp_path)
    other = functional((8, 8, 3), layers.Conv2D(5, 3))
    other.save_weights("other.weights.h5")
    other.save("whole.keras")
    Path("text.weights.h5").write_text("weights")
    assert main(["import", model, "-o", "a.net", *arguments]) in (1, 2, 3)
    assert expected in capsys.readouterr().err
    assert not [one for one in recwarn if "Skipping" in str(one.message)]
    assert not Path("a.net").exists()
    assert not Path("b.keras").exists()
