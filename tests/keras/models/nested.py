"""Models that are layers of other models."""

import keras
from keras import layers


def _backbone(size: int = 32) -> keras.Model:
    given = keras.Input(shape=(size, size, 3))
    x = given
    for filters in (8, 12):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("swish")(x)
    return keras.Model(given, x, name="backbone")


def frozen_backbone() -> keras.Model:
    """Transfer learning: a frozen model of convolutions, called with training=False."""
    base = _backbone()
    base.trainable = False
    inputs = keras.Input(shape=(32, 32, 3))
    x = base(inputs, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(1)(x))


def sequential_of_sequentials() -> keras.Model:
    """Blocks as Sequentials in a Sequential."""

    def block(filters: int, rate: float) -> keras.Sequential:
        return keras.Sequential(
            [
                layers.Conv2D(filters, (3, 3), padding="same", activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D((2, 2)),
                layers.Dropout(rate),
            ]
        )

    head = keras.Sequential([layers.Flatten(), layers.Dense(16, activation="relu")])
    head.add(layers.Dense(10, activation="softmax"))
    model = keras.Sequential()
    model.add(keras.Input(shape=(28, 28, 1)))
    model.add(block(6, 0.25))
    model.add(block(8, 0.3))
    model.add(head)
    return model


def autoencoder() -> keras.Model:
    """Encoder and decoder as models of their own, joined by their calls."""
    encoder_input = keras.Input(shape=(28, 28, 1), name="original_img")
    x = layers.Conv2D(4, 3, activation="relu")(encoder_input)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    x = layers.MaxPooling2D(3)(x)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    x = layers.Conv2D(4, 3, activation="relu")(x)
    encoder_output = layers.GlobalMaxPooling2D()(x)
    encoder = keras.Model(encoder_input, encoder_output, name="encoder")

    decoder_input = keras.Input(shape=(4,), name="encoded_img")
    x = layers.Dense(16)(decoder_input)
    x = layers.Reshape((4, 4, 1))(x)
    x = layers.Conv2DTranspose(4, 3, activation="relu")(x)
    x = layers.Conv2DTranspose(8, 3, activation="relu")(x)
    x = layers.UpSampling2D(3)(x)
    x = layers.Conv2DTranspose(4, 3, activation="relu")(x)
    decoder_output = layers.Conv2DTranspose(1, 3, activation="relu")(x)
    decoder = keras.Model(decoder_input, decoder_output, name="decoder")

    image = keras.Input(shape=(28, 28, 1), name="img")
    return keras.Model(image, decoder(encoder(image)), name="autoencoder")


def averaged_ensemble() -> keras.Model:
    """Three models of one form with weights of their own, averaged."""

    def member() -> keras.Model:
        inputs = keras.Input(shape=(24,))
        x = layers.Dense(8, activation="tanh")(inputs)
        return keras.Model(inputs, layers.Dense(3)(x))

    models = [member() for _ in range(3)]
    inputs = keras.Input(shape=(24,))
    outputs = layers.average([model(inputs) for model in models])
    return keras.Model(inputs=inputs, outputs=outputs)


def residual_submodels() -> keras.Model:
    """Each residual block is a model, made by a function, named, and followed by the next."""

    def residual(shape, filters, strides, name):
        inp = keras.Input(shape=shape)
        x = layers.Conv2D(filters, 3, strides=strides, padding="same")(inp)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        x = layers.LeakyReLU(0.1)(x)
        x = layers.Conv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        short = inp
        if strides != 1 or shape[-1] != filters:
            short = layers.Conv2D(filters, 1, strides=strides)(inp)
        x = layers.add([x, short])
        return keras.Model(inp, layers.LeakyReLU(0.1)(x), name=name)

    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, padding="same")(inputs)
    for index, (filters, strides) in enumerate([(6, 1), (6, 1), (10, 2), (10, 1)]):
        x = residual(tuple(x.shape[1:]), filters, strides, f"residual_{index}")(x)
    x = layers.GlobalAvgPool2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def mobilenet_transfer() -> keras.Model:
    """A network of keras.applications without its head, and a new head."""
    base = keras.applications.MobileNetV2(
        input_shape=(64, 64, 3), alpha=0.35, include_top=False, weights=None
    )
    base.trainable = False
    return keras.Sequential(
        [
            keras.Input(shape=(64, 64, 3)),
            layers.Rescaling(1.0 / 127.5, offset=-1),
            base,
            layers.GlobalAveragePooling2D(),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(5, activation="softmax"),
        ]
    )


