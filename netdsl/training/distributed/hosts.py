"""A training on several hosts: the number of this one, and the error if another one is lost."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from netdsl.errors import Diagnostic, RunError, fail
from netdsl.errors.terminal import render
from netdsl.training.memory import is_out_of_memory

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Recipe

HOST = "NETDSL_HOST"
"""The environment variable that states which of a recipe's `hosts` this process is, from 0."""

BACKEND_ERRORS = frozenset(("OpError", "JaxRuntimeError", "XlaRuntimeError"))
"""The errors of TensorFlow and JAX for a failed step, by name, as their classes cannot be imported
without the backend.
"""

CONNECTION = ("onnection", "Collective", "Gloo", "heartbeat")
"""What the line of a backend's message contains that says how another process was lost."""


def host_number(recipe: Recipe) -> int:
    """Return which of the recipe's hosts this process is, from 0; 0 where the recipe names none.

    Raises:
        NetError: N651 where the environment does not state it.
    """
    hosts, given = recipe.hosts or (), os.environ.get(HOST, "")
    if not hosts:
        return 0
    if not given:
        message = f"the recipe names {len(hosts)} hosts, but the number of this one is not set"
        raise fail(
            "N651",
            message,
            recipe.span("hosts"),
            help=f"{HOST}=0 for {hosts[0]}, {HOST}=1 for {hosts[1]}, and so on",
        )
    if not given.isdecimal() or int(given) >= len(hosts):
        message = f"{HOST}={given} is not one of the {len(hosts)} hosts in the recipe"
        raise fail(
            "N651", message, recipe.span("hosts"), help=f"use an integer from 0 to {len(hosts) - 1}"
        )
    return int(given)


def lost_host(why: str) -> RunError:
    """Return the error for a training that has lost some of its other processes."""
    message = f"another process of this training was lost, or did not connect: {why}"
    help = (
        "find out what ended it; `netdsl resume RUN` on all hosts continues from the last "
        "checkpoint"
    )
    return RunError(Diagnostic("N652", message, help=help))


@contextmanager
def error_context(hosts: int) -> Iterator[None]:
    """Turn the errors that a backend's step raises when another host is gone into a clear message.

    Raises:
        RunError: N652.
    """
    try:
        yield
    except Exception as error:
        names = {kind.__name__ for kind in type(error).__mro__}
        if hosts < 2 or is_out_of_memory(error) or not names & BACKEND_ERRORS:
            raise
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        near = [line for line in lines if any(word in line for word in CONNECTION)]
        # The last of them: a backend's message ends with the cause, after pages of operations.
        line = near[-1] if near else lines[0] if lines else type(error).__name__
        # 200 characters: a line of XLA's can hold a whole program.
        raise lost_host(line[:200]) from None


# --- a process that is watched --------------------------------------------------------------------


def supervised(work: Callable[[], int]) -> int:
    """Do `work` in a child process, and return its exit code.

    JAX aborts a process with a stack trace if it cannot reach the coordinator, which Python code
    cannot prevent. The parent process reports what that meant. Each of the two ends if the other
    one does, however it ends.
    """
    if not hasattr(os, "fork"):  # not on every system
        return work()
    sys.stdout.flush()
    sys.stderr.flush()
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writes)
        os.setpgid(0, 0)  # so that Ctrl-C at a terminal comes once: from the parent process
        threading.Thread(target=_end_with, args=(reads,), daemon=True).start()
        code = work()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # at a normal exit JAX would wait for the others, which may be lost
    # Each side closes the end that it does not use, or the other one would not see it close.
    os.close(reads)
    # This handler only passes Ctrl-C on: the child decides how its training ends.
    usual = signal.signal(signal.SIGINT, lambda number, frame: os.kill(child, signal.SIGINT))
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        signal.signal(signal.SIGINT, usual)
        os.close(writes)
    if code >= 0:
        return code
    print(
        render(lost_host(f"the training was ended by {signal.Signals(-code).name}").diagnostics),
        file=sys.stderr,
        flush=True,
    )
    return RunError.exit_code


def _end_with(pipe: Any) -> None:
    """End the process when the other end of the pipe closes, as its parent has ended."""
    # Nothing is ever written: this returns when the writing end closes, however the parent ends.
    os.read(pipe, 1)
    os._exit(RunError.exit_code)
