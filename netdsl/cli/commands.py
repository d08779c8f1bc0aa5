"""The registry of the commands: a line a command, so that none is imported that nobody asks for.

A command is a module of this package with three names:

- `EXAMPLES`: how it is called, for its help;
- `set_up(parser)`: adds its arguments;
- `run(options)`: does it, and gives back the exit code.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


class Command(NamedTuple):
    """A command as the help lists it, and the module that has the rest."""

    help: str
    module: str

    def load(self) -> Any:
        """Import the command's module."""
        return import_module(f"netdsl.cli.{self.module}")


COMMANDS = {
    "check": Command("find the mistakes in network files", "check"),
    "explain": Command("tell what a code, a kind of layer or a statement means", "explain"),
    "table": Command(
        "print a network's layers with shapes, parameters and multiply-accumulates", "table"
    ),
    "expand": Command("write a network with every default, block and repeat written out", "expand"),
    "diff": Command("show what two networks do not share", "diff"),
    "fmt": Command("bring network files into their one form", "fmt"),
    "compile": Command("write a network as a Keras model", "compile"),
    "import": Command("write a Keras model as a network file", "import_"),
    "emit": Command("write a network as a Keras program", "emit"),
    "train": Command("train a network and keep the run", "train"),
    "resume": Command("go on with a run that was stopped", "resume"),
    "recipe": Command(
        "print the recipe that a network and its data would get, with the reason for each value",
        "recipe",
    ),
    "data": Command("show what a data set holds", "data"),
    "evaluate": Command("measure a run's best model on a part of its data", "evaluate"),
    "predict": Command("apply a run's best model", "predict"),
    "export": Command("write a run's best model for use elsewhere", "export"),
    "runs": Command("list runs, or compare some", "runs"),
}
