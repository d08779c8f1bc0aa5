"""Operators and functions of keras.ops on symbolic tensors."""

import keras
import numpy as np
from keras import layers, ops


def residual_by_plus() -> keras.Model:
    """A residual network whose sums are written with `+`."""
    inputs = keras.Input((24, 24, 3))
    x = layers.Conv2D(8, 3, padding="same")(inputs)
    for strides, filters in ((1, 8), (2, 12)):
        shortcut = x
        y = ops.relu(layers.BatchNormalization()(x))
        y = layers.Conv2D(filters, 3, strides=strides, padding="same")(y)
        y = layers.BatchNormalization()(y)
        y = ops.relu(y)
        y = layers.Conv2D(filters, 3, padding="same")(y)
        if strides > 1:
            shortcut = layers.Conv2D(filters, 1, strides=strides)(shortcut)
        x = shortcut + y
    x = ops.mean(ops.relu(x), axis=[1, 2])
    return keras.Model(inputs, ops.softmax(layers.Dense(4)(x)))


def shuffled_channels() -> keras.Model:
    """ShuffleNetV2: channels split, one half worked on, joined, shuffled by two reshapes."""

    def shuffle(x, groups):
        _, height, width, channels = x.shape
        x = ops.reshape(x, (-1, height, width, groups, channels // groups))
        x = ops.transpose(x, (0, 1, 2, 4, 3))
        return ops.reshape(x, (-1, height, width, channels))

    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(12, 3, strides=2, padding="same", activation="relu")(inputs)
    for _ in range(2):
        left, right = ops.split(x, 2, axis=-1)
        right = layers.Conv2D(6, 1, use_bias=False)(right)
        right = layers.ReLU()(layers.BatchNormalization()(right))
        right = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(right)
        right = layers.BatchNormalization()(right)
        right = layers.Conv2D(6, 1, activation="relu")(right)
        x = shuffle(ops.concatenate([left, right], axis=-1), 2)
    return keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))


def dueling_values() -> keras.Model:
    """Q = V + (A - mean of A)."""
    state = keras.Input((8,), name="state")
    x = layers.Dense(16, activation="relu")(state)
    value = layers.Dense(1)(layers.Dense(8, activation="relu")(x))
    advantage = layers.Dense(4)(layers.Dense(8, activation="relu")(x))
    q = value + (advantage - ops.mean(advantage, axis=1, keepdims=True))
    return keras.Model(state, q)


def gated_by_hand() -> keras.Model:
    """MobileNetV3's block with hard swish and squeeze and excitation as arithmetic."""

    def hard_sigmoid(x):
        return ops.relu6(x + 3.0) * (1.0 / 6.0)

    inputs = keras.Input((20, 20, 8))
    x = layers.Conv2D(16, 1, use_bias=False)(inputs)
    x = layers.BatchNormalization()(x)
    x = x * hard_sigmoid(x)
    x = layers.DepthwiseConv2D(5, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    s = ops.mean(x, axis=(1, 2), keepdims=True)
    s = layers.Conv2D(4, 1, activation="relu")(s)
    s = hard_sigmoid(layers.Conv2D(16, 1)(s))
    x = ops.multiply(x, s)
    x = layers.Conv2D(8, 1, use_bias=False)(x)
    x = ops.add(layers.BatchNormalization()(x), inputs)
    return keras.Model(inputs, ops.max(x, axis=(1, 2)))


def mlp_mixer() -> keras.Model:
    """Patches by a convolution; dense layers over patches by transposing, then over channels."""
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(12, kernel_size=4, strides=4)(inputs)
    x = ops.reshape(x, (-1, 16, 12))
    for _ in range(2):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        y = ops.transpose(y, axes=(0, 2, 1))
        y = layers.Dense(8, activation="gelu")(y)
        y = layers.Dense(16)(y)
        x = x + ops.transpose(y, axes=(0, 2, 1))
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        y = layers.Dense(24, activation="gelu")(y)
        x = x + layers.Dense(12)(y)
    x = ops.mean(x, axis=1)
    return keras.Model(inputs, layers.Dense(10)(x))


def cosine_towers() -> keras.Model:
    """Vectors brought to length 1 by hand and multiplied: contrastive scores."""
    image, text = keras.Input((18,), name="image"), keras.Input((14,), name="text")

    def unit(x):
        return x / ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-6)

    a = unit(layers.Dense(8)(layers.Dense(16, activation="gelu")(image)))
    b = ops.normalize(layers.Dense(8)(text), axis=-1)
    return keras.Model([image, text], ops.sum(a * b, axis=-1, keepdims=True) * 10.0)


def highway() -> keras.Model:
    """t * h + (1 - t) * x, five layers deep."""
    x = inputs = keras.Input((12,))
    for _ in range(5):
        gate = layers.Dense(
            12, activation="sigmoid", bias_initializer=keras.initializers.Constant(-2.0)
        )(x)
        x = gate * layers.Dense(12, activation="relu")(x) + (1 - gate) * x
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def attention_by_hand() -> keras.Model:
    """softmax(q k' / sqrt(d)) v in two heads, made of matmul, reshape and transpose."""
    sequence = keras.Input((10, 16))

    def heads(x):
        return ops.transpose(ops.reshape(x, (-1, 10, 2, 8)), (0, 2, 1, 3))

    q, k, v = (heads(layers.Dense(16, use_bias=False)(sequence)) for _ in range(3))
    scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / np.sqrt(8)
    x = ops.softmax(scores, axis=-1) @ v
    x = ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, 10, 16))
    x = layers.LayerNormalization()(layers.Dense(16)(x) + sequence)
    return keras.Model(sequence, layers.Dense(2)(layers.Flatten()(x)))


def sinusoidal_table() -> keras.Model:
    """Embeddings times the root of their width, plus a constant table of sines and cosines."""
    length, width = 12, 16
    angles = np.arange(length)[:, None] / 10000 ** (2 * (np.arange(width)[None] // 2) / width)
    table = np.where(np.arange(width) % 2 == 0, np.sin(angles), np.cos(angles)).astype("float32")
    tokens = keras.Input((length,), dtype="int32")
    x = layers.Embedding(60, width)(tokens)
    x = x * float(width) ** 0.5 + ops.convert_to_tensor(table[None])
    x = layers.Conv1D(16, 3, padding="causal", activation="relu")(x)
    x = ops.max(x, axis=1)
    return keras.Model(tokens, layers.Dense(1, activation="sigmoid")(x))


def factorization_machine() -> keras.Model:
    """Half of (the square of the sum minus the sum of the squares) of embedded fields."""
    fields = keras.Input((6,), dtype="int32")
    vectors = layers.Embedding(50, 5, name="vectors")(fields)
    weights = layers.Embedding(50, 1, name="weights")(fields)
    linear = ops.sum(ops.squeeze(weights, axis=-1), axis=1, keepdims=True)
    pairs = 0.5 * (ops.square(ops.sum(vectors, axis=1)) - ops.sum(vectors**2, axis=1))
    interaction = ops.sum(pairs, axis=1, keepdims=True)
    deep = layers.Dense(8, activation="relu")(layers.Flatten()(vectors))
    deep = layers.Dense(1)(deep)
    return keras.Model(fields, ops.sigmoid(linear + interaction + deep))
