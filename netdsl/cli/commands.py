"""The registry of the commands: a line for each, so that only the command that runs is imported.

A command is a module of this package, named as the command is (`import_` for `import`, which is a
keyword of Python), with three names:

- `EXAMPLES`: command lines for its help;
- `set_up(parser)`: adds its arguments;
- `run(options)`: runs it, and returns the exit code;

and, where argparse cannot know which options go together, `problem(options)`, which says which do
not.
"""

from __future__ import annotations

from typing import Any

GROUPS = {
    "write": {
        "new": "write a first network and recipe for a data set",
        "check": "find the errors in network files",
        "fmt": "format network files",
        "explain": "explain an error code, layer, statement, figure, recipe key or command",
    },
    "look": {
        "table": "print a network's layers with shapes, parameters and multiply-accumulates",
        "draw": "draw a network as SVG, PNG, PDF, TikZ, Mermaid or a page",
        "expand": "write a network with every default, block and repeat written out",
        "diff": "compare two networks",
        "data": "show the contents of a data set",
    },
    "compute": {
        "forward": "compute what each layer of a network gives for an input",
        "backward": "compute the derivatives of a network at each node",
        "gradcheck": "compare a network's derivatives with finite differences",
        "matrix": "write a layer as the matrix that it multiplies its input by",
    },
    "convert": {
        "compile": "write a network as a Keras model",
        "emit": "write a network as a Keras program",
        "import": "write a Keras model as a network file",
    },
    "train": {
        "recipe": "print the recipe for a network and its data, with the reason for each value",
        "train": "train a network in a run folder",
        "resume": "resume a stopped run",
    },
    "use": {
        "runs": "list runs, or compare some",
        "evaluate": "measure a run's best model on a part of its data",
        "predict": "apply a run's best model",
        "show": "draw what a run has learned: filters, maps, patches, codes",
        "sample": "make new examples with a run's decoder",
        "attack": "change examples a little so that a run's network answers wrongly",
        "export": "write a run's best model for use elsewhere",
    },
    "help": {
        "help": "show the help of a command",
        "completion": "print what completes commands in bash, zsh or fish",
    },
}
"""The commands by purpose, with a line of help for each."""

COMMANDS = {name: about for group in GROUPS.values() for name, about in group.items()}


def module_of(command: str) -> str:
    """Name the module that has the command."""
    return f"netdsl.cli.{'import_' if command == 'import' else command}"


def load(command: str) -> Any:
    """Import the command's module."""
    # `importlib` would be imported for this alone.
    return __import__(module_of(command), fromlist=["run"])