def refined_three_times() -> keras.Model:
    """One model called again and again on its own output together with the input."""
    state, hint = keras.Input((16, 16, 2)), keras.Input((16, 16, 1))
    x = layers.Concatenate()([state, hint])
    x = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(2, 3, padding="same", activation="tanh")(x)
    step = keras.Model([state, hint], layers.Add()([state, x]), name="step")

    first, image = keras.Input((16, 16, 2), name="first"), keras.Input((16, 16, 1), name="image")
    x = first
    for _ in range(3):
        x = step([x, image])
    return keras.Model([first, image], layers.Conv2D(1, 1, activation="sigmoid")(x))


def two_input_submodel() -> keras.Model:
    """A pair classifier as a model with two inputs, fed by two encoders."""
    left, right = keras.Input((10,)), keras.Input((10,))
    difference = layers.Subtract()([left, right])
    product = layers.Multiply()([left, right])
    merged = layers.Concatenate()([left, right, difference, product])
    x = layers.Dense(8, activation="relu")(merged)
    pair = keras.Model([left, right], layers.Dense(1, activation="sigmoid")(x), name="pair")

    def encoder(name: str) -> keras.Sequential:
        return keras.Sequential(
            [keras.Input((20,)), layers.Dense(16, activation="relu"), layers.Dense(10)], name=name
        )

    query, document = keras.Input((20,), name="query"), keras.Input((20,), name="document")
    scores = pair([encoder("query_tower")(query), encoder("document_tower")(document)])
    return keras.Model([query, document], scores)


def two_output_submodel() -> keras.Model:
    """An inner model with two outputs that are read in different places."""
    inner_input = keras.Input((32, 32, 3))
    low = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(inner_input)
    high = layers.Conv2D(10, 3, strides=2, padding="same", activation="relu")(low)
    extractor = keras.Model(inner_input, [low, high], name="extractor")

    image = keras.Input((32, 32, 3))
    low_level, high_level = extractor(image)
    x = layers.Conv2D(8, 3, padding="same", dilation_rate=2, activation="relu")(high_level)
    x = layers.UpSampling2D(size=(2, 2), interpolation="bilinear")(x)
    low_level = layers.Conv2D(4, 1, activation="relu")(low_level)
    x = layers.Concatenate()([x, low_level])
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.UpSampling2D(size=(2, 2), interpolation="bilinear")(x)
    return keras.Model(image, layers.Conv2D(4, 1, activation="softmax")(x))


def three_deep() -> keras.Model:
    """A Sequential in a functional model in a Sequential in a functional model."""
    unit = keras.Sequential(
        [layers.Conv1D(6, 5, padding="same"), layers.BatchNormalization(), layers.ReLU()],
        name="unit",
    )
    given = keras.Input((40, 6))
    block = keras.Model(given, layers.Add()([given, unit(given)]), name="block")
    trunk = keras.Sequential(
        [keras.Input((40, 6)), block, layers.MaxPooling1D(2), layers.Conv1D(8, 3)], name="trunk"
    )
    signal = keras.Input((80, 2), name="signal")
    x = layers.Conv1D(6, 7, strides=2, padding="same")(signal)
    x = trunk(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(signal, layers.Dense(3, activation="softmax")(x), name="whole")
