# input a: 4
# input b: 4
# let enc = fc-8(bn) > dropout(0.5) > fc-2(tanh)
# sub[ @a > enc | @b > enc ] > fc-1(linear)
def network():
    enc = [
        layers.Dense(8, use_bias=False, kernel_initializer="he_normal"),
        layers.BatchNormalization(momentum=0.9, epsilon=1e-05),
        layers.Activation("relu"),
        layers.Dropout(0.5),
        layers.Dense(2, activation="tanh"),
    ]
    a = keras.Input((4,), name="a")
    b = keras.Input((4,), name="b")
    branch1 = a
    for layer in enc:
        branch1 = layer(branch1)
    branch2 = b
    for layer in enc:
        branch2 = layer(branch2)
    x = layers.subtract([branch1, branch2])
    outputs = layers.Dense(1)(x)
    return keras.Model([a, b], outputs, name="network")


# input 8x8x2 > conv3-4 as c > gap > fc-3 as one
# @c > conv1-2(bn) > fc-2 as two
def network():
    inputs = keras.Input((8, 8, 2))
    c = layers.Conv2D(
        4, 3, padding="same", activation="relu", kernel_initializer="he_normal"
    )(inputs)
    x = layers.GlobalAveragePooling2D()(c)
    one = layers.Dense(3)(x)
    x = layers.Conv2D(2, 1, use_bias=False, kernel_initializer="he_normal")(c)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-05)(x)
    x = layers.Activation("relu")(x)
    x = layers.Flatten()(x)
    two = layers.Dense(2)(x)
    return keras.Model(inputs, [one, two], name="network")


