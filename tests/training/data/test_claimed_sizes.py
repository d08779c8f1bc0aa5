"""What a file claims is compared with what is there before anything is unpacked."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import npz as module
from netdsl.training.data.fingerprint import fingerprint
from netdsl.training.data.load import load_data
from netdsl.training.data.npz import ArrayHeader, NpzFile
from netdsl.training.data.parts import Examples
from netdsl.training.data.prediction import read_inputs
from netdsl.training.data.sources import claims
from netdsl.training.data.sources.arrays import read_npy, read_npz
from netdsl.training.data.sources.deep_images import deep_image
from netdsl.training.data.sources.images import MAX_PIXELS, lazy_files, read_image
from netdsl.training.data.views import rows_of
from netdsl.training.memory import free_memory
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.recipe import DataSpec, Recipe


def header(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    out = io.BytesIO()
    about = {"shape": shape, "fortran_order": False, "descr": dtype}
    np.lib.format.write_array_header_1_0(out, about)
    return out.getvalue()


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(f"{name}.npy", content)
    return path


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_arrays_of_both_versions_are_read(tmp_path: Path, version: tuple[int, int]) -> None:
    content = io.BytesIO()
    np.lib.format.write_array(content, np.arange(3.0), version)
    held = NpzFile(archive(tmp_path / "a.npz", x=content.getvalue()))
    stored = ArrayHeader((3,), np.dtype(float))
    assert held.header("x") == stored
    assert held.read("x", stored).tolist() == [0, 1, 2]
    for other, needed in (((2,), float), ((3,), np.float32)):
        with pytest.raises(ValueError, match="`x` is 3 of float64, not"):
            held.read("x", ArrayHeader(other, np.dtype(needed)))


def test_an_archive_of_another_version_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.lib.format.write_array(content, np.arange(3.0), (3, 0))
    held = NpzFile(archive(tmp_path / "a.npz", x=content.getvalue()))
    with pytest.raises(ValueError, match=r"`x` is of version 3\.0, which is not known"):
        held.header("x")


def test_only_arrays_that_are_asked_for_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.arange(6.0).reshape(2, 3), huge=np.zeros(1 << 20))
    read: list[int] = []
    usual = np.lib.format.read_array

    def counted(file: Any, **settings: Any) -> Any:
        array = usual(file, **settings)
        read.append(array.nbytes)
        return array

    monkeypatch.setattr(np.lib.format, "read_array", counted)
    held = read_npz(path)
    assert (list(held), "huge" in held, "y" in held) == (["x", "huge"], True, False)
    assert held["x"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert read == [48]


@pytest.mark.parametrize(
    "content",
    [
        header((1 << 40,)) + b"1234",
        header((2,)) + b"1234",
        header((1,)) + b"12345678",
        header((-1,)),
        b"\x93NUMPY\x09\x00",
        b"",
    ],
    ids=["huge", "too little", "too much", "negative", "unknown version", "empty"],
)
def test_a_claim_that_is_not_there_is_refused(tmp_path: Path, content: bytes) -> None:
    path = archive(tmp_path / "a.npz", x=content)
    with pytest.raises(NetError) as caught:
        read_npz(path)["x"]
    assert caught.value.diagnostics[0].code == "N512"


def test_an_array_larger_than_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "available_bytes", lambda: 1_000)
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros(1_000, np.float32))
    with pytest.raises(NetError, match=r"`x` takes 3\.9 KiB, and 1000 B of memory are free"):
        read_npz(path)["x"]


def test_what_can_be_used_is_known_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((2, 3), np.float32))
    file = NpzFile(path)
    assert file.header("x") == ArrayHeader((2, 3), np.dtype("<f4"))
    assert file.read("x", ArrayHeader((2, 3), np.dtype("<f4"))).shape == (2, 3)
    with pytest.raises(ValueError, match="`x` is 2x3 of float32, not 3x2 of float32"):
        file.read("x", ArrayHeader((3, 2), np.dtype("<f4")))


CLAIMS = [
    ("4 > fc-3", {"x": (9, 1_000), "y": (9,)}, "N518", "`x` of .* holds examples of 1000"),
    ("4 > fc-3", {"x": (9, 4), "y": (9, 1_000)}, "N518", "holds values of 1000; the network"),
    ("4 > fc-3", {"x": (9, 4), "y": (7,)}, "N515", "has 9 rows and `y` has 7"),
    (
        "4 > fc-3",
        {"x": (9, 4), "y": (9,), "sample_weight": (9, 50)},
        "N518",
        "not one number",
    ),
    ("5 of int(9) > embed-3 > gap > fc-3", {"x": (9, 50), "y": (9,)}, "N518", "is 5 indices"),
    ("4 > fc-3", {"x": (9, 0), "y": (9,)}, "N516", "`x` of .* is empty"),
]


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is unpacked: an array's shape each."""
    read: list[str] = []
    usual = np.lib.format.read_array

    def noted(file: Any, **settings: Any) -> Any:
        array = usual(file, **settings)
        read.append(str(array.shape))
        return array

    monkeypatch.setattr(np.lib.format, "read_array", noted)
    return read


