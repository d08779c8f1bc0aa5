"""Layers that are called more than once."""

import keras
from keras import layers, ops


def siamese() -> keras.Model:
    """Two images through one tower of convolutions, and their distance in a sigmoid."""
    tower_input = layers.Input((28, 28, 1))
    x = layers.BatchNormalization()(tower_input)
    x = layers.Conv2D(4, (5, 5), activation="tanh")(x)
    x = layers.AveragePooling2D(pool_size=(2, 2))(x)
    x = layers.Conv2D(8, (5, 5), activation="tanh")(x)
    x = layers.AveragePooling2D(pool_size=(2, 2))(x)
    x = layers.Flatten()(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dense(10, activation="tanh")(x)
    tower = keras.Model(tower_input, x)
    left, right = layers.Input((28, 28, 1)), layers.Input((28, 28, 1))
    distance = ops.abs(tower(left) - tower(right))
    distance = layers.BatchNormalization()(distance)
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(distance))


def question_pairs() -> keras.Model:
    """One embedding and one LSTM read both questions; the pair is joined in four ways."""
    embedding = layers.Embedding(150, 8, name="words")
    encoder = layers.Bidirectional(layers.LSTM(6), name="encoder")
    first = keras.Input((15,), dtype="int32", name="question1")
    second = keras.Input((15,), dtype="int32", name="question2")
    a, b = encoder(embedding(first)), encoder(embedding(second))
    x = layers.concatenate([a, b, layers.subtract([a, b]), layers.multiply([a, b])])
    x = layers.BatchNormalization()(x)
    x = layers.Dense(10, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model([first, second], layers.Dense(1, activation="sigmoid")(x))


def two_readers() -> keras.Model:
    """One convolution with ReLU: after its first use another one, after its second a norm."""
    conv = layers.Conv2D(6, 3, padding="same", activation="relu", name="common")
    visible, thermal = keras.Input((16, 16, 3)), keras.Input((16, 16, 3))
    a = layers.Conv2D(4, 1)(conv(visible))
    b = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(conv(thermal)))
    a = layers.GlobalMaxPooling2D()(a)
    return keras.Model([visible, thermal], layers.Dense(2)(layers.Concatenate()([a, b])))


def conv_of_conv() -> keras.Model:
    """A convolution of its own output, added to itself of another input."""
    conv = layers.Conv2D(3, 3, padding="same", activation="relu")
    i, j = keras.Input((12, 12, 3), name="i"), keras.Input((12, 12, 3), name="j")
    x = layers.Add()([conv(conv(i)), conv(j)])
    return keras.Model([i, j], layers.Dense(4)(layers.Flatten()(layers.MaxPooling2D()(x))))


def two_towers() -> keras.Model:
    """Users and films: one dense layer for both embeddings, normalized dot product."""
    user, film = keras.Input((1,), name="user"), keras.Input((1,), name="film")
    users = layers.Flatten()(layers.Embedding(30, 8, embeddings_regularizer="l2")(user))
    films = layers.Flatten()(layers.Embedding(40, 8)(film))
    project = layers.Dense(6, activation="gelu")
    score = layers.Dot(axes=1, normalize=True)([project(users), project(films)])
    return keras.Model([user, film], score)


def triplet_embeddings() -> keras.Model:
    """Anchor, positive and negative through one Sequential: three outputs."""
    embed = keras.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(6),
            layers.UnitNormalization(axis=1),
        ],
        name="embed",
    )
    images = [keras.Input((20, 20, 3), name=name) for name in ("anchor", "positive", "negative")]
    return keras.Model(images, [embed(image) for image in images])


def pyramid_heads() -> keras.Model:
    """Detection heads shared by the levels of a pyramid, their boxes in one list."""

    def head(outputs: int) -> keras.Sequential:
        return keras.Sequential(
            [
                keras.Input(shape=(None, None, 8)),
                layers.Conv2D(8, 3, padding="same"),
                layers.ReLU(),
                layers.Conv2D(outputs, 3, padding="same"),
            ]
        )

    boxes_head, class_head = head(3 * 4), head(3 * 5)
    image = keras.Input((32, 32, 3))
    x, boxes, classes = image, [], []
    for _ in range(3):
        x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
        boxes.append(layers.Reshape((-1, 4))(boxes_head(x)))
        classes.append(layers.Reshape((-1, 5))(class_head(x)))
    boxes = layers.Concatenate(axis=1)(boxes)
    classes = layers.Concatenate(axis=1)(classes)
    return keras.Model(image, layers.Concatenate(axis=-1)([boxes, classes]))


def activations_reused() -> keras.Model:
    """One ReLU, one pooling, one dropout and one Flatten object, used everywhere."""
    relu, pool = layers.ReLU(), layers.MaxPooling2D(2)
    drop, flatten = layers.Dropout(0.25), layers.Flatten()
    image = keras.Input((16, 16, 1))
    x = pool(relu(layers.Conv2D(4, 3, padding="same")(image)))
    x = drop(x)
    y = pool(relu(layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same")(x))))
    y = drop(y)
    both = layers.concatenate([flatten(x), flatten(y)])
    return keras.Model(image, layers.Dense(3)(relu(layers.Dense(8)(both))))


def scores_read_twice() -> keras.Model:
    """A linear layer whose first use goes into ReLU, the second into tanh, the third nowhere."""
    dense = layers.Dense(6, name="scores")
    x, y, z = (keras.Input((9,), name=name) for name in "xyz")
    a = layers.Activation("relu")(dense(x))
    b = layers.Activation("tanh")(dense(y))
    return keras.Model([x, y, z], [layers.Dense(2)(layers.Multiply()([a, b])), dense(z)])


def unrolled_dense() -> keras.Model:
    """The same transition four times, an input at each step: a recurrent network by hand."""
    transition = layers.Dense(8, activation="tanh", name="transition")
    readin = layers.Dense(8, use_bias=False, name="readin")
    steps = [keras.Input((3,), name=f"step_{t}") for t in range(4)]
    state = layers.Activation("tanh")(readin(steps[0]))
    for step in steps[1:]:
        state = layers.add([transition(state), readin(step)])
    return keras.Model(steps, layers.Dense(1)(state))
