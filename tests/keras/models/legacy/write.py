"""Writes the models of this folder with the Keras 2 that is installed, and what they give.

The tests read what this wrote; they never run it, as it needs a Keras that netdsl does not:

    python write.py words captioner                 # keras 2.3.1, on TensorFlow
    python write.py generator mobile transfer operators tickets video    # keras 2.13.1
    # tf-keras 2.21
    TF_USE_LEGACY_KERAS=1 python write.py siamese transformer attentive functions turned

Each model gets random weights, as norms and biases of 0 and 1 would hide what is mixed up. An
archive of arrays is written next to it: for two batches, `a` and `b`, inputs and outputs in their
order.
"""

import sys
from pathlib import Path

import numpy as np

try:
    import tf_keras as keras
except ImportError:
    import keras

layers, Input, Model, Sequential = keras.layers, keras.Input, keras.models.Model, keras.Sequential

HERE = Path(__file__).parent
INDICES = 20  # integers of inputs are below it


def words():
    """Keras 2.3.1: a text classifier whose embedding knows the length of its input."""
    return Sequential(
        [
            layers.Embedding(INDICES, 6, input_length=12),
            layers.SpatialDropout1D(0.2),
            layers.Bidirectional(layers.LSTM(4, dropout=0.2, recurrent_dropout=0.2)),
            layers.Dense(3, activation="softmax"),
        ]
    )


def captioner():
    """Keras 2.3.1: features of a picture and the words so far give the next word."""
    picture = Input(shape=(10,))
    features = layers.Dense(8, activation="relu")(layers.Dropout(0.5)(picture))
    text = Input(shape=(9,))
    x = layers.Embedding(INDICES, 6, mask_zero=True)(text)
    x = layers.LSTM(8)(layers.Dropout(0.5)(x))
    x = layers.Dense(8, activation="relu")(layers.add([features, x]))
    return Model(inputs=[picture, text], outputs=layers.Dense(INDICES, activation="softmax")(x))


def generator():
    """Keras 2.13: transposed convolutions, whose configs say `groups: 1`."""
    return Sequential(
        [
            layers.Dense(3 * 3 * 6, use_bias=False, input_shape=(8,)),
            layers.BatchNormalization(),
            layers.LeakyReLU(alpha=0.2),
            layers.Reshape((3, 3, 6)),
            layers.Conv2DTranspose(5, 5, strides=1, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(4, 4, strides=2, padding="same"),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(1, 5, strides=2, padding="same", activation="tanh"),
        ]
    )


def mobile():
    """Keras 2.13: depthwise and separable convolutions, ReLU up to 6, norms with axis lists."""
    image = Input(shape=(16, 16, 3))
    x = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.999)(x)
    y = x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.Conv2D(6, 1, padding="same", use_bias=False)(x)
    x = layers.Add()([y, layers.BatchNormalization()(x)])
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.SeparableConv2D(8, 3, strides=2, activation="relu")(x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(5, 1)(layers.Dropout(0.1)(x))
    return Model(image, layers.Activation("softmax")(layers.Reshape((5,))(x)))


def transfer():
    """Keras 2.13: augmentation, preprocessing by operators, a nested network, a head."""
    given = Input(shape=(20, 20, 3))
    x = layers.Conv2D(4, 3, strides=2, use_bias=False)(given)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("swish")(x)
    base = Model(given, layers.Conv2D(6, 3, activation="relu")(x), name="base")
    base.trainable = False
    augmentation = Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.2)])
    image = Input(shape=(20, 20, 3))
    x = augmentation(image)
    x = keras.applications.mobilenet_v2.preprocess_input(x)
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(1)(layers.Dropout(0.2)(x)))


def operators():
    """Keras 2.13: sums, products, slices and functions of TensorFlow between layers."""
    import tensorflow as tf

    image = Input(shape=(12, 12, 4))
    x = layers.Conv2D(6, 3, padding="same")(image[..., :3])
    x = tf.nn.relu(x)
    y = layers.Conv2D(6, 3, padding="same")(x)
    x = x + y
    x = x * tf.nn.sigmoid(layers.Conv2D(6, 1)(tf.reduce_mean(x, axis=[1, 2], keepdims=True)))
    x = tf.concat([x * 2.0, 1.0 - x], axis=-1)
    return Model(image, layers.Dense(4)(tf.reduce_mean(x, axis=[1, 2])))


def tickets():
    """Keras 2.13: several inputs and outputs, compiled, trained for a step, optimizer included."""
    title, tags = Input(shape=(10,), name="title"), Input(shape=(5,), name="tags")
    x = layers.GRU(4, name="reader")(layers.Embedding(INDICES, 5)(title))
    x = layers.concatenate([x, tags])
    priority = layers.Dense(1, activation="sigmoid", name="priority")(x)
    department = layers.Dense(3, activation="softmax", name="department")(x)
    model = Model([title, tags], [priority, department])
    model.compile(
        keras.optimizers.Adam(1e-3),
        loss={"priority": "binary_crossentropy", "department": "categorical_crossentropy"},
        metrics=["accuracy"],
    )
    model.fit(
        [np.ones((2, 10)), np.ones((2, 5))], [np.ones((2, 1)), np.eye(3)[:2]], verbose=0, epochs=1
    )
    return model


