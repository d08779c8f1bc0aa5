"""LeNet-5 (LeCun et al. 1998) with max pooling, ReLU and a fully connected C3"""

import keras
from keras import layers


def block(x, filters):
    x = layers.Conv2D(filters, 5, activation="relu", kernel_initializer="he_normal")(x)
    return layers.MaxPooling2D(2)(x)


def lenet5():
    inputs = keras.Input((32, 32, 1))
    x = block(inputs, 6)
    x = block(x, 16)
    x = layers.Flatten()(x)
    x = layers.Dense(120, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Dense(84, activation="relu", kernel_initializer="he_normal")(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="lenet5")


if __name__ == "__main__":
    lenet5().summary()