@pytest.mark.parametrize(("text", "shapes", "code", "message"), CLAIMS)
def test_what_a_network_cannot_use_is_not_unpacked(
    tmp_path: Path,
    unpacked: list[str],
    text: str,
    shapes: dict[str, tuple[int, ...]],
    code: str,
    message: str,
) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **{name: np.zeros(shape, "u1") for name, shape in shapes.items()})
    with pytest.raises(NetError, match=message) as caught:
        load_data(Recipe(data=DataSpec(source=str(path))), netdsl.parse(text))
    assert (caught.value.diagnostics[0].code, unpacked) == (code, [])


def test_images_beyond_the_limit_are_not_unpacked(
    tmp_path: Path, unpacked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "MAX_PIXELS", 100)
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros((1, 20, 20, 3), "u1"), y=np.zeros(1, "u1"))
    network = netdsl.parse("8x8x3 > gap > fc-3")
    with pytest.raises(NetError, match="holds images of 20x20x3, 400 pixels each"):
        load_data(Recipe(data=DataSpec(source=str(path))), network)
    image = InputTransform("input", (8, 8, 3), True, 255.0, True, (8, 8, 3))
    preparation = Preparation((image,), ())
    with pytest.raises(NetError, match="holds images of 20x20x3, 400 pixels each"):
        read_inputs(path, preparation)
    assert unpacked == []


@pytest.mark.parametrize("shape", [(9, 1_000), (1_000,), (4, 4, 4)])
def test_what_cannot_be_predicted_is_not_unpacked(
    tmp_path: Path, unpacked: list[str], shape: tuple[int, ...]
) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros(shape, "f4"))
    four = InputTransform("input", (4,), False, 1.0, False, (4,))
    with pytest.raises(NetError, match=r"a\.npz holds examples of") as caught:
        read_inputs(path, Preparation((four,), ()))
    assert (caught.value.diagnostics[0].code, unpacked) == ("N518", [])


def test_pipes_are_refused(tmp_path: Path) -> None:
    for name, read in (("a.npz", read_npz), ("a.npy", read_npy)):
        os.mkfifo(tmp_path / name)
        with pytest.raises(NetError, match="named pipe") as caught:
            read(tmp_path / name)
        assert caught.value.diagnostics[0].code == "N511"
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(NetError, match="named pipe"):
        read_image(tmp_path / "a.png", grey=True)
    with pytest.raises(NetError, match="named pipe"):
        deep_image(tmp_path / "a.png", (), (0, 1))
    link = tmp_path / "b.png"
    link.symlink_to(tmp_path / "a.png")
    with pytest.raises(NetError, match="named pipe"):
        deep_image(link, (), (0, 1))


def test_an_image_of_a_claimed_size_is_refused(tmp_path: Path) -> None:
    side = 11_000
    assert side * side > MAX_PIXELS
    begin = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    about = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    path = tmp_path / "a.bmp"
    path.write_bytes(begin + about)
    with pytest.raises(NetError, match="claims 11,000 x 11,000 pixels") as caught:
        read_image(path, grey=False)
    assert caught.value.diagnostics[0].code == "N524"


# --- the fingerprint ------------------------------------------------------------------------------


class Parts:
    """What the fingerprint looks at."""

    def __init__(self, *parts: Examples) -> None:
        self.train, self.validation, self.test = parts


