"""Bidirectional in its merge modes, stacked, with sequences and states."""

import keras
from keras import layers, ops


def sentiment() -> keras.Model:
    """Two stacked bidirectional LSTMs on words of a text of any length: keras.io's example."""
    inputs = keras.Input(shape=(None,), dtype="int32")
    x = layers.Embedding(200, 12)(inputs)
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(6))(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def summed() -> keras.Model:
    """Sums of both directions, pooled two ways."""
    sequence = keras.Input((16, 6))
    x = layers.Bidirectional(layers.GRU(8, return_sequences=True), merge_mode="sum")(sequence)
    x = layers.Bidirectional(layers.GRU(8, return_sequences=True), merge_mode="sum")(x)
    pooled = layers.concatenate(
        [layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)]
    )
    return keras.Model(sequence, layers.Dense(6, activation="sigmoid")(pooled))


def multiplied() -> keras.Model:
    """Products of both directions, with and without sequences."""
    return keras.Sequential(
        [
            keras.Input((12, 4)),
            layers.Bidirectional(layers.LSTM(7, return_sequences=True), merge_mode="mul"),
            layers.Dropout(0.2),
            layers.Bidirectional(layers.LSTM(5), merge_mode="mul"),
            layers.Dense(2),
        ]
    )


def averaged_and_masked() -> keras.Model:
    """Means of both directions; steps of zeros are masked."""
    model = keras.Sequential(name="development")
    model.add(keras.Input((10, 5)))
    model.add(layers.Masking(mask_value=0.0))
    model.add(layers.Bidirectional(layers.LSTM(6, return_sequences=True), merge_mode="ave"))
    model.add(layers.Bidirectional(layers.LSTM(6), merge_mode="ave"))
    model.add(layers.Dense(5))
    return model


def directions_apart() -> keras.Model:
    """merge_mode None: two outputs, each read by layers of its own."""
    sequence = keras.Input((14, 3))
    forward, backward = layers.Bidirectional(
        layers.LSTM(5, return_sequences=True), merge_mode=None
    )(sequence)
    forward = layers.Conv1D(4, 3, activation="relu")(forward)
    backward = layers.Dense(4, activation="tanh")(backward)
    x = layers.concatenate(
        [layers.GlobalMaxPooling1D()(forward), layers.GlobalAveragePooling1D()(backward)]
    )
    return keras.Model(sequence, layers.Dense(3)(x))


def backward_of_its_own() -> keras.Model:
    """The backward layer is given, with another activation."""
    model = keras.Sequential()
    model.add(keras.Input((9, 4)))
    forward = layers.LSTM(6, return_sequences=True)
    backward = layers.LSTM(6, activation="relu", return_sequences=True, go_backwards=True)
    model.add(layers.Bidirectional(forward, backward_layer=backward))
    model.add(layers.Dense(5))
    return model


def residual_stack() -> keras.Model:
    """Three layers deep, each added to what went in, with norms between."""
    frames = keras.Input((20, 10), name="frames")
    x = layers.Dense(12)(frames)
    for _ in range(3):
        y = layers.LayerNormalization()(x)
        y = layers.Bidirectional(layers.GRU(6, return_sequences=True))(y)
        x = layers.Add()([x, layers.Dropout(0.1)(y)])
    x = layers.Dense(8, activation="relu")(x)
    return keras.Model(frames, layers.Dense(11, activation="softmax")(x))


def text_in_pictures() -> keras.Model:
    """OCR: convolutions, columns as steps, two bidirectional LSTMs with dropout, softmax."""
    image = keras.Input((48, 16, 1), name="image")
    x = layers.Conv2D(6, (3, 3), activation="relu", padding="same", name="Conv1")(image)
    x = layers.MaxPooling2D((2, 2), name="pool1")(x)
    x = layers.Conv2D(8, (3, 3), activation="relu", padding="same", name="Conv2")(x)
    x = layers.MaxPooling2D((2, 2), name="pool2")(x)
    x = layers.Reshape(target_shape=(12, 32), name="reshape")(x)
    x = layers.Dense(16, activation="relu", name="dense1")(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Bidirectional(layers.LSTM(8, return_sequences=True, dropout=0.25))(x)
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True, dropout=0.25))(x)
    return keras.Model(image, layers.Dense(12, activation="softmax", name="dense2")(x))


def states_to_decoder() -> keras.Model:
    """States of both directions joined: where a decoder begins."""
    source = keras.Input((10, 6), name="source")
    target = keras.Input((8, 5), name="target")
    encoder = layers.Bidirectional(layers.LSTM(4, return_state=True))
    _, forward_h, forward_c, backward_h, backward_c = encoder(source)
    state_h = layers.Concatenate()([forward_h, backward_h])
    state_c = layers.Concatenate()([forward_c, backward_c])
    x = layers.LSTM(8, return_sequences=True)(target, initial_state=[state_h, state_c])
    return keras.Model([source, target], layers.Dense(5, activation="softmax")(x))


def weighted_steps() -> keras.Model:
    """Old GRUs and plain recurrent layers in both directions, steps weighed by a softmax."""
    words = keras.Input((15,), dtype="int32")
    x = layers.Embedding(70, 8)(words)
    x = layers.Bidirectional(layers.GRU(6, return_sequences=True, reset_after=False))(x)
    x = layers.Bidirectional(layers.SimpleRNN(6, return_sequences=True, activation="relu"))(x)
    weights = layers.Dense(1, use_bias=False)(layers.Dense(8, activation="tanh")(x))
    weights = layers.Softmax(axis=1)(weights)
    x = ops.sum(layers.Multiply()([x, weights]), axis=1)
    return keras.Model(words, layers.Dense(3, activation="softmax")(x))
