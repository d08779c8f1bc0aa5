"""Where examples come from, what is refused before the first step, and how they are split.

`load_data` gives a recipe's data for a network, `reload` the same data again for what a run has
kept, `other` data that it is to be measured on, `read_inputs` what is to be predicted. `read`
chooses the module that knows the source; `plan` says what is to be done to it, `splits` makes the
three parts.
"""

from netdsl.training.data.load import load_data, other, read, reload
from netdsl.training.data.parts import Data, Part, Table, Wanted
from netdsl.training.data.prediction import read_inputs
from netdsl.training.data.sources.named import FOLDER, NAMES
from netdsl.training.data.splits import TEST, TEST_SEED, VALIDATION, arrange, split

__all__ = [
    "FOLDER",
    "NAMES",
    "TEST",
    "TEST_SEED",
    "VALIDATION",
    "Data",
    "Part",
    "Table",
    "Wanted",
    "arrange",
    "load_data",
    "other",
    "read",
    "read_inputs",
    "reload",
    "split",
]