def parts(x: Any) -> Any:
    y = np.zeros(len(x), np.int64)
    part = Examples((x,), (y,), "all", ("x",), ("y",))
    empty = Examples((x[:0],), (y[:0],), "all", ("x",), ("y",))
    return Parts(part, empty, empty)


@pytest.mark.parametrize("row", [0, 1, 4_999, 9_998, 9_999])
def test_the_fingerprint_is_of_every_example(row: int) -> None:
    x = np.arange(20_000, dtype=np.float32).reshape(10_000, 2)
    before = fingerprint(parts(x))
    assert fingerprint(parts(x.copy())) == before
    x[row, 1] += 1
    assert fingerprint(parts(x)) != before


def test_the_fingerprint_of_images_is_of_their_files(tmp_path: Path) -> None:
    from PIL import Image

    paths = [tmp_path / f"{place}.png" for place in range(3)]
    for place, path in enumerate(paths):
        Image.new("L", (4, 4), place).save(path)
    images = lazy_files(paths, (4, 4, 1))
    before = fingerprint(parts(rows_of(images, np.arange(3))))
    assert not images._known.any()  # no pixel was read
    Image.new("L", (4, 4), 9).save(paths[2])
    assert fingerprint(parts(rows_of(images, np.arange(3)))) != before


# --- memory ---------------------------------------------------------------------------------------


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_free_memory_is_what_the_machine_has(tmp_path: Path) -> None:
    root = tree(tmp_path, proc__meminfo="MemTotal: 64 kB\nMemAvailable:    16 kB\n")
    assert free_memory(root) == 16 * 1024


USED = {"current": "3000", "stat": "anon 1\ninactive_file 500"}

GROUPS = {
    "a limit of the group around": (
        "0::/a/b",
        {"a": {"max": "5000", **USED}, "a/b": {"max": "max", "current": "3000"}},
        2_500,
    ),
    "the smallest of nested limits": (
        "0::/a/b",
        {"a": {"max": "9000", **USED}, "a/b": {"max": "3600", **USED}},
        1_100,
    ),
    "a limit above which it is slowed down": (
        "0::/a",
        {"a": {"max": "max", "high": "4000", **USED}},
        1_500,
    ),
    "both": ("0::/a", {"a": {"max": "4000", "high": "5000", **USED}}, 1_500),
    "of a container, which sees its group as the top": (
        "0::/",
        {".": {"max": "3001", **USED}},
        501,
    ),
    "whose pages are not stated": ("0::/a", {"a": {"max": "5000", "current": "3000"}}, 2_000),
    "that is used up": ("0::/a", {"a": {"max": "2000", **USED}}, 0),
    "without limits": ("0::/a/b", {"a": {"max": "max", **USED}}, 1_024_000),
    "that is not there": ("0::/../c", {"a": {"max": "100", **USED}}, 1_024_000),
    "of the first version": (
        "4:cpu:/x\n3:cpuacct,memory:/a",
        {"memory/a": {"limit_in_bytes": "4096", "usage_in_bytes": "96", "stat": "cache 10"}},
        4_000,
    ),
    "of the first version, with groups within": (
        "3:memory:/a\n0::/a",
        {
            "memory/a": {
                "limit_in_bytes": "4096",
                "usage_in_bytes": "3000",
                "stat": "inactive_file 1\ntotal_inactive_file 200",
            }
        },
        1_296,
    ),
    "of the first version, of a container": (
        "3:memory:/docker/12ab",
        {"memory": {"limit_in_bytes": "4096", "usage_in_bytes": "1000"}},
        3_096,
    ),
}


@pytest.mark.parametrize(("own", "groups", "free"), GROUPS.values(), ids=GROUPS)
def test_free_memory_is_what_groups_leave(
    tmp_path: Path, own: str, groups: dict[str, dict[str, str]], free: int
) -> None:
    root = tree(tmp_path, proc__meminfo="MemAvailable: 1000 kB\n", proc__self__cgroup=f"{own}\n")
    for group, files in groups.items():
        folder = root / "sys" / "fs" / "cgroup" / group
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / f"memory.{name}").write_text(f"{text}\n")
    assert free_memory(root) == free
