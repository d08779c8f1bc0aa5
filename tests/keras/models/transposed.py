"""Transposed convolutions, and networks that make large maps of small ones."""

import keras
from keras import layers


def unet() -> keras.Model:
    """Down by pooling, up by transposed convolutions of 2 by 2, maps of one size joined."""

    def double(x, filters):
        x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(x)
        return layers.Activation("relu")(layers.BatchNormalization()(x))

    inputs = keras.Input((32, 32, 3))
    skips, x = [], inputs
    for filters in (4, 8):
        x = double(x, filters)
        skips.append(x)
        x = layers.MaxPool2D((2, 2))(x)
    x = double(x, 12)
    for filters, skip in zip((8, 4), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(filters, (2, 2), strides=2, padding="same")(x)
        x = layers.Concatenate()([x, skip])
        x = double(x, filters)
    return keras.Model(inputs, layers.Conv2D(1, 1, padding="same", activation="sigmoid")(x))


def unet_of_separables() -> keras.Model:
    """keras.io's segmentation: separable convolutions, residual sums, two transposed each way."""
    inputs = keras.Input(shape=(32, 32, 3))
    x = layers.Conv2D(6, 3, strides=2, padding="same")(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    previous = x
    for filters in (8, 12):
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        residual = layers.Conv2D(filters, 1, strides=2, padding="same")(previous)
        previous = x = layers.add([x, residual])
    for filters in (12, 8, 6):
        x = layers.Activation("relu")(x)
        x = layers.Conv2DTranspose(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.Conv2DTranspose(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.UpSampling2D(2)(x)
        residual = layers.UpSampling2D(2)(previous)
        residual = layers.Conv2D(filters, 1, padding="same")(residual)
        previous = x = layers.add([x, residual])
    return keras.Model(inputs, layers.Conv2D(3, 3, activation="softmax", padding="same")(x))


def dcgan_generator() -> keras.Model:
    """Noise to a picture: kernels of 5, strides of 1 and 2, without biases."""
    model = keras.Sequential(name="generator")
    model.add(keras.Input((10,)))
    model.add(layers.Dense(7 * 7 * 8, use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(layers.Reshape((7, 7, 8)))
    model.add(layers.Conv2DTranspose(8, (5, 5), strides=(1, 1), padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(layers.Conv2DTranspose(6, (5, 5), strides=(2, 2), padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(
        layers.Conv2DTranspose(
            1, (5, 5), strides=(2, 2), padding="same", use_bias=False, activation="tanh"
        )
    )
    return model


def faces_generator() -> keras.Model:
    """Noise to a picture: kernels of 4, strides of 2, LeakyReLU of 0.2, a last one of 5."""
    return keras.Sequential(
        [
            keras.Input(shape=(16,)),
            layers.Dense(4 * 4 * 8),
            layers.Reshape((4, 4, 8)),
            layers.Conv2DTranspose(8, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(10, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(12, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(3, kernel_size=5, padding="same", activation="sigmoid"),
        ],
        name="faces",
    )


def vae_decoder() -> keras.Model:
    """Two numbers to a digit: kernels of 3, strides of 2, padded to the same."""
    latent = keras.Input(shape=(2,), name="latent")
    x = layers.Dense(7 * 7 * 8, activation="relu")(latent)
    x = layers.Reshape((7, 7, 8))(x)
    x = layers.Conv2DTranspose(8, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(6, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x)
    return keras.Model(latent, x, name="decoder")


def odd_windows() -> keras.Model:
    """Unpadded windows of 5 at strides of 3, oblong ones, one smaller than its stride, dilated."""
    given = keras.Input((5, 6, 4))
    a = layers.Conv2DTranspose(6, 5, strides=3, padding="valid", activation="relu")(given)
    a = layers.Conv2DTranspose(5, (3, 5), strides=(1, 2), padding="valid")(a)
    b = layers.Conv2DTranspose(4, (2, 3), strides=(3, 3), padding="valid")(given)
    b = layers.Conv2DTranspose(4, 3, dilation_rate=2, padding="same", activation="elu")(b)
    x = layers.Concatenate()(
        [layers.GlobalAveragePooling2D()(a), layers.GlobalAveragePooling2D()(b)]
    )
    return keras.Model(given, [a, b, layers.Dense(2)(x)])


def output_padding_stated() -> keras.Model:
    """output_padding of 0, 1 and 2, oblong too, where sizes must come out just so."""
    given = keras.Input((6, 7, 3))
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1)(given)
    x = layers.LeakyReLU(0.1)(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=(0, 1))(x)
    x = layers.LeakyReLU(0.1)(x)
    x = layers.Conv2DTranspose(3, 5, strides=3, padding="same", output_padding=2)(x)
    return keras.Model(given, layers.Conv2DTranspose(1, 4, strides=2, output_padding=1)(x))


def anomalies() -> keras.Model:
    """A series through convolutions and back through transposed ones."""
    return keras.Sequential(
        [
            layers.Input(shape=(48, 1)),
            layers.Conv1D(8, kernel_size=7, padding="same", strides=2, activation="relu"),
            layers.Dropout(rate=0.2),
            layers.Conv1D(4, kernel_size=7, padding="same", strides=2, activation="relu"),
            layers.Conv1DTranspose(4, kernel_size=7, padding="same", strides=2, activation="relu"),
            layers.Dropout(rate=0.2),
            layers.Conv1DTranspose(8, kernel_size=7, padding="same", strides=2, activation="relu"),
            layers.Conv1DTranspose(1, kernel_size=7, padding="same"),
        ]
    )


def volumes() -> keras.Model:
    """A little V-Net: volumes halved by strides, doubled by transposed convolutions, PReLU."""
    scan = keras.Input((8, 16, 16, 1))
    one = layers.PReLU(shared_axes=[1, 2, 3])(layers.Conv3D(4, 3, padding="same")(scan))
    x = layers.Conv3D(6, 2, strides=2)(one)
    x = layers.PReLU(shared_axes=[1, 2, 3])(x)
    two = layers.Add()([x, layers.Conv3D(6, 3, padding="same", activation="relu")(x)])
    x = layers.Conv3D(8, 2, strides=2)(two)
    x = layers.Conv3DTranspose(6, 2, strides=2)(x)
    x = layers.Concatenate()([x, two])
    x = layers.Conv3DTranspose(4, kernel_size=(2, 2, 2), strides=(2, 2, 2), activation="relu")(x)
    x = layers.Concatenate(axis=-1)([x, one])
    return keras.Model(scan, layers.Conv3D(2, 1, activation="softmax")(x))


def picture_to_picture() -> keras.Model:
    """pix2pix's generator: stacks that halve, stacks that double, their outputs joined."""
    initializer = keras.initializers.RandomNormal(0.0, 0.02)

    def down(filters, apply_batchnorm=True):
        result = keras.Sequential()
        result.add(
            layers.Conv2D(
                filters,
                4,
                strides=2,
                padding="same",
                kernel_initializer=initializer,
                use_bias=False,
            )
        )
        if apply_batchnorm:
            result.add(layers.BatchNormalization())
        result.add(layers.LeakyReLU())
        return result

    def up(filters, apply_dropout=False):
        result = keras.Sequential()
        result.add(
            layers.Conv2DTranspose(
                filters,
                4,
                strides=2,
                padding="same",
                kernel_initializer=initializer,
                use_bias=False,
            )
        )
        result.add(layers.BatchNormalization())
        if apply_dropout:
            result.add(layers.Dropout(0.5))
        result.add(layers.ReLU())
        return result

    inputs = keras.Input(shape=[32, 32, 3])
    x, skips = inputs, []
    for stack in (down(4, apply_batchnorm=False), down(6), down(8), down(8)):
        x = stack(x)
        skips.append(x)
    for stack, skip in zip(
        (up(8, apply_dropout=True), up(6), up(4)), reversed(skips[:-1]), strict=True
    ):
        x = stack(x)
        x = layers.Concatenate()([x, skip])
    last = layers.Conv2DTranspose(
        3, 4, strides=2, padding="same", kernel_initializer=initializer, activation="tanh"
    )
    return keras.Model(inputs=inputs, outputs=last(x))
