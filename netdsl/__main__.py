"""`python -m netdsl`."""

from netdsl.cli import run

run()
