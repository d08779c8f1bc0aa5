"""Files of weights that claim more than they hold, or that lead elsewhere."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.keras.claims import SMALL, check_claims
from netdsl.keras.opening import load_model, open_model
from netdsl.keras.quiet import quiet_keras

HUGE = (SMALL // 4 + 1,)


def with_arrays(path: Path, fill: Callable[[h5py.File], object]) -> str:
    with h5py.File(path, "w") as file:
        fill(file)
    return str(path)


def honest(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = np.random.default_rng(0).normal(size=(100, 100))
    file["layers/again"] = file["layers/dense"]  # a second name claims nothing more


def zipped(path: Path, weights: str, compression: int) -> str:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("config.json", "{}")
        archive.write(weights, "model.weights.h5")
    return str(path)


def test_honest_files_are_taken(tmp_path: Path) -> None:
    weights = with_arrays(tmp_path / "a.h5", honest)
    check_claims(weights)
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        check_claims(zipped(tmp_path / "a.keras", weights, compression))


BAD: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "never written": (lambda file: file.create_dataset("x", HUGE, "f4"), "claims 64.0 MiB"),
    "compressed": (
        lambda file: file.create_dataset("g/x", (1 << 60,), "f4", chunks=(1024,), compression=9),
        "claims 4,194,304.0 TiB",
    ),
    "elsewhere": (
        lambda file: file.__setitem__("x", h5py.ExternalLink("/etc/other.h5", "/")),
        "is in another file, /etc/other.h5",
    ),
    "raw elsewhere": (
        lambda file: file.create_dataset("x", (4,), "u1", external="/etc/passwd"),
        "are in another file",
    ),
}


@pytest.mark.parametrize("form", ["h5", "stored", "deflated"])
@pytest.mark.parametrize(("fill", "why"), BAD.values(), ids=BAD)
def test_bad_files_are_refused(
    tmp_path: Path, fill: Callable[[h5py.File], object], why: str, form: str
) -> None:
    path = with_arrays(tmp_path / "a.h5", fill)
    if form != "h5":
        compression = zipfile.ZIP_STORED if form == "stored" else zipfile.ZIP_DEFLATED
        path = zipped(tmp_path / "a.keras", path, compression)
    with pytest.raises(ValueError, match=why.replace(".", r"\.")):
        check_claims(path)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(SMALL + 1))
    with pytest.raises(ValueError, match=r"it claims 64\.0 MiB but holds"):
        check_claims(str(path))


@pytest.mark.keras
def test_such_a_model_is_damaged(tmp_path: Path) -> None:
    weights = with_arrays(tmp_path / "a.h5", BAD["never written"][0])
    path = zipped(tmp_path / "a.keras", weights, zipfile.ZIP_STORED)
    with pytest.raises(NetError, match=r"it claims 64\.0 MiB") as caught:
        load_model(path)
    assert caught.value.diagnostics[0].code == "N614"


@pytest.mark.keras
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("read", [load_model, open_model], ids=["loaded", "imported"])
def test_a_configuration_asks_for_no_more_weights_than_the_file_has(
    tmp_path: Path, suffix: str, read: Callable[[str], object]
) -> None:
    """A few words of it would ask for 10 GB; nothing of them is allocated."""
    keras = quiet_keras()
    path = tmp_path / f"a{suffix}"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(path)
    assert read(str(path))
    swap = ('"units": 3', '"units": 50000'), ("[null, 4]", "[null, 50000]")
    if suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        held["config.json"] = replaced(held["config.json"].decode(), swap).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in held.items():
                archive.writestr(name, content)
    else:
        with h5py.File(path, "a") as file:
            file.attrs["model_config"] = replaced(str(file.attrs["model_config"]), swap)
    with pytest.raises(NetError, match=r"its layers need 9\.3 GiB of weights, and its arrays have"):
        read(str(path))


def replaced(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text
