"""The names that options choose from, and what they mean.

The command line reads them at every start, so nothing is imported here.
"""

from typing import NamedTuple


class Precision(NamedTuple):
    """Bytes of one number.

    Of weights, gradients and slots (`weights`), of their copies in use, and of activations.
    """

    weights: int
    copies: int
    activations: int


PRECISIONS = {
    "float32": Precision(4, 0, 4),
    "bfloat16": Precision(2, 0, 2),
    "mixed": Precision(4, 2, 2),
    "float64": Precision(8, 0, 8),
}
SLOTS = {
    "gd": 0,
    "sgd": 0,
    "momentum": 1,
    "nesterov": 1,
    "adam": 2,
    "adamw": 2,
    "rmsprop": 1,
    "adagrad": 1,
    "lbfgs": 40,  # ten steps and ten changes of the gradient, in 64 bits
    "random_search": 1,
    "local_search": 1,
    "least_squares": 0,
}  # of each optimizer
LEVELS = {
    "op": "operation",
    "layer": "layer",
    "block": "block",
    "stage": "stage",
    "network": "network",
}  # of a table, with what a line of each is called
FORMATS = ("text", "markdown", "csv", "latex", "html")  # of a table
