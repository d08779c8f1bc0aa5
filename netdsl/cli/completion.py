"""`netdsl completion`: a script that completes commands, options and files in a shell."""

from __future__ import annotations

import argparse

EXAMPLES = (
    "completion bash > ~/.local/share/bash-completion/completions/netdsl",
    "completion zsh > ~/.zfunc/_netdsl",
    "completion fish > ~/.config/fish/completions/netdsl.fish",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.cli.completed import completed_commands
    from netdsl.cli.completion_scripts import SCRIPTS

    print(SCRIPTS[options.shell](completed_commands()), end="")
    return 0
