"""Functional models with several inputs or outputs."""

import keras
from keras import layers


def support_tickets() -> keras.Model:
    """Texts of any length and tags in, a priority and a department out: the guide's example."""
    title = keras.Input(shape=(None,), name="title")
    body = keras.Input(shape=(None,), name="body")
    tags = keras.Input(shape=(12,), name="tags")
    title_features = layers.LSTM(8)(layers.Embedding(100, 6)(title))
    body_features = layers.LSTM(4)(layers.Embedding(100, 6)(body))
    x = layers.concatenate([title_features, body_features, tags])
    priority = layers.Dense(1, name="priority")(x)
    department = layers.Dense(4, name="department")(x)
    return keras.Model([title, body, tags], [priority, department])


def headline_with_auxiliary() -> keras.Model:
    """A text with a loss of its own halfway, then joined with other data."""
    headline = keras.Input(shape=(30,), dtype="int32", name="main_input")
    x = layers.Embedding(input_dim=200, output_dim=12)(headline)
    features = layers.LSTM(8)(x)
    auxiliary_output = layers.Dense(1, activation="sigmoid", name="aux_output")(features)
    hour = keras.Input(shape=(5,), name="aux_input")
    x = layers.concatenate([features, hour])
    for _ in range(3):
        x = layers.Dense(16, activation="relu")(x)
    main_output = layers.Dense(1, activation="sigmoid", name="main_output")(x)
    return keras.Model(inputs=[headline, hour], outputs=[main_output, auxiliary_output])


def houses() -> keras.Model:
    """A price from a photo and a row of figures."""
    photo = keras.layers.Input((32, 32, 3))
    x = photo
    for filters in (4, 8, 16):
        x = layers.Conv2D(filters, (3, 3), padding="same")(x)
        x = layers.Activation("relu")(x)
        x = layers.BatchNormalization(axis=-1)(x)
        x = layers.MaxPooling2D(pool_size=(2, 2))(x)
    x = layers.Flatten()(x)
    x = layers.Dense(16)(x)
    x = layers.Activation("relu")(x)
    x = layers.BatchNormalization(axis=-1)(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(4, activation="relu")(x)
    row = keras.layers.Input((10,))
    y = layers.Dense(8, activation="relu")(row)
    y = layers.Dense(4, activation="relu")(y)
    z = layers.Dense(4, activation="relu")(layers.concatenate([y, x]))
    return keras.Model(inputs=[row, photo], outputs=layers.Dense(1, activation="linear")(z))


def wide_and_deep() -> keras.Model:
    """Some columns straight to the output, others through hidden layers; two losses."""
    wide = keras.layers.Input(shape=[5], name="wide_input")
    deep = keras.layers.Input(shape=[6], name="deep_input")
    normed_wide = layers.LayerNormalization()(wide)
    hidden = layers.Dense(30, activation="selu", kernel_initializer="lecun_normal")(deep)
    hidden = layers.AlphaDropout(0.1)(hidden)
    hidden = layers.Dense(30, activation="selu", kernel_initializer="lecun_normal")(hidden)
    concat = layers.Concatenate()([normed_wide, hidden])
    output = layers.Dense(1, name="output")(concat)
    auxiliary = layers.Dense(1, name="aux_output")(hidden)
    return keras.Model(inputs=[wide, deep], outputs=[output, auxiliary])


def faces() -> keras.Model:
    """One trunk; age, gender and ethnicity as three heads of another loss each."""
    inputs = keras.Input((48, 48, 1), name="face")
    x = layers.Conv2D(8, 3, activation="relu", kernel_regularizer=keras.regularizers.l2(1e-3))(
        inputs
    )
    x = layers.MaxPool2D(3, strides=2)(x)
    x = layers.SpatialDropout2D(0.1)(x)
    x = layers.Conv2D(16, 3, activation="relu")(x)
    x = layers.MaxPool2D(3, strides=2)(x)
    x = layers.GlobalMaxPooling2D()(x)
    heads = []
    for name, units, activation in (
        ("age", 1, "relu"),
        ("gender", 1, "sigmoid"),
        ("ethnicity", 5, "softmax"),
    ):
        h = layers.Dense(12, activation="relu", name=f"{name}_fc")(x)
        h = layers.Dropout(0.3)(h)
        heads.append(layers.Dense(units, activation=activation, name=name)(h))
    return keras.Model(inputs, heads, name="faces")


def auxiliary_classifiers() -> keras.Model:
    """Inception modules with two further classifiers on the way."""

    def inception(x, a, b, c, d):
        one = layers.Conv2D(a, 1, padding="same", activation="relu")(x)
        three = layers.Conv2D(b[0], 1, padding="same", activation="relu")(x)
        three = layers.Conv2D(b[1], 3, padding="same", activation="relu")(three)
        five = layers.Conv2D(c[0], 1, padding="same", activation="relu")(x)
        five = layers.Conv2D(c[1], 5, padding="same", activation="relu")(five)
        pool = layers.MaxPooling2D(3, strides=1, padding="same")(x)
        pool = layers.Conv2D(d, 1, padding="same", activation="relu")(pool)
        return layers.concatenate([one, three, five, pool], axis=3)

    def classifier(x, name):
        x = layers.AveragePooling2D((5, 5), strides=3)(x)
        x = layers.Conv2D(8, (1, 1), padding="same", activation="relu")(x)
        x = layers.Flatten()(x)
        x = layers.Dense(16, activation="relu")(x)
        x = layers.Dropout(0.7)(x)
        return layers.Dense(10, activation="softmax", name=name)(x)

    given = keras.Input(shape=(64, 64, 3))
    x = layers.Conv2D(8, (7, 7), padding="same", strides=(2, 2), activation="relu")(given)
    x = layers.MaxPool2D((3, 3), padding="same", strides=(2, 2))(x)
    x = inception(x, 4, (3, 6), (2, 4), 4)
    first = classifier(x, "auxilliary_output_1")
    x = inception(x, 6, (4, 8), (2, 4), 2)
    second = classifier(x, "auxilliary_output_2")
    x = layers.MaxPool2D((3, 3), padding="same", strides=(2, 2))(x)
    x = inception(x, 8, (4, 8), (2, 6), 4)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.4)(x)
    x = layers.Dense(10, activation="softmax", name="output")(x)
    return keras.Model(given, [x, first, second], name="inception_v1")


