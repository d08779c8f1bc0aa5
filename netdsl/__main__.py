"""`python -m netdsl`, and the `netdsl` command: from here on Ctrl-C shows no traceback."""

try:
    from netdsl.cli.main import run
except KeyboardInterrupt:
    import os

    os._exit(130)

if __name__ == "__main__":
    run()
