"""TimeDistributed: one layer or model for each step."""

import keras
from keras import layers


def video_layer_by_layer() -> keras.Model:
    """Frames through wrapped convolutions one by one, then an LSTM: LRCN."""
    model = keras.Sequential()
    model.add(keras.Input(shape=(6, 24, 24, 3)))
    model.add(layers.TimeDistributed(layers.Conv2D(4, (3, 3), padding="same", activation="relu")))
    model.add(layers.TimeDistributed(layers.MaxPooling2D((4, 4))))
    model.add(layers.TimeDistributed(layers.Dropout(0.25)))
    model.add(layers.TimeDistributed(layers.Conv2D(6, (3, 3), padding="same", activation="relu")))
    model.add(layers.TimeDistributed(layers.MaxPooling2D((2, 2))))
    model.add(layers.TimeDistributed(layers.Flatten()))
    model.add(layers.LSTM(8))
    model.add(layers.Dense(4, activation="softmax"))
    return model


def video_of_a_sequential() -> keras.Model:
    """A Sequential of convolutions in one wrapper, then a GRU."""
    frame = keras.Sequential(
        [
            keras.Input((20, 20, 1)),
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.BatchNormalization(),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.GlobalMaxPooling2D(),
        ],
        name="frame_encoder",
    )
    clip = keras.Input((5, 20, 20, 1), name="clip")
    x = layers.TimeDistributed(frame)(clip)
    x = layers.GRU(6, return_sequences=True)(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(clip, layers.Dense(3, activation="softmax")(x))


def frames_and_sound() -> keras.Model:
    """A functional model with a residual sum wrapped for frames, joined with steps of sound."""
    still = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, padding="same", activation="relu")(still)
    y = layers.Conv2D(6, 3, padding="same")(x)
    x = layers.Activation("relu")(layers.Add()([x, y]))
    looks = keras.Model(still, layers.GlobalAveragePooling2D()(x))
    frames, sound = keras.Input((8, 16, 16, 3), name="frames"), keras.Input((8, 13), name="mfcc")
    seen = layers.TimeDistributed(looks)(frames)
    heard = layers.TimeDistributed(layers.Dense(6, activation="relu"))(sound)
    x = layers.concatenate([seen, heard])
    x = layers.Bidirectional(layers.GRU(5))(x)
    return keras.Model([frames, sound], layers.Dense(2, activation="softmax")(x))


def tagger() -> keras.Model:
    """A tag for each word by a wrapped Dense."""
    words = keras.Input(shape=(18,), dtype="int32")
    x = layers.Embedding(90, 8, mask_zero=True)(words)
    x = layers.SpatialDropout1D(0.1)(x)
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True, recurrent_dropout=0.1))(x)
    return keras.Model(words, layers.TimeDistributed(layers.Dense(5, activation="softmax"))(x))


def subsequences() -> keras.Model:
    """A series in pieces: convolutions within each, an LSTM across them."""
    return keras.Sequential(
        [
            keras.Input((4, 12, 2)),
            layers.TimeDistributed(layers.Conv1D(filters=6, kernel_size=3, activation="relu")),
            layers.TimeDistributed(layers.Conv1D(filters=6, kernel_size=3, activation="relu")),
            layers.TimeDistributed(layers.Dropout(0.5)),
            layers.TimeDistributed(layers.MaxPooling1D(pool_size=2)),
            layers.TimeDistributed(layers.Flatten()),
            layers.LSTM(10),
            layers.Dense(10, activation="relu"),
            layers.Dense(1),
        ]
    )


def documents() -> keras.Model:
    """Words make sentences, sentences make a document: a wrapped model of indices."""
    sentence = keras.Input((10,), dtype="int32")
    x = layers.Embedding(100, 8)(sentence)
    x = layers.Bidirectional(layers.GRU(5, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(8, activation="tanh"))(x)
    encoder = keras.Model(sentence, layers.GlobalMaxPooling1D()(x), name="sentence_encoder")
    document = keras.Input((6, 10), dtype="int32")
    y = layers.TimeDistributed(encoder)(document)
    y = layers.Bidirectional(layers.GRU(5))(y)
    return keras.Model(document, layers.Dense(4, activation="softmax")(y))


def doubly_wrapped() -> keras.Model:
    """A wrapper in a wrapper: for each step and each neighbour one Dense, then their mean."""
    neighbours = keras.Input((5, 4, 7))
    x = layers.TimeDistributed(layers.TimeDistributed(layers.Dense(6, activation="relu")))(
        neighbours
    )
    x = layers.TimeDistributed(layers.GlobalAveragePooling1D())(x)
    return keras.Model(neighbours, layers.Dense(1)(layers.LSTM(5)(x)))


def normed_steps() -> keras.Model:
    """Norms, activations, pooling and a reshape, each wrapped, over the columns of a picture."""
    strips = keras.Input((7, 12, 12, 1))
    x = layers.TimeDistributed(layers.Conv2D(4, 3, use_bias=False))(strips)
    x = layers.TimeDistributed(layers.BatchNormalization())(x)
    x = layers.TimeDistributed(layers.Activation("relu"))(x)
    x = layers.TimeDistributed(layers.GlobalAveragePooling2D())(x)
    x = layers.TimeDistributed(layers.LayerNormalization())(x)
    x = layers.TimeDistributed(layers.Reshape((2, 2)))(x)
    x = layers.TimeDistributed(layers.Flatten())(x)
    x = layers.SimpleRNN(6, return_sequences=True)(x)
    return keras.Model(strips, layers.TimeDistributed(layers.Dense(11, activation="softmax"))(x))


def series_to_series() -> keras.Model:
    """Encoder, repeated vector, decoder, a wrapped Dense: weather of the next steps."""
    model = keras.Sequential()
    model.add(keras.Input((14, 4)))
    model.add(layers.LSTM(10))
    model.add(layers.RepeatVector(7))
    model.add(layers.LSTM(10, return_sequences=True))
    model.add(layers.TimeDistributed(layers.Dense(8, activation="relu")))
    model.add(layers.TimeDistributed(layers.Dense(1)))
    return model


def words_and_letters() -> keras.Model:
    """Named entities: each word's letters through a wrapped embedding and convolution."""
    words = keras.Input((9,), name="words", dtype="int32")
    letters = keras.Input((9, 11), name="letters", dtype="int32")
    case = keras.Input((9, 3), name="case")
    x = layers.TimeDistributed(layers.Embedding(40, 5))(letters)
    x = layers.Dropout(0.5)(x)
    x = layers.TimeDistributed(layers.Conv1D(6, 3, padding="same", activation="tanh"))(x)
    x = layers.TimeDistributed(layers.MaxPooling1D(11))(x)
    x = layers.TimeDistributed(layers.Flatten())(x)
    embedded = layers.Embedding(120, 8, trainable=False)(words)
    x = layers.concatenate([embedded, case, x])
    x = layers.Bidirectional(layers.LSTM(7, return_sequences=True))(x)
    return keras.Model(
        [words, letters, case], layers.TimeDistributed(layers.Dense(6, activation="softmax"))(x)
    )