def actor_critic() -> keras.Model:
    """Probabilities of actions and a value, on one hidden layer."""
    inputs = layers.Input(shape=(4,))
    common = layers.Dense(32, activation="relu")(inputs)
    action = layers.Dense(2, activation="softmax")(common)
    critic = layers.Dense(1)(common)
    return keras.Model(inputs=inputs, outputs=[action, critic])


def by_name() -> keras.Model:
    """Inputs and outputs as dictionaries."""
    inputs = {
        "numeric": keras.Input((7,), name="numeric"),
        "weekday": keras.Input((1,), name="weekday", dtype="int64"),
        "history": keras.Input((14, 2), name="history"),
    }
    weekday = layers.Flatten()(layers.Embedding(7, 3)(inputs["weekday"]))
    history = layers.GRU(6)(inputs["history"])
    x = layers.Concatenate(axis=-1)([inputs["numeric"], weekday, history])
    x = layers.Dense(16, activation="elu")(x)
    outputs = {
        "demand": layers.Dense(1, activation="softplus", name="demand")(x),
        "outage": layers.Dense(1, activation="sigmoid", name="outage")(x),
    }
    return keras.Model(inputs=inputs, outputs=outputs)


def feature_pyramid() -> keras.Model:
    """Maps of three sizes, joined from the top down, one output a size."""
    image = keras.Input(shape=(64, 64, 3))
    maps, x = [], image
    for filters in (8, 12, 16, 20):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(epsilon=1.001e-5)(x)
        x = layers.ReLU()(x)
        maps.append(x)
    c3, c4, c5 = maps[1:]
    p5 = layers.Conv2D(8, 1, 1, "same")(c5)
    p4 = layers.Add()([layers.Conv2D(8, 1, 1, "same")(c4), layers.UpSampling2D(2)(p5)])
    p3 = layers.Add()([layers.Conv2D(8, 1, 1, "same")(c3), layers.UpSampling2D(2)(p4)])
    p3, p4, p5 = (layers.Conv2D(8, 3, 1, "same")(p) for p in (p3, p4, p5))
    p6 = layers.Conv2D(8, 3, 2, "same")(c5)
    p7 = layers.Conv2D(8, 3, 2, "same")(layers.Activation("relu")(p6))
    return keras.Model(image, [p3, p4, p5, p6, p7])


def every_layers_output() -> keras.Model:
    """A feature extractor that gives what each layer of a Sequential gives."""
    base = keras.Sequential(
        [
            keras.Input(shape=(24, 24, 3)),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(8, 3, activation="relu", name="my_intermediate_layer"),
            layers.AveragePooling2D(2),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(6),
        ]
    )
    return keras.Model(inputs=base.inputs, outputs=[layer.output for layer in base.layers])
