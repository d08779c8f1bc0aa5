"""Several devices and several processes take the steps of one; a lost one ends the training, and
`resume` continues it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from support.shares import share

import netdsl
from netdsl.errors import NetError, RunError
from netdsl.process import backend as own_backend
from netdsl.training.distributed.hosts import HOST, error_context, host_number
from netdsl.training.distributed.sharing import check_shares
from netdsl.training.loop.train import train
from netdsl.training.recipes.conflicts import Conflict, conflict_context
from netdsl.training.recipes.recipe import Recipe, load_recipe, parse_recipe, recipe_hash

pytestmark = pytest.mark.skipif(
    own_backend() == "torch", reason="torch has one device, in one process"
)

SHARING = Path(__file__).resolve().parents[2] / "support" / "sharing.py"
NETWORK = "net small\n8x8x1 > conv3-4 > pool > fc-16 > softmax-10"
NORMS = "net small\n8x8x1 > conv3-4(bn) > pool > fc-16(bn) > softmax-10"
NOISE = "net small\n8x8x1 > conv3-4(bn) > dropout(0.2) > fc-16 > softmax-10"
RECIPE = """
epochs: 2
batch: 96
optimizer: {name: adam, rate: 0.01}
early_stopping: {every: 5}
speed: plain
"""
HARD = """
epochs: 2
batch: 96
optimizer: {name: nesterov, rate: 0.1, clip_norm: 0.5}
penalty: {l2: 0.001, max_norm: 3}
class_weights: balanced
schedule: {name: plateau, patience: 1}
early_stopping: {every: 5, then: retrain}
augment: {shift: 1, noise: 0.05}
adversarial: {eps: 0.05}
"""
FIGURES = ("loss", "accuracy", "data_loss", "val_loss", "val_accuracy", "val_data_loss", "rate")


def environment(backend: str, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "KERAS_BACKEND": backend,
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        **more,
    }


def shared(
    backend: str, where: Path, recipe: str, network: str, *used: int | str, devices: int = 8
) -> list[Path]:
    """The folders of trainings on these numbers of the devices, in a process of their own."""
    folder = where / backend
    command = [sys.executable, SHARING, str(devices), folder, recipe, network, *map(str, used)]
    done = subprocess.run(
        command, env=environment(backend), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [folder / str(number) / "small-1" for number in used]


def alone(backend: str, where: Path, recipe: str) -> Path:
    """The folder of a training on one device; in this process, if it has the backend."""
    if backend != own_backend():
        return shared(backend, where, recipe, NETWORK, 1)[0]
    network = netdsl.parse(NETWORK)
    return train(network, parse_recipe(recipe), where=where / "alone", quiet=True).folder


def curve(folder: Path) -> list[list[float]]:
    rows = [
        json.loads(line)
        for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [[row.get(figure, 0.0) for figure in FIGURES] for row in rows]


def same(one: Path, other: Path) -> None:
    """The same figures in each epoch and at the end, to rounding."""
    np.testing.assert_allclose(curve(one), curve(other), rtol=2e-5, atol=2e-5)
    ends = [
        json.loads((folder / "result.json").read_text(encoding="utf-8")) for folder in (one, other)
    ]
    assert ends[0]["best_step"] == ends[1]["best_step"]
    assert ends[0]["test"] == pytest.approx(ends[1]["test"], rel=2e-5, abs=2e-5)


# --- several devices of one machine ---------------------------------------------------------------


@pytest.mark.keras
@pytest.mark.parametrize("devices", share([4, 8], lambda devices: devices == 4))
@pytest.mark.parametrize(
    "backend", share(["tensorflow", "jax"], lambda backend: backend == "tensorflow")
)
def test_several_devices_take_the_steps_of_one(backend: str, devices: int, tmp_path: Path) -> None:
    """An epoch's last batch of 46 examples has no equal shares, the one of the evaluation
    neither.
    """
    same(*shared(backend, tmp_path, RECIPE, NETWORK, "all", 1, devices=devices))


@pytest.mark.keras
@pytest.mark.zoo
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_with_all_that_a_recipe_can_ask_for(backend: str, tmp_path: Path) -> None:
    """Clipping, penalties, bounds, weights, a schedule that waits, augmentation, adversarial
    examples, and all the data again: 4 devices of 8.
    """
    several, single = shared(backend, tmp_path, HARD, NETWORK, 4, 1)
    same(several, single)
    assert len(curve(several)) > 2  # the steps on all the data are in it


@pytest.mark.keras
@pytest.mark.zoo
@pytest.mark.parametrize(
    ("backend", "network"),
    [("tensorflow", NORMS), ("jax", NORMS), ("jax", NOISE)],
    ids=["tensorflow", "jax", "jax-noise"],
)
def test_norms_are_those_of_one_device_and_under_jax_noise_too(
    backend: str, network: str, tmp_path: Path
) -> None:
    several, single = shared(backend, tmp_path, RECIPE, network, 8, 1)
    same(several, single)
    if backend == "tensorflow":  # how it was trained is not kept in it
        with ZipFile(several / "best.keras") as kept:
            assert b'"synchronized": true' not in kept.read("config.json")


# --- several processes ----------------------------------------------------------------------------


def free_ports(count: int) -> list[int]:
    opened = [socket.socket() for _ in range(count)]
    try:
        for one in opened:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in opened]
    finally:
        for one in opened:
            one.close()


class Hosts:
    """Two processes of `netdsl` on this machine, both running in the same folder."""

    def __init__(self, backend: str, folder: Path) -> None:
        self.backend, self.folder, self.running = backend, folder, list[subprocess.Popen[str]]()

    def start(self, *arguments: str) -> None:
        for host in range(2):
            command = [sys.executable, "-m", "netdsl", *arguments]
            env = environment(self.backend, **{HOST: str(host)})
            pipe = subprocess.PIPE
            self.running.append(
                subprocess.Popen(
                    command, cwd=self.folder, env=env, text=True, stdout=pipe, stderr=pipe
                )
            )

    def wait_for(self, reported: str) -> None:
        """Wait until the first process writes this to standard error."""
        seen = []
        assert self.running[0].stderr
        for line in self.running[0].stderr:
            seen.append(line)
            if reported in line:
                return
        raise AssertionError("".join(seen))

    def ended(self, host: int) -> tuple[int, str, str]:
        """Its exit code, what it printed, and its messages."""
        out, err = self.running[host].communicate(timeout=900)
        return self.running[host].returncode, out, err

    def both(self) -> list[tuple[int, str, str]]:
        found = [self.ended(host) for host in range(2)]
        self.running.clear()
        return found


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Callable[..., Hosts]]:
    made: list[Hosts] = []

    def make(backend: str, epochs: int = 2, recipe: str = RECIPE, network: str = NETWORK) -> Hosts:
        ports = free_ports(2)
        addresses = ", ".join(f"127.0.0.1:{port}" for port in ports)
        text = recipe.replace("epochs: 2", f"epochs: {epochs}")
        (tmp_path / "recipe.yaml").write_text(f"{text}hosts: [{addresses}]\n", encoding="utf-8")
        (tmp_path / "small.net").write_text(network, encoding="utf-8")
        made.append(Hosts(backend, tmp_path))
        return made[-1]

    yield make
    for one in made:
        for process in one.running:
            process.kill()
            process.communicate()


@pytest.mark.keras
@pytest.mark.zoo
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_processes_take_the_steps_of_one_device(
    backend: str, hosts: Any, tmp_path: Path
) -> None:
    two = hosts(backend, network=NORMS)
    two.start("train", "small.net", "recipe.yaml")
    (code, out, err), (other_code, other_out, other_err) = two.both()
    assert (code, other_code) == (0, 0), err + other_err
    assert "host 0 of 2: waiting for 127.0.0.1" in err
    assert "host 1 of 2: waiting for 127.0.0.1" in other_err
    assert "saved in runs/small-1" in out
    assert "epoch 2/2" in err
    assert "kept in" not in other_out  # Gloo, which JAX has on a CPU, says there what it connects
    assert "epoch" not in other_err
    assert [folder.name for folder in (tmp_path / "runs").iterdir()] == ["small-1"]
    same(tmp_path / "runs" / "small-1", *shared(backend, tmp_path, RECIPE, NORMS, 1))


@pytest.mark.keras
@pytest.mark.parametrize(
    ("backend", "victim"),
    [
        ("tensorflow", 1),
        pytest.param("tensorflow", 0, marks=pytest.mark.zoo),
        pytest.param("jax", 1, marks=pytest.mark.zoo),
        pytest.param("jax", 0, marks=pytest.mark.zoo),
    ],
)
def test_a_lost_process_ends_the_training_and_resume_continues(
    backend: str, victim: int, hosts: Any, tmp_path: Path
) -> None:
    two = hosts(backend, epochs=12)
    two.start("train", "small.net", "recipe.yaml")
    two.wait_for("epoch 2/12")
    os.kill(two.running[victim].pid, signal.SIGKILL)
    code, _, err = two.ended(1 - victim)
    assert code == 3
    assert "error[N652]: another process of this training was lost" in err
    assert "netdsl resume RUN" in err
    two.both()
    run = tmp_path / "runs" / "small-1"
    assert not (run / "result.json").exists()
    two.start("resume", "runs/small-1")
    (code, _, err), (other_code, _, other_err) = two.both()
    assert (code, other_code) == (0, 0), err + other_err
    assert "resuming runs/small-1 after epoch" in err
    same(run, alone(backend, tmp_path, RECIPE.replace("epochs: 2", "epochs: 12")))


@pytest.mark.keras
@pytest.mark.zoo
def test_ctrl_c_in_one_of_two(hosts: Any, tmp_path: Path) -> None:
    """The other one cannot take another step, and nothing but the last checkpoint is kept."""
    two = hosts("tensorflow", epochs=12)
    two.start("train", "small.net", "recipe.yaml")
    two.wait_for("epoch 2/12")
    two.running[0].send_signal(signal.SIGINT)
    (code, _, err), (other_code, _, other_err) = two.both()
    assert (code, other_code) == (130, 3), err + other_err
    assert "interrupted" in err
    assert "N652" in other_err
    assert not (tmp_path / "runs" / "small-1" / "result.json").exists()
    assert (tmp_path / "runs" / "small-1" / "checkpoint.npz").exists()


@pytest.mark.keras
@pytest.mark.zoo
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_nan_ends_both(backend: str, hosts: Any, tmp_path: Path) -> None:
    two = hosts(backend, recipe="optimizer: {name: sgd, rate: 1e30}\nepochs: 2\n")
    two.start("train", "small.net", "recipe.yaml")
    for code, out, err in two.both():
        assert code == 3, out + err
        assert "N611" in err
    assert (
        json.loads((tmp_path / "runs" / "small-1" / "result.json").read_text(encoding="utf-8"))[
            "ended"
        ]
        == "diverged"
    )


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reported", "fix"),
    [
        (
            "devices: 8\nbatch: 100",
            "8 devices cannot share a batch of 100 equally: 12.5 examples each",
            "`batch: 96` or `batch: 104`",
        ),
        (
            "devices: 8\nbatch: 5",
            "8 devices cannot share a batch of 5",
            "`batch: 8`, or any other multiple of 8",
        ),
        (
            "hosts: [a:1, b:1, c:1]\ndevices: 2\nbatch: 32",
            "6 devices cannot share",
            "`batch: 30` or `batch: 36`",
        ),
        (
            "devices: all\nbackend: torch",
            "`devices` works with TensorFlow and JAX, not with torch",
            "backend: jax",
        ),
        (
            "hosts: [a:1, b:1]\nbackend: torch",
            "`hosts` works with TensorFlow and JAX",
            "backend: jax",
        ),
        ("devices: 2\nspeed: compiled", "`speed: compiled` is for one device", "leave `speed` out"),
        ("hosts: a:1", "`hosts` requires two or more addresses", "leave `hosts` out"),
        ("hosts: [a:1, b:1, a:1]", "`hosts` names a:1 twice", ""),
    ],
)
def test_what_does_not_go_together(text: str, reported: str, fix: str) -> None:
    recipe = parse_recipe(text)
    with pytest.raises(NetError) as caught, conflict_context(recipe):
        check_shares(recipe, recipe.batch or 96)
    (problem,) = caught.value.diagnostics
    assert problem.code == "N507"
    assert reported in problem.message
    assert fix in problem.help
    assert problem.span is not None


def test_what_all_devices_are_is_known_only_when_they_are_counted() -> None:
    recipe = parse_recipe("devices: all")
    check_shares(recipe, 96)
    check_shares(recipe, 96, found=8)
    with pytest.raises(Conflict, match="7 devices cannot share a batch of 96"):
        check_shares(recipe, 96, found=7)


@pytest.mark.parametrize(
    ("given", "reported"),
    [
        (None, "the number of this one is not set"),
        ("2", "is not one of the 2 hosts"),
        ("one", "NETDSL_HOST=one is not one of"),
        ("-1", "NETDSL_HOST=-1 is not one of"),
    ],
)
def test_a_host_must_know_its_number(
    given: str | None, reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(hosts=("a:1", "b:1"))
    monkeypatch.delenv(HOST, raising=False) if given is None else monkeypatch.setenv(HOST, given)
    with pytest.raises(NetError, match=reported) as caught:
        host_number(recipe)
    assert caught.value.diagnostics[0].code == "N651"
    monkeypatch.setenv(HOST, "1")
    assert (host_number(recipe), host_number(Recipe())) == (1, 0)


@pytest.mark.keras
def test_more_devices_than_there_are(network: Any, tmp_path: Path) -> None:
    with pytest.raises(
        NetError, match=r"asks for 3 devices, and the backend has 1 device here"
    ) as caught:
        train(network(), Recipe(devices=3, batch=96), where=tmp_path / "runs")
    assert caught.value.diagnostics[0].code == "N650"
    assert not (tmp_path / "runs").exists()


@pytest.mark.keras
def test_all_of_one_device_is_one(network: Any, tmp_path: Path) -> None:
    found = train(network(), Recipe(devices="all", epochs=1), where=tmp_path, quiet=True)
    assert load_recipe(found.folder / "recipe.yaml").devices == "all"
    assert found.epochs == 1


@pytest.mark.keras
def test_hosts_that_do_not_come_together(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from netdsl.training.distributed import jax, tensorflow

    def taken(*given: Any) -> None:
        raise RuntimeError("Could not start the server: the port is taken\nand more")

    monkeypatch.setattr(tensorflow, "OnTensorFlow", taken)
    monkeypatch.setattr(jax, "OnJax", taken)
    monkeypatch.setenv(HOST, "0")
    with pytest.raises(
        RunError,
        match="cannot work together: Could not start the server: the port is taken",
    ) as caught:
        train(network(), Recipe(hosts=("127.0.0.1:1", "127.0.0.1:2")), where=tmp_path / "runs")
    assert caught.value.diagnostics[0].code == "N653"
    assert not (tmp_path / "runs").exists()


def test_where_a_run_continues_is_not_part_of_what_it_is() -> None:
    assert (
        recipe_hash(Recipe(devices="all", hosts=("a:1", "b:1")))
        == recipe_hash(Recipe())
        != recipe_hash(Recipe(seed=1))
    )


class JaxRuntimeError(Exception):
    """Called as JAX's is."""


