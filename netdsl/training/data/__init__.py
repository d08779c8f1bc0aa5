"""Where examples come from, what is rejected before the first step, and how they are split.

`load_data` loads a recipe's data for a network, `reload` loads it again for a run, `load_other`
loads other data to measure a run on, `read_inputs` and `given_inputs` load examples to predict.
`dispatch` chooses the module that reads the source, `plan` decides how the data is prepared, and
`partition` makes the three parts.
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
