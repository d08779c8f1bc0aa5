"""ResNet-50 (He et al. 2015), the stride on the 3x3 as in torchvision"""

import keras
from keras import layers, ops


def conv_bn(x, filters, kernel_size, strides=1, padding="valid"):
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-05)(x)


def block(x, filters):
    x = conv_bn(x, filters, 1)
    x = layers.Activation("relu")(x)
    x = conv_bn(x, x.shape[-1], 3, padding="same")
    x = layers.Activation("relu")(x)
    return conv_bn(x, 4 * x.shape[-1], 1)


def bottleneck(x):
    shortcut = x
    x = block(x, x.shape[-1] // 4)
    x = layers.add([x, shortcut])
    return layers.Activation("relu")(x)


def bottleneck2(x, filters):
    shortcut = conv_bn(x, 4 * filters, 1, strides=2)
    x = conv_bn(x, x.shape[-1] // 2, 1)
    x = layers.Activation("relu")(x)
    x = layers.ZeroPadding2D(1)(x)
    x = conv_bn(x, filters, 3, strides=2)
    x = layers.Activation("relu")(x)
    x = conv_bn(x, 4 * filters, 1)
    x = layers.add([x, shortcut])
    return layers.Activation("relu")(x)


def resnet50():
    inputs = keras.Input((224, 224, 3))
    x = layers.ZeroPadding2D(3)(inputs)
    x = conv_bn(x, 64, 7, strides=2)
    x = layers.Activation("relu")(x)
    x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=float("-inf"))
    x = layers.MaxPooling2D(3, strides=2)(x)
    shortcut = conv_bn(x, 256, 1)
    x = block(x, 64)
    x = layers.add([x, shortcut])
    x = layers.Activation("relu")(x)
    for _ in range(2):
        x = bottleneck(x)
    x = bottleneck2(x, 128)
    for _ in range(3):
        x = bottleneck(x)
    x = bottleneck2(x, 256)
    for _ in range(5):
        x = bottleneck(x)
    x = bottleneck2(x, 512)
    for _ in range(2):
        x = bottleneck(x)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(1000, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="resnet50")


if __name__ == "__main__":
    resnet50().summary()
