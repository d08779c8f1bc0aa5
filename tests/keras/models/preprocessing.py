"""What is done to the data lies in the model, in front."""

import keras
import numpy as np
from keras import layers


def flowers() -> keras.Model:
    """Augmentation as a Sequential, then 0 to 255 brought to 0 to 1, then a small network."""
    augmentation = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.1),
        ]
    )
    return keras.Sequential(
        [
            augmentation,
            layers.Rescaling(1.0 / 255),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(12, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(5, name="outputs"),
        ]
    )


def fuel() -> keras.Model:
    """Columns brought to mean 0 and variance 1 by an adapted Normalization, then regression."""
    data = np.random.default_rng(0).normal([2800, 75, 190, 4], [800, 3, 100, 1.5], (200, 4))
    normalizer = layers.Normalization(axis=-1)
    normalizer.adapt(data.astype("float32"))
    return keras.Sequential(
        [
            keras.Input((4,)),
            normalizer,
            layers.Dense(16, activation="relu"),
            layers.Dense(16, activation="relu"),
            layers.Dense(1),
        ]
    )


def resized() -> keras.Model:
    """Photos of one size brought to another, and to -1 to 1."""
    inputs = keras.Input(shape=(40, 60, 3))
    x = layers.Resizing(32, 32)(inputs)
    x = layers.Rescaling(scale=1 / 127.5, offset=-1)(x)
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


def caffe_style() -> keras.Model:
    """VGG's preprocess_input called on the symbolic input: BGR, means taken off."""
    inputs = keras.Input(shape=(32, 32, 3))
    x = keras.applications.vgg16.preprocess_input(inputs)
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="block1_conv1")(x)
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="block1_conv2")(x)
    x = layers.MaxPooling2D((2, 2), strides=(2, 2), name="block1_pool")(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def channel_by_channel() -> keras.Model:
    """Each channel with a scale, a mean and a variance of its own; padded at one side."""
    inputs = keras.Input(shape=(30, 30, 3))
    x = layers.Rescaling(1.0 / 255.0)(inputs)
    x = layers.Normalization(
        axis=-1, mean=[0.485, 0.456, 0.406], variance=[0.229**2, 0.224**2, 0.225**2]
    )(x)
    x = layers.Rescaling([1 / 0.9, 1 / 1.1, 1.0], offset=[0.1, 0.0, -0.1])(x)
    x = layers.ZeroPadding2D(padding=((0, 1), (0, 1)))(x)
    x = layers.Conv2D(8, 3, strides=2, padding="valid", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("silu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def centre_cropped() -> keras.Model:
    """The middle of the picture, with light and place changed in training."""
    model = keras.Sequential(name="cropped")
    model.add(layers.Input((36, 36, 3)))
    model.add(layers.CenterCrop(28, 28))
    model.add(layers.RandomTranslation(0.1, 0.1, fill_mode="reflect"))
    model.add(layers.RandomContrast(0.2))
    model.add(layers.RandomBrightness(0.2))
    model.add(layers.Rescaling(1 / 255.0))
    model.add(layers.SeparableConv2D(8, 3, activation="relu"))
    model.add(layers.MaxPool2D())
    model.add(layers.SeparableConv2D(12, 3, activation="relu"))
    model.add(layers.GlobalMaxPool2D())
    model.add(layers.Dense(6, activation="softmax"))
    return model


def heart_disease() -> keras.Model:
    """One input a column: numbers normalized, categories as indicators, all joined."""
    numeric = {"age": (54.0, 81.0), "trestbps": (131.0, 310.0), "oldpeak": (1.0, 1.3)}
    categories = {"sex": 2, "cp": 5, "thal": 4}
    inputs, features = [], []
    for name, (mean, variance) in numeric.items():
        column = keras.Input(shape=(1,), name=name)
        inputs.append(column)
        features.append(layers.Normalization(axis=None, mean=mean, variance=variance)(column))
    for name, count in categories.items():
        column = keras.Input(shape=(1,), name=name, dtype="int64")
        inputs.append(column)
        features.append(layers.CategoryEncoding(num_tokens=count, output_mode="one_hot")(column))
    x = layers.concatenate(features)
    x = layers.Dense(32, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def binned_age() -> keras.Model:
    """A number cut into bins, whose embeddings are joined with the number itself."""
    age, rest = keras.Input((1,), name="age"), keras.Input((6,), name="rest")
    bins = layers.Discretization(bin_boundaries=[18.0, 30.0, 45.0, 65.0])(age)
    embedded = layers.Flatten()(layers.Embedding(5, 3)(bins))
    x = layers.Concatenate()([embedded, age, layers.BatchNormalization()(rest)])
    x = layers.Dense(12, activation="mish")(x)
    return keras.Model([age, rest], layers.Dense(1)(x))


def divided_and_shifted() -> keras.Model:
    """MobileNetV2's preprocess_input on the symbolic input: division and subtraction."""
    inputs = keras.Input(shape=(32, 32, 3), name="image")
    x = keras.applications.mobilenet_v2.preprocess_input(inputs)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.999)(x)
    x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.999)(x)
    x = layers.ReLU(6.0)(x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(7, 1)(x)
    return keras.Model(inputs, layers.Softmax()(layers.Flatten()(x)))


def denoiser() -> keras.Model:
    """Random crops, noise and erased pixels in training only, then an autoencoder."""
    augment = keras.Sequential(
        [layers.RandomCrop(24, 24), layers.RandomFlip("vertical"), layers.GaussianNoise(0.1)],
        name="augment",
    )
    image = keras.Input((28, 28, 1))
    x = augment(image)
    x = layers.Dropout(0.1)(x)
    x = layers.Conv2D(6, 3, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D((2, 2), padding="same")(x)
    x = layers.Conv2D(6, 3, activation="relu", padding="same")(x)
    x = layers.UpSampling2D((2, 2))(x)
    return keras.Model(image, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x))