# let f = dense-4
# input 4 > f x3 > fc-2
def network():
    f = layers.Dense(4)
    inputs = keras.Input((4,))
    x = inputs
    for _ in range(3):
        x = f(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# let f = fc-4(relu)
# input 4 > f as p > add[ f | @p > f > tanh ] > f > fc-2
def network():
    f = layers.Dense(4, activation="relu", kernel_initializer="he_normal")
    inputs = keras.Input((4,))
    x = f(inputs)
    shortcut = f(x)
    x = f(x)
    x = layers.Activation("tanh")(x)
    x = layers.add([shortcut, x])
    x = f(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# input 4 > fc-3 as a > fc-4 as b > fc-2
# tie b = transpose a
def network():
    a = Tied(
        layers.Dense(3, kernel_initializer="he_normal").get_config(),
        [layers.Dense(4, kernel_initializer="he_normal").get_config()],
    )
    inputs = keras.Input((4,))
    x = a(inputs)
    x = layers.Activation("relu")(x)
    x = a(x, back=0)
    x = layers.Activation("relu")(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# input 12 of int(50) > embed-8 > lstm-4(bi, seq, l2=1e-3) > gru-3 > fc-2(l1=1e-4, act_l1=0.1)
def network():
    inputs = keras.Input((12,), dtype="int32")
    x = layers.Embedding(50, 8)(inputs)
    x = layers.Bidirectional(
        layers.LSTM(
            4,
            return_sequences=True,
            kernel_regularizer=keras.regularizers.L1L2(l2=0.0005),
            recurrent_regularizer=keras.regularizers.L1L2(l2=0.0005),
        ),
    )(x)
    x = layers.GRU(3, reset_after=False)(x)
    x = layers.Dense(2, kernel_regularizer=keras.regularizers.L1L2(l1=0.0001))(x)
    outputs = layers.ActivityRegularization(l1=0.1)(x)
    return keras.Model(inputs, outputs, name="network")


# input 8x8x3
# > conv3-4(init=normal(0.02), bias_init=0.1, l2=1e-3) > conv3-4/2(bn(scale=no, momentum=0.99), lrelu(0.2)) > fc-2
def network():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(
        4,
        3,
        padding="same",
        activation="relu",
        bias_initializer=keras.initializers.Constant(0.1),
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        kernel_regularizer=keras.regularizers.L1L2(l2=0.0005),
    )(inputs)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.Conv2D(4, 3, strides=2, use_bias=False, kernel_initializer="he_normal")(
        x
    )
    x = layers.BatchNormalization(momentum=0.99, epsilon=1e-05, scale=False)(x)
    x = layers.LeakyReLU(negative_slope=0.2)(x)
    x = layers.Flatten()(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# input 8x8x2 > [ conv1-2 | conv3-2 > conv3-2 | pool3/1(pad=same) > conv1-2 ] > [ id | conv3-2(bn) ] > fc-2
def conv(x, kernel_size, padding="valid"):
    return layers.Conv2D(
        2,
        kernel_size,
        padding=padding,
        activation="relu",
        kernel_initializer="he_normal",
    )(x)


def network():
    inputs = keras.Input((8, 8, 2))
    branch1 = conv(inputs, 1)
    branch2 = inputs
    for _ in range(2):
        branch2 = conv(branch2, 3, padding="same")
    branch3 = layers.MaxPooling2D(3, strides=1, padding="same")(inputs)
    branch3 = conv(branch3, 1)
    x = layers.Concatenate()([branch1, branch2, branch3])
    y = layers.Conv2D(
        2, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    y = layers.BatchNormalization(momentum=0.9, epsilon=1e-05)(y)
    y = layers.Activation("relu")(y)
    x = layers.Concatenate()([x, y])
    x = layers.Flatten()(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# input 8x8x4 > res(conv3-4 > conv3-4) x2 > res(conv3-8/2 > conv3-8) > mul[ id | gap > fc-2 > sigmoid-8 ] > fc-2
def block(x, filters, strides=1, padding="valid"):
    x = layers.Conv2D(
        filters,
        3,
        strides=strides,
        padding=padding,
        activation="relu",
        kernel_initializer="he_normal",
    )(x)
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(x)


def network():
    inputs = keras.Input((8, 8, 4))
    x = inputs
    for _ in range(2):
        shortcut = x
        x = block(x, 4, padding="same")
        x = layers.add([x, shortcut])
        x = layers.Activation("relu")(x)
    shortcut = layers.Conv2D(8, 1, strides=2, kernel_initializer="he_normal")(x)
    x = layers.ZeroPadding2D(1)(x)
    x = block(x, 8, strides=2)
    x = layers.add([x, shortcut])
    x = layers.Activation("relu")(x)
    gate = layers.GlobalAveragePooling2D()(x)
    gate = layers.Dense(2, activation="relu", kernel_initializer="he_normal")(gate)
    gate = layers.Dense(8, activation="sigmoid")(gate)
    gate = layers.Reshape((1, 1, gate.shape[-1]))(gate)
    x = layers.multiply([x, gate])
    x = layers.Flatten()(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# input 8x8x4 > (conv3-4(dilation=2) > dw3 > sep3-4 > prelu) x2 > scale > fc-2
def block(x):
    x = layers.Conv2D(
        4,
        3,
        padding="same",
        dilation_rate=2,
        activation="relu",
        kernel_initializer="he_normal",
    )(x)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.SeparableConv2D(
        4,
        3,
        padding="same",
        depthwise_initializer="he_normal",
        pointwise_initializer="he_normal",
    )(x)
    return layers.PReLU(
        alpha_initializer=keras.initializers.Constant(0.25), shared_axes=[1, 2]
    )(x)


def network():
    inputs = keras.Input((8, 8, 4))
    x = inputs
    for _ in range(2):
        x = block(x)
    x = layers.EinsumDense(
        "abdc,c->abdc", x.shape[1:], kernel_initializer=keras.initializers.Constant(1.0)
    )(x)
    x = layers.Flatten()(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# input 4 > id > relu > id
def network():
    inputs = keras.Input((4,))
    outputs = layers.Activation("relu")(inputs)
    return keras.Model(inputs, outputs, name="network")


# input 4 > fc-2 as a
# @a > fc-3 as b
def network():
    inputs = keras.Input((4,))
    x = layers.Dense(2, activation="relu", kernel_initializer="he_normal")(inputs)
    outputs = layers.Dense(3)(x)
    return keras.Model(inputs, outputs, name="network")


# let f = scale > bn > fc-4
# input 4 > f > f > fc-2
def network():
    f = [
        layers.EinsumDense(
            "ac,c->ac", 4, kernel_initializer=keras.initializers.Constant(1.0)
        ),
        layers.BatchNormalization(momentum=0.9, epsilon=1e-05),
        layers.Dense(4, activation="relu", kernel_initializer="he_normal"),
    ]
    inputs = keras.Input((4,))
    x = inputs
    for _ in range(2):
        for layer in f:
            x = layer(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# let g = mul[ id | gap > fc-2 > sigmoid-2 ]
# input 4x4x2 > g > conv1-2 > g > fc-2
def network():
    g = [
        layers.Dense(2, activation="relu", kernel_initializer="he_normal"),
        layers.Dense(2, activation="sigmoid"),
    ]
    inputs = keras.Input((4, 4, 2))
    gate = layers.GlobalAveragePooling2D()(inputs)
    for layer in g:
        gate = layer(gate)
    gate = layers.Reshape((1, 1, gate.shape[-1]))(gate)
    x = layers.multiply([inputs, gate])
    x = layers.Conv2D(2, 1, activation="relu", kernel_initializer="he_normal")(x)
    gate = layers.GlobalAveragePooling2D()(x)
    for layer in g:
        gate = layer(gate)
    gate = layers.Reshape((1, 1, gate.shape[-1]))(gate)
    x = layers.multiply([x, gate])
    x = layers.Flatten()(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# 8x8x2 > [ conv3-2 > conv3-3 > conv3-4 > conv3-5 | conv1-6 ] > conv3-2
def conv(x, filters, kernel_size, padding="valid"):
    return layers.Conv2D(
        filters,
        kernel_size,
        padding=padding,
        activation="relu",
        kernel_initializer="he_normal",
    )(x)


def network():
    inputs = keras.Input((8, 8, 2))
    branch1 = conv(inputs, 2, 3, padding="same")
    branch1 = conv(branch1, 3, 3, padding="same")
    branch1 = conv(branch1, 4, 3, padding="same")
    branch1 = conv(branch1, 5, 3, padding="same")
    branch2 = conv(inputs, 6, 1)
    x = layers.Concatenate()([branch1, branch2])
    outputs = layers.Conv2D(2, 3, padding="same")(x)
    return keras.Model(inputs, outputs, name="network")


# 8x8x2 > [ conv1-6 | conv3-2 > conv3-3 > conv3-4 > conv3-5 > conv3-6 ] > conv3-2
def conv(x, filters, kernel_size, padding="valid"):
    return layers.Conv2D(
        filters,
        kernel_size,
        padding=padding,
        activation="relu",
        kernel_initializer="he_normal",
    )(x)


def network():
    inputs = keras.Input((8, 8, 2))
    shortcut = conv(inputs, 6, 1)
    x = conv(inputs, 2, 3, padding="same")
    x = conv(x, 3, 3, padding="same")
    x = conv(x, 4, 3, padding="same")
    x = conv(x, 5, 3, padding="same")
    x = conv(x, 6, 3, padding="same")
    x = layers.Concatenate()([shortcut, x])
    outputs = layers.Conv2D(2, 3, padding="same")(x)
    return keras.Model(inputs, outputs, name="network")


# 8x8x2 > conv3-2 as p > [ conv3-3 > conv3-4 > conv3-5 > conv3-6 > conv3-7 | [ @p | conv1-2 ] ]
def conv(x, filters):
    return layers.Conv2D(
        filters, 3, padding="same", activation="relu", kernel_initializer="he_normal"
    )(x)


def network():
    inputs = keras.Input((8, 8, 2))
    x = conv(inputs, 2)
    branch1 = conv(x, 3)
    branch1 = conv(branch1, 4)
    branch1 = conv(branch1, 5)
    branch1 = conv(branch1, 6)
    branch1 = layers.Conv2D(7, 3, padding="same")(branch1)
    y = layers.Conv2D(2, 1)(x)
    branch2 = layers.Concatenate()([x, y])
    outputs = layers.Concatenate()([branch1, branch2])
    return keras.Model(inputs, outputs, name="network")


# 8x8x2 > [ id | conv3-2 ] > mul[ id | conv1-4 ] > add[ conv1-4 | id ] > add[ id | id ]
def network():
    inputs = keras.Input((8, 8, 2))
    y = layers.Conv2D(
        2, 3, padding="same", activation="relu", kernel_initializer="he_normal"
    )(inputs)
    x = layers.Concatenate()([inputs, y])
    gate = layers.Conv2D(4, 1, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.multiply([x, gate])
    shortcut = x
    x = layers.Conv2D(4, 1)(x)
    x = layers.add([x, shortcut])
    outputs = layers.add([x, x])
    return keras.Model(inputs, outputs, name="network")


# 8 > mul[ fc-8(sigmoid) | fc-8(tanh) ] > sub[ id | fc-8 > fc-8 ] > add[ id | fc-8 | tanh ]
def network():
    inputs = keras.Input((8,))
    branch1 = layers.Dense(8, activation="sigmoid")(inputs)
    branch2 = layers.Dense(8, activation="tanh")(inputs)
    x = layers.multiply([branch1, branch2])
    shortcut = x
    x = layers.Dense(8, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Dense(8)(x)
    x = layers.subtract([shortcut, x])
    branch1 = layers.Dense(8)(x)
    branch2 = layers.Activation("tanh")(x)
    outputs = layers.add([x, branch1, branch2])
    return keras.Model(inputs, outputs, name="network")


# def f(c) = fc-{c} > bn > tanh
# 8 > fc-8 x3 as p > f(8) as q > add[ @p | @q ] as r > f(4) > fc-2
# @r > fc-3 as s
def f(x, units):
    x = layers.Dense(units)(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-05)(x)
    return layers.Activation("tanh")(x)


def network():
    inputs = keras.Input((8,))
    x = inputs
    for _ in range(3):
        x = layers.Dense(8, activation="relu", kernel_initializer="he_normal")(x)
    shortcut = x
    x = f(x, 8)
    r = layers.add([shortcut, x])
    x = f(r, 4)
    fc_4 = layers.Dense(2)(x)
    s = layers.Dense(3)(r)
    return keras.Model(inputs, [fc_4, s], name="network")


# 8x8x4 > [ conv3-4 x3 | conv1-4 ] > (conv3-4(bn) > add[ id | conv3-4 > conv1-4 ]) x2 > gap
def conv(x, kernel_size, padding="valid"):
    return layers.Conv2D(
        4,
        kernel_size,
        padding=padding,
        activation="relu",
        kernel_initializer="he_normal",
    )(x)


def block(x):
    x = layers.Conv2D(
        4, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-05)(x)
    x = layers.Activation("relu")(x)
    shortcut = x
    x = conv(x, 3, padding="same")
    x = layers.Conv2D(4, 1)(x)
    return layers.add([shortcut, x])


def network():
    inputs = keras.Input((8, 8, 4))
    branch1 = inputs
    for _ in range(3):
        branch1 = conv(branch1, 3, padding="same")
    branch2 = conv(inputs, 1)
    x = layers.Concatenate()([branch1, branch2])
    for _ in range(2):
        x = block(x)
    outputs = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, outputs, name="network")


# def f(c, s) = conv1-{c}(bn) > conv3-{c}/{s}(bn) > conv1-{4*c}(bn)
# 16x16x4 > f(4, 1) > f(8, 2) > f(8, 1) x2 > f(16, 2) > gap
def conv_bn_act(x, filters, kernel_size, strides=1, padding="valid"):
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-05)(x)
    return layers.Activation("relu")(x)


def f(x, filters):
    x = conv_bn_act(x, x.shape[-1] // 2, 1)
    x = layers.ZeroPadding2D(1)(x)
    x = conv_bn_act(x, filters, 3, strides=2)
    return conv_bn_act(x, 4 * filters, 1)


def network():
    inputs = keras.Input((16, 16, 4))
    x = conv_bn_act(inputs, 4, 1)
    x = conv_bn_act(x, 4, 3, padding="same")
    x = conv_bn_act(x, 16, 1)
    x = f(x, 8)
    for _ in range(2):
        x = conv_bn_act(x, 8, 1)
        x = conv_bn_act(x, 8, 3, padding="same")
        x = conv_bn_act(x, 32, 1)
    x = f(x, 16)
    outputs = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, outputs, name="network")


# def f(n) = (conv3-4(bn) > pool3/1(pad=same)) x{n} > conv1-8
# 16x16x4 > f(2) > f(3) > gap
def block(x):
    x = layers.Conv2D(
        4, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-05)(x)
    x = layers.Activation("relu")(x)
    return layers.MaxPooling2D(3, strides=1, padding="same")(x)


def f(x):
    for _ in range(2):
        x = block(x)
    return layers.Conv2D(8, 1, activation="relu", kernel_initializer="he_normal")(x)


def network():
    inputs = keras.Input((16, 16, 4))
    x = f(inputs)
    x = block(x)
    x = f(x)
    outputs = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, outputs, name="network")


# def f(c) = conv3-{c//2}(bn) > dropout(0.25) > conv3-{c}(bn)
# 16x16x4 > f(8) > f(16) > gap
def conv_bn_act(x, filters):
    x = layers.Conv2D(
        filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-05)(x)
    return layers.Activation("relu")(x)


def f(x):
    x = conv_bn_act(x, x.shape[-1])
    x = layers.Dropout(0.25)(x)
    return conv_bn_act(x, 2 * x.shape[-1])


def network():
    inputs = keras.Input((16, 16, 4))
    x = inputs
    for _ in range(2):
        x = f(x)
    outputs = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, outputs, name="network")


# 5x3x2 > each(dense-4 > relu) > gap > fc-2
def network():
    inputs = keras.Input((5, 3, 2))
    x = ops.reshape(inputs, (-1, 3, 2))
    x = layers.Dense(4, activation="relu", kernel_initializer="he_normal")(x)
    x = ops.reshape(x, (-1, 5, 3, 4))
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")


# 4x2 > abs > [ first | last ] > fc-2
def network():
    inputs = keras.Input((4, 2))
    x = ops.absolute(inputs)
    branch1 = x[:, 0]
    branch2 = x[:, -1]
    x = layers.Concatenate()([branch1, branch2])
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")
