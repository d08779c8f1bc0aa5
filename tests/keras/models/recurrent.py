"""What recurrent layers can be asked for: states, masks, directions, dropout, cells."""

import keras
from keras import layers, ops


def letters_to_letters() -> keras.Model:
    """keras.io's translation of letters: the decoder begins where the encoder ended."""
    encoder_inputs = keras.Input(shape=(None, 14))
    encoder = layers.LSTM(8, return_state=True)
    _, state_h, state_c = encoder(encoder_inputs)
    decoder_inputs = keras.Input(shape=(None, 17))
    decoder_lstm = layers.LSTM(8, return_sequences=True, return_state=True)
    decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=[state_h, state_c])
    decoder_outputs = layers.Dense(17, activation="softmax")(decoder_outputs)
    return keras.Model([encoder_inputs, decoder_inputs], decoder_outputs)


def padded_series() -> keras.Model:
    """Steps of -1 are masked for two stacked LSTMs."""
    model = keras.Sequential()
    model.add(layers.Input((12, 3)))
    model.add(layers.Masking(mask_value=-1.0))
    model.add(layers.LSTM(8, return_sequences=True))
    model.add(layers.LSTM(6))
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def padded_words() -> keras.Model:
    """Word 0 is masked for a GRU of the old form."""
    words = keras.Input((16,))
    x = layers.Embedding(input_dim=80, output_dim=8, mask_zero=True)(words)
    x = layers.GRU(8, reset_after=False, recurrent_activation="hard_sigmoid")(x)
    x = layers.Dense(6, activation="relu")(x)
    return keras.Model(words, layers.Dense(4, activation="softmax")(x))


def backwards_by_hand() -> keras.Model:
    """One LSTM forwards, one backwards whose steps are reversed again, joined step by step."""
    sequence = keras.Input((11, 4))
    ahead = layers.LSTM(5, return_sequences=True)(sequence)
    back = layers.LSTM(5, return_sequences=True, go_backwards=True)(sequence)
    x = layers.Concatenate()([ahead, ops.flip(back, axis=1)])
    last = layers.GRU(4, go_backwards=True)(x)
    return keras.Model(sequence, layers.Dense(2)(last))


def stateful() -> keras.Model:
    """State is kept between batches, so the batch's size is given."""
    model = keras.Sequential()
    model.add(keras.Input(batch_shape=(2, 8, 3)))
    model.add(layers.LSTM(6, stateful=True, return_sequences=True))
    model.add(layers.LSTM(6, stateful=True))
    model.add(layers.Dense(1))
    return model


def dropout_everywhere() -> keras.Model:
    """dropout and recurrent_dropout within layers, without biases, implementation 1."""
    model = keras.Sequential(
        [
            keras.Input((15, 5)),
            layers.LSTM(
                8, return_sequences=True, dropout=0.2, recurrent_dropout=0.2, implementation=1
            ),
            layers.GRU(6, return_sequences=True, recurrent_dropout=0.3, use_bias=False),
            layers.SimpleRNN(6, dropout=0.1, kernel_constraint=keras.constraints.MaxNorm(3)),
            layers.Dense(3, activation="softmax", bias_regularizer=keras.regularizers.L2(1e-3)),
        ]
    )
    model.compile("adam", "categorical_crossentropy")
    return model


def repeated_code() -> keras.Model:
    """An autoencoder of series: relu LSTMs, a repeated vector, the series as output."""
    model = keras.Sequential()
    model.add(keras.Input((9, 1)))
    model.add(layers.LSTM(10, activation="relu"))
    model.add(layers.RepeatVector(9))
    model.add(layers.LSTM(10, activation="relu", return_sequences=True))
    model.add(layers.TimeDistributed(layers.Dense(1)))
    return model


def unrolled() -> keras.Model:
    """Plain recurrent layers, unrolled, with relu and orthogonal kernels, then a linear one."""
    sequence = keras.Input((6, 7))
    x = layers.SimpleRNN(
        8,
        activation="relu",
        recurrent_initializer=keras.initializers.Orthogonal(0.5),
        unroll=True,
        return_sequences=True,
    )(sequence)
    x = layers.LSTM(5, unit_forget_bias=False, unroll=True, return_sequences=True)(x)
    x = layers.SimpleRNN(4, activation="linear", use_bias=False)(x)
    return keras.Model(sequence, layers.Dense(1)(x))


def next_frame() -> keras.Model:
    """Convolutional LSTMs on a film, then one convolution in three dimensions."""
    film = keras.Input((5, 12, 12, 1))
    x = layers.ConvLSTM2D(
        filters=4, kernel_size=(5, 5), padding="same", return_sequences=True, activation="relu"
    )(film)
    x = layers.BatchNormalization()(x)
    x = layers.ConvLSTM2D(
        filters=4, kernel_size=(3, 3), padding="same", return_sequences=True, activation="relu"
    )(x)
    x = layers.Conv3D(filters=1, kernel_size=(3, 3, 3), activation="sigmoid", padding="same")(x)
    return keras.Model(film, x)


def cells() -> keras.Model:
    """Cells stacked in one RNN; a GRU whose last state is an output in addition to its steps."""
    sequence = keras.Input((10, 4))
    x = layers.RNN([layers.LSTMCell(6), layers.LSTMCell(5)], return_sequences=True)(sequence)
    steps, state = layers.GRU(4, return_sequences=True, return_state=True)(x)
    return keras.Model(sequence, [layers.Dense(2)(steps), layers.Dense(3)(state)])
