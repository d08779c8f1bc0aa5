"""Attention: of a sequence to itself, to another one, by hand."""

import keras
from keras import layers, ops


def series_transformer() -> keras.Model:
    """Encoder blocks with convolutions of size 1 on a series, pooled over the steps."""

    def encoder(inputs, head_size, num_heads, ff_dim, dropout=0.0):
        x = layers.MultiHeadAttention(key_dim=head_size, num_heads=num_heads, dropout=dropout)(
            inputs, inputs
        )
        x = layers.Dropout(dropout)(x)
        x = layers.LayerNormalization(epsilon=1e-6)(x)
        res = x + inputs
        x = layers.Conv1D(filters=ff_dim, kernel_size=1, activation="relu")(res)
        x = layers.Dropout(dropout)(x)
        x = layers.Conv1D(filters=inputs.shape[-1], kernel_size=1)(x)
        x = layers.LayerNormalization(epsilon=1e-6)(x)
        return x + res

    inputs = keras.Input(shape=(30, 3))
    x = inputs
    for _ in range(2):
        x = encoder(x, head_size=6, num_heads=2, ff_dim=4, dropout=0.25)
    x = layers.GlobalAveragePooling1D(data_format="channels_last")(x)
    x = layers.Dense(12, activation="relu")(x)
    x = layers.Dropout(0.4)(x)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


def little_gpt() -> keras.Model:
    """Causal blocks, norms first, over tokens with positions given as a second input."""
    tokens = keras.Input((16,), dtype="int32", name="tokens")
    positions = keras.Input((16,), dtype="int32", name="positions")
    x = layers.Add()([layers.Embedding(60, 12)(tokens), layers.Embedding(16, 12)(positions)])
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(num_heads=3, key_dim=4)(y, y, use_causal_mask=True)
        x = layers.Add()([x, y])
        y = layers.LayerNormalization()(x)
        y = layers.Dense(24, activation="gelu")(y)
        x = layers.Add()([x, layers.Dense(12)(y)])
    x = layers.LayerNormalization()(x)
    return keras.Model([tokens, positions], layers.Dense(60)(x))


def translator() -> keras.Model:
    """Encoder and decoder blocks: self attention, causal self attention, cross attention."""
    source = keras.Input((10,), dtype="int32", name="encoder_inputs")
    target = keras.Input((12,), dtype="int32", name="decoder_inputs")
    x = layers.Embedding(50, 12)(source)
    y = layers.MultiHeadAttention(num_heads=2, key_dim=6)(query=x, value=x, key=x)
    x = layers.LayerNormalization()(x + y)
    y = layers.Dense(12)(layers.Dense(20, activation="relu")(x))
    encoded = layers.LayerNormalization()(x + y)
    z = layers.Embedding(55, 12)(target)
    y = layers.MultiHeadAttention(num_heads=2, key_dim=6)(
        query=z, value=z, key=z, use_causal_mask=True
    )
    z = layers.LayerNormalization()(z + y)
    y = layers.MultiHeadAttention(num_heads=2, key_dim=6)(query=z, value=encoded, key=encoded)
    z = layers.LayerNormalization()(z + y)
    y = layers.Dense(12)(layers.Dense(20, activation="relu")(z))
    z = layers.LayerNormalization()(z + y)
    z = layers.Dropout(0.5)(z)
    return keras.Model([source, target], layers.Dense(55, activation="softmax")(z))


def vision_transformer() -> keras.Model:
    """Patches of a picture, blocks with norms first, MLPs with GELU, a flat head."""
    inputs = keras.Input(shape=(24, 24, 3))
    x = layers.Conv2D(16, kernel_size=6, strides=6, padding="valid")(inputs)
    x = layers.Reshape((16, 16))(x)
    for _ in range(2):
        x1 = layers.LayerNormalization(epsilon=1e-6)(x)
        attention = layers.MultiHeadAttention(num_heads=4, key_dim=16, dropout=0.1)(x1, x1)
        x2 = layers.Add()([attention, x])
        x3 = layers.LayerNormalization(epsilon=1e-6)(x2)
        for units in (32, 16):
            x3 = layers.Dense(units, activation=keras.activations.gelu)(x3)
            x3 = layers.Dropout(0.1)(x3)
        x = layers.Add()([x3, x2])
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(24, activation=keras.activations.gelu)(x)
    return keras.Model(inputs, layers.Dense(10)(x))


