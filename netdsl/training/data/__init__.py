"""Where examples come from, what is refused before the first step, and how they are split.

`load_data` loads a recipe's data for a network, `reload` the same data again for what a run has
kept, `load_other` data that it should be measured on, `read_inputs` and `given_inputs` what should
be predicted. `dispatch` chooses the module that knows the source, `plan` says what should be done
to it, `partition` makes the three parts.
"""

from netdsl.training.data.dispatch import read
from netdsl.training.data.given_inputs import given_inputs
from netdsl.training.data.load import load_data, load_other, reload
from netdsl.training.data.partition import TEST, TEST_SEED, VALIDATION, arrange
from netdsl.training.data.parts import Data, Examples, SourceData
from netdsl.training.data.prediction import read_inputs
from netdsl.training.data.signature import NetworkSignature, TensorSpec
from netdsl.training.data.sources.named import FOLDER, NAMES
from netdsl.training.data.splits import split

__all__ = [
    "FOLDER",
    "NAMES",
    "TEST",
    "TEST_SEED",
    "VALIDATION",
    "Data",
    "Examples",
    "NetworkSignature",
    "SourceData",
    "TensorSpec",
    "arrange",
    "given_inputs",
    "load_data",
    "load_other",
    "read",
    "read_inputs",
    "reload",
    "split",
]