def video():
    """Keras 2.13: wrapped convolutions, recurrent layers whose configs say `time_major`."""
    return Sequential(
        [
            layers.TimeDistributed(
                layers.Conv2D(3, 3, strides=2, activation="relu"), input_shape=(4, 9, 9, 1)
            ),
            layers.TimeDistributed(layers.MaxPooling2D(2)),
            layers.TimeDistributed(layers.Flatten()),
            layers.LSTM(5, return_sequences=True),
            layers.SimpleRNN(4, return_sequences=True, go_backwards=True),
            layers.GRU(4),
            layers.Dense(2),
        ]
    )


def siamese():
    """tf-keras 2.21: one nested tower for two images, their distance by tf.abs."""
    import tensorflow as tf

    given = Input(shape=(14, 14, 1))
    x = layers.Rescaling(1 / 255.0)(given)
    x = layers.Conv2D(4, 5, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    tower = Model(given, layers.Dense(5, activation="tanh")(layers.Flatten()(x)), name="tower")
    a, b = Input(shape=(14, 14, 1), name="a"), Input(shape=(14, 14, 1), name="b")
    return Model([a, b], layers.Dense(1, activation="sigmoid")(tf.abs(tower(a) - tower(b))))


def transformer():
    """tf-keras 2.21: an encoder block in the zip format that Keras 2 wrote at its end."""
    tokens = Input(shape=(8,), dtype="int32")
    x = layers.Embedding(INDICES, 6)(tokens)
    y = layers.MultiHeadAttention(num_heads=2, key_dim=3, dropout=0.1)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
    y = layers.Dense(6)(layers.Dense(10, activation="gelu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
    return Model(tokens, layers.Dense(2, activation="softmax")(layers.GlobalMaxPooling1D()(x)))


def attentive():
    """tf-keras 2.21: attention with its factor, and additive attention, whose config says `dot`."""
    query, value = Input(shape=(6, 4)), Input(shape=(9, 4))
    dot = layers.Attention(use_scale=True)([query, value])
    additive = layers.AdditiveAttention()([query, value])
    x = layers.GRU(5)(layers.Concatenate()([query, dot, additive]))
    return Model([query, value], layers.Dense(1)(x))


def functions():
    """tf-keras 2.21: quotients, roots, limits, and an array of constants."""
    import tensorflow as tf

    image = Input(shape=(10, 10, 4))
    y = tf.sqrt(tf.square(tf.clip_by_value(image, -1.0, 1.0)) + 1.0)
    x = tf.reduce_max(y, axis=[1, 2]) / (1.0 + tf.reduce_sum(tf.abs(image), axis=[1, 2]))
    x = tf.maximum(x, 0.01) * tf.constant([1.0, 2.0, 3.0, 4.0])
    return Model(image, layers.Dense(2)(x))


def turned():
    """tf-keras 2.21: `tf.transpose` between layers, in the zip format."""
    import tensorflow as tf

    image = Input(shape=(10, 10, 4))
    x = layers.TimeDistributed(layers.Flatten())(layers.Permute((3, 1, 2))(image))
    x = tf.transpose(layers.SimpleRNN(6, return_sequences=True)(x), [0, 2, 1])
    x = layers.Conv1D(3, 2, dilation_rate=2, padding="causal", activation="swish")(x)
    return Model(image, layers.GlobalMaxPooling1D()(x))


SUFFIXES = {"transformer": "keras", "turned": "keras"}
IMAGES = {"transfer", "siamese"}  # whose numbers go from 0 to 255
WORDS = {("words", 0), ("captioner", 1), ("tickets", 0), ("transformer", 0)}  # inputs of indices


def drawn(weight, array, rng):
    """A kernel by its fan-in; factors and variances about 1; biases and means about 0."""
    if array.dtype.kind not in "f":
        return array
    if "variance" in weight.name or "gamma" in weight.name:
        return rng.uniform(0.5, 1.5, array.shape)
    scale = 0.1 if array.ndim < 2 else np.prod(array.shape[:-1]) ** -0.5
    return scale * rng.normal(size=array.shape)


def inputs(model, name, rng, batch):
    given = []
    for index, tensor in enumerate(model.inputs):
        shape = (batch, *(int(size) for size in tensor.shape[1:]))
        if (name, index) in WORDS:
            array = rng.integers(1, INDICES, shape).astype("float32")
            if name == "captioner":
                array[0, -3:] = 0  # which its embedding masks
            given.append(array)
        elif name in IMAGES:
            given.append(rng.integers(0, 256, shape).astype("float32"))
        else:
            given.append((rng.integers(-32, 33, shape) / 16).astype("float32"))
    return given


def main() -> None:
    for seed, name in enumerate(sys.argv[1:]):
        rng = np.random.default_rng(seed + 7)
        model = globals()[name]()
        model.set_weights(
            [drawn(w, a, rng) for w, a in zip(model.weights, model.get_weights(), strict=True)]
        )
        arrays = {}
        for batch, size in (("a", 2), ("b", 3)):
            given = inputs(model, name, rng, size)
            found = model.predict(given if len(given) > 1 else given[0], verbose=0)
            found = found if isinstance(found, list) else [found]
            arrays |= {f"{batch}_input_{i}": array for i, array in enumerate(given)}
            arrays |= {f"{batch}_output_{i}": array for i, array in enumerate(found)}
        np.savez_compressed(HERE / f"{name}.npz", **arrays)
        model.save(HERE / f"{name}.{SUFFIXES.get(name, 'h5')}")
        print(name, [(k, v.shape) for k, v in arrays.items()], arrays["a_output_0"][0].ravel()[:4])


if __name__ == "__main__":
    main()