def query_and_document() -> keras.Model:
    """Dot-product attention of a query to a text, both through one convolution: Keras's page."""
    query = keras.Input((8,), dtype="int32")
    value = keras.Input((20,), dtype="int32")
    embedding = layers.Embedding(input_dim=100, output_dim=10)
    cnn = layers.Conv1D(filters=12, kernel_size=4, padding="same")
    query_encoding, value_encoding = cnn(embedding(query)), cnn(embedding(value))
    attended = layers.Attention()([query_encoding, value_encoding])
    pooled_query = layers.GlobalAveragePooling1D()(query_encoding)
    pooled = layers.GlobalAveragePooling1D()(attended)
    x = layers.Concatenate()([pooled_query, pooled])
    return keras.Model([query, value], layers.Dense(1, activation="sigmoid")(x))


def bahdanau() -> keras.Model:
    """An LSTM decoder that begins at the encoder's states and attends to its steps."""
    encoder_inputs = keras.Input((12, 5))
    encoded, h, c = layers.LSTM(8, return_sequences=True, return_state=True)(encoder_inputs)
    decoder_inputs = keras.Input((6, 3))
    decoded, _, _ = layers.LSTM(8, return_sequences=True, return_state=True)(
        decoder_inputs, initial_state=[h, c]
    )
    context = layers.AdditiveAttention()([decoded, encoded])
    x = layers.Concatenate(axis=-1)([decoded, context])
    x = layers.TimeDistributed(layers.Dense(8, activation="tanh"))(x)
    return keras.Model([encoder_inputs, decoder_inputs], layers.Dense(3)(x))


def padded_sentences() -> keras.Model:
    """The mask of an embedding reaches attention and the pooling after it."""
    tokens = keras.Input((14,), dtype="int64")
    x = layers.Embedding(70, 8, mask_zero=True)(tokens)
    y = layers.MultiHeadAttention(num_heads=2, key_dim=4)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    y = layers.Dense(8)(layers.Dense(16, activation="relu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, layers.Dense(4, activation="softmax")(x))


def scores_shown() -> keras.Model:
    """Values wider than keys, an output width of its own; the weights are an output as well."""
    frames, words = keras.Input((9, 12), name="frames"), keras.Input((5, 10), name="words")
    attended, weights = layers.MultiHeadAttention(
        num_heads=2, key_dim=4, value_dim=7, output_shape=6, use_bias=False
    )(words, frames, return_attention_scores=True)
    x = layers.GlobalMaxPooling1D()(attended)
    return keras.Model([frames, words], [layers.Dense(3)(x), weights])


def grouped_queries() -> keras.Model:
    """Four heads of queries on two of keys and values, a gated MLP, RMS norms."""
    sequence = keras.Input((12, 16))
    x = layers.RMSNormalization()(sequence)
    x = layers.GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)(x, x)
    x = sequence + x
    y = layers.RMSNormalization()(x)
    y = layers.Dense(24, activation="silu", use_bias=False)(y) * layers.Dense(24, use_bias=False)(y)
    x = x + layers.Dense(16, use_bias=False)(y)
    return keras.Model(sequence, layers.Dense(5)(layers.GlobalAveragePooling1D()(x)))


def weighted_by_hand() -> keras.Model:
    """Scores of steps by Dense and softmax, spread by RepeatVector and Permute, summed."""
    sequence = keras.Input((18, 6))
    activations = layers.LSTM(8, return_sequences=True)(sequence)
    attention = layers.Dense(1, activation="tanh")(activations)
    attention = layers.Flatten()(attention)
    attention = layers.Activation("softmax")(attention)
    attention = layers.RepeatVector(8)(attention)
    attention = layers.Permute([2, 1])(attention)
    representation = layers.Multiply()([activations, attention])
    representation = ops.sum(representation, axis=-2)
    return keras.Model(sequence, layers.Dense(3, activation="softmax")(representation))
