"""VGG-16 (Simonyan and Zisserman 2015, configuration D)"""

import keras
from keras import layers


def block(x, filters, repeats):
    for _ in range(repeats):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
        )(x)
    return layers.MaxPooling2D(2)(x)


def vgg16():
    inputs = keras.Input((224, 224, 3))
    x = block(inputs, 64, 2)
    x = block(x, 128, 2)
    x = block(x, 256, 3)
    for _ in range(2):
        x = block(x, 512, 3)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(4096, activation="relu", kernel_initializer="he_normal")(x)
    outputs = layers.Dense(1000, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="vgg16")


if __name__ == "__main__":
    vgg16().summary()
