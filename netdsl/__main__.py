"""`python -m netdsl`."""

from netdsl.cli.main import run

run()