def test_a_backends_failure_is_a_loss_among_several_where_the_memory_is_not_full() -> None:
    with (
        pytest.raises(
            RunError,
            match="was lost, or did not connect: Gloo all-reduce failed: Connection reset by peer",
        ),
        error_context(2),
    ):
        raise JaxRuntimeError("UNKNOWN:\nGloo all-reduce failed: Connection reset by peer\n")
    for hosts, error in (
        (1, JaxRuntimeError("Gloo")),
        (2, JaxRuntimeError("RESOURCE_EXHAUSTED: Gloo")),
        (2, ValueError("Gloo")),
    ):
        with pytest.raises(type(error), match="Gloo"), error_context(hosts):
            raise error


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize(
    ("work", "code", "reported"),
    [("os.abort", 3, "ended by SIGABRT"), ("lambda: 1", 1, ""), ("lambda: print('x') or 0", 0, "")],
)
def test_a_process_that_is_watched(work: str, code: int, reported: str) -> None:
    """JAX aborts a process that cannot reach the first one."""
    imports = "import os, sys; from netdsl.training.distributed.hosts import supervised"
    text = f"{imports}; sys.exit(supervised({work}))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert reported in done.stderr
    assert ("N652" in done.stderr) == bool(reported)
    assert done.stdout == ("x\n" if "print" in work else "")
