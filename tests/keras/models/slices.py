"""Tensors that are indexed and cut."""

import keras
from keras import layers, ops


def class_token() -> keras.Model:
    """The first position after attention goes to the classifier."""
    tokens = keras.Input((16,), dtype="int32")
    x = layers.Embedding(80, 12)(tokens)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(3, 4)(x, x))
    x = layers.LayerNormalization()(x + layers.Dense(12)(layers.Dense(24, activation="gelu")(x)))
    pooled = layers.Dense(12, activation="tanh", name="pooler")(x[:, 0, :])
    return keras.Model(tokens, layers.Dense(2, activation="softmax")(pooled))


def colour_and_depth() -> keras.Model:
    """Channels of one input to two branches: `x[..., :3]` and `x[..., 3:]`."""
    image = keras.Input((24, 24, 4))
    colour = layers.Conv2D(8, 3, padding="same", activation="relu")(image[..., :3])
    depth = layers.Conv2D(4, 5, padding="same", activation="relu")(image[..., 3:])
    x = layers.Concatenate()([layers.MaxPooling2D()(colour), layers.MaxPooling2D()(depth)])
    x = layers.Conv2D(8, 3, activation="relu")(x)
    return keras.Model(image, layers.Dense(6)(layers.GlobalAveragePooling2D()(x)))


def first_and_last_step() -> keras.Model:
    """The last step of one LSTM joined with the first step of one that ran backwards."""
    sequence = keras.Input((20, 5))
    forward = layers.LSTM(6, return_sequences=True)(sequence)
    both = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(forward)
    x = layers.concatenate([forward[:, -1, :], both[:, 0], both[:, -1]])
    return keras.Model(sequence, layers.Dense(1)(x))


def focus() -> keras.Model:
    """YOLOv5's focus: four pictures of every second pixel, joined as channels."""
    image = keras.Input((32, 32, 3))
    x = layers.Concatenate()(
        [
            image[:, ::2, ::2, :],
            image[:, 1::2, ::2, :],
            image[:, ::2, 1::2, :],
            image[:, 1::2, 1::2, :],
        ]
    )
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    x = layers.Activation("silu")(layers.BatchNormalization(epsilon=1e-3, momentum=0.97)(x))
    x = layers.Conv2D(12, 3, strides=2, padding="same", activation="silu")(x)
    return keras.Model(image, layers.Conv2D(5, 1)(x))


def turned_round() -> keras.Model:
    """Channels in the other order, and the sequence read from its end."""
    signal = keras.Input((30, 3))
    forward = layers.Conv1D(6, 4, padding="causal", activation="relu")(signal)
    backward = layers.Conv1D(6, 4, padding="causal", activation="relu")(signal[:, ::-1, :])
    swapped = layers.Conv1D(6, 1)(signal[..., ::-1])
    x = layers.Average()([forward, backward[:, ::-1], swapped])
    return keras.Model(signal, layers.Dense(4)(layers.GlobalMaxPooling1D()(x)))


def columns() -> keras.Model:
    """A row of a table: the first columns are numbers, single others are indices of embeddings."""
    row = keras.Input((8,), name="row")
    numbers = layers.BatchNormalization()(row[:, :5])
    shop = layers.Embedding(9, 4)(ops.cast(row[:, 5], "int32"))
    day = layers.Embedding(7, 2)(ops.cast(row[:, 6], "int32"))
    x = layers.Concatenate()([numbers, shop, day, row[:, 7:]])
    x = layers.Dense(16, activation="relu")(x)
    return keras.Model(row, layers.Dense(1)(x))


def gated_wavenet() -> keras.Model:
    """tanh of one half of the channels times sigmoid of the other, dilated further each time."""
    sound = keras.Input((64, 1))
    x = layers.Conv1D(8, 1)(sound)
    skips = []
    for dilation in (1, 2, 4):
        z = layers.Conv1D(16, 2, dilation_rate=dilation, padding="causal")(x)
        z = ops.tanh(z[:, :, :8]) * ops.sigmoid(z[:, :, 8:])
        skips.append(layers.Conv1D(6, 1)(z))
        x = x + layers.Conv1D(8, 1)(z)
    y = layers.Activation("relu")(layers.Add()(skips))
    return keras.Model(sound, layers.Conv1D(4, 1, activation="softmax")(y))


def valid_unet() -> keras.Model:
    """The first U-Net: maps from the way down are cut to the smaller size of the way up."""
    image = keras.Input((44, 44, 1))
    one = layers.Conv2D(4, 3, activation="relu", kernel_initializer="he_normal")(image)
    one = layers.Conv2D(4, 3, activation="relu", kernel_initializer="he_normal")(one)
    two = layers.MaxPooling2D((2, 2))(one)
    two = layers.Conv2D(8, 3, activation="relu")(two)
    two = layers.Conv2D(8, 3, activation="relu")(two)
    up = layers.Conv2DTranspose(4, (2, 2), strides=(2, 2))(two)
    x = layers.concatenate([one[:, 4:-4, 4:-4, :], up], axis=3)
    x = layers.Conv2D(4, 3, activation="relu")(x)
    return keras.Model(image, layers.Conv2D(2, 1, activation="softmax")(x))


def differences() -> keras.Model:
    """Steps minus the steps before them, joined with the steps themselves."""
    prices = keras.Input((25, 4))
    change = prices[:, 1:, :] - prices[:, :-1, :]
    x = ops.concatenate([prices[:, 1:], change, ops.abs(change)], axis=-1)
    x = layers.GRU(8)(x)
    context = layers.Dense(8, activation="relu")(x)[:, None, :]
    y = layers.Add()([layers.Conv1D(8, 3, padding="same")(change), context])
    return keras.Model(prices, layers.Dense(1)(layers.Flatten()(y[:, -3:])))


def boxes() -> keras.Model:
    """A detector's map read as centre, size, certainty and classes, with two kinds of cut."""
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=4, padding="same", activation="leaky_relu")(image)
    x = layers.Conv2D(2 * 8, 1)(layers.Conv2D(12, 3, strides=2, padding="same")(x))
    x = layers.Reshape((4, 4, 2, 8))(x)
    centre = ops.sigmoid(x[..., 0:2])
    size = ops.exp(x[..., 2:4])
    certain = ops.sigmoid(x[..., 4:5])
    classes = ops.softmax(x[..., 5:])
    return keras.Model(image, ops.concatenate([centre, size, certain, classes], axis=-1))
