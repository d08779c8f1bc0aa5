"""Folders of images: parts, classes, sizes, what is refused. No framework is imported here."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.recipes import load_data

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import Data, read_inputs, reload
from netdsl.training.data.fingerprint import fingerprint
from netdsl.training.data.sources.checked_images import check_sums, checked_images
from netdsl.training.data.sources.images import LazyImages, in_threads, read_image
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split

COLOUR = "input 6x5x3 > flatten > softmax-3"
GREY = "input 6x5x1 > flatten > softmax-3"


def put(
    folder: Path,
    name: str,
    count: int,
    size: tuple[int, int] = (5, 6),
    kind: str = "png",
    shade: int = 0,
) -> None:
    """This many images of one class, each of another shade."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    for place in range(count):
        pixels = np.full((size[1], size[0], 3), shade + place, np.uint8)
        Image.fromarray(pixels).save(folder / name / f"{place:03}.{kind}")


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    for shade, name in enumerate(("cat", "dog", "owl")):
        put(tmp_path / "animals", name, 10, shade=shade * 80)
    return tmp_path / "animals"


def loaded(network: str, source: Path, **more: Any) -> Data:
    return load_data(Recipe(data=DataSpec(source=str(source), **more)), netdsl.parse(network))


def test_a_folder_for_each_class(animals: Path) -> None:
    found = loaded(COLOUR, animals)
    (output,) = found.preparation.outputs
    assert (output.names, output.classes, output.loss) == (
        ("cat", "dog", "owl"),
        3,
        "cross-entropy",
    )
    assert (len(found.train), len(found.validation), len(found.test)) == (22, 2, 6)
    x, labels = found.train.x[0], found.train.y[0]
    assert (x.shape, x.dtype) == ((22, 6, 5, 3), np.uint8)
    assert np.array_equal(x[:][:, 0, 0, 0] // 80, labels[:])
    (made,) = found.preparation.x((x[np.arange(4)],))
    assert made == pytest.approx(x[np.arange(4)] / 255)
    assert found.preparation.inputs[0].unit
    again = reload(Recipe(data=found.spec), found.preparation)
    assert np.array_equal(again.test.x[0][:], found.test.x[0][:])


def test_images_are_brought_to_the_networks_size(tmp_path: Path) -> None:
    for name, size, kind in (
        ("cat", (50, 60), "jpg"),
        ("dog", (7, 9), "bmp"),
        ("owl", (5, 6), "gif"),
    ):
        put(tmp_path, name, 10, size, kind, shade=100)
    assert loaded(COLOUR, tmp_path).train.x[0][:].shape == (22, 6, 5, 3)
    grey = loaded(GREY, tmp_path).train.x[0][np.array([0])]
    assert (grey.shape, grey.max()) == ((1, 6, 5, 1), pytest.approx(105, abs=6))


def test_a_large_photo_is_predicted_as_it_was_trained_on(tmp_path: Path) -> None:
    waves = np.add.outer(np.sin(np.arange(480) / 40), np.cos(np.arange(640) / 30)) * 60 + 120
    for name in ("cat", "dog", "owl"):
        (tmp_path / name).mkdir()
        for place in range(5):
            Image.fromarray(waves.astype(np.uint8)).save(
                tmp_path / name / f"{place}.jpg", quality=95
            )
    preparation = loaded("input 24x32x3 > flatten > softmax-3", tmp_path).preparation
    trained = loaded("input 24x32x3 > flatten > softmax-3", tmp_path).train.x[0][np.array([0])]
    (predicted,) = preparation.x(read_inputs(tmp_path / "cat" / "0.jpg", preparation)[1])
    assert predicted == pytest.approx(preparation.x((trained,))[0], abs=1.5 / 255)
    whole = Image.fromarray(waves.astype(np.uint8)).resize((32, 24), Image.Resampling.BILINEAR)
    assert trained[0, ..., 0] == pytest.approx(np.asarray(whole, float), abs=4)


def test_parts_of_their_own(tmp_path: Path) -> None:
    for part, count in (("Train", 8), ("val", 3), ("test", 2)):
        for name in ("cat", "dog", "owl"):
            put(tmp_path / part, name, count)
    found = loaded(COLOUR, tmp_path)
    assert (len(found.train), len(found.validation), len(found.test)) == (24, 9, 6)
    assert found.spec.split == Split()
    for split, reported in (
        (Split(test=0.5), "test part of its own"),
        (Split(validation=0.5), "validation part of its own"),
    ):
        with pytest.raises(NetError, match=reported):
            loaded(COLOUR, tmp_path, split=split)
    (tmp_path / "test").rename(tmp_path / "more")
    found = loaded(COLOUR, tmp_path)
    assert (len(found.train), len(found.validation), len(found.test)) == (19, 9, 5)


def test_other_files_are_left_out_and_reported(animals: Path) -> None:
    (animals / "cat" / "notes.txt").write_text("cats")
    (animals / "readme.md").write_text("animals")
    (animals / "cat" / ".DS_Store").write_bytes(b"\0")
    (animals / ".git").mkdir()
    (animals / "dog" / "more").mkdir()
    Image.new("RGB", (5, 6)).save(animals / "dog" / "more" / "a.PNG")
    Image.new("RGB", (5, 6)).save(animals / "top.png")
    found = loaded(COLOUR, animals)
    assert found.notes == (
        f"ignored in {animals}, no images: readme.md, notes.txt",
        f"ignored in {animals}, not in the folder of a class: top.png",
    )
    assert sum(len(part) for part in (found.train, found.validation, found.test)) == 31


def test_an_autoencoder_needs_no_folders_of_classes(tmp_path: Path) -> None:
    put(tmp_path, "all", 20)
    for source in (tmp_path, tmp_path / "all"):
        found = loaded("input 6x5x3 > conv3-4 > conv3-3(sigmoid)", source, target="input")
        assert (found.preparation.outputs[0].loss, len(found.train)) == ("binary", 14)


def test_images_are_read_once_where_they_fit_into_memory(animals: Path) -> None:
    asked: list[int] = []

    def load(place: int) -> Any:
        asked.append(place)
        return np.full((2, 2, 1), place, np.uint8)

    pictures = LazyImages(9, load, (2, 2, 1))
    assert pictures[np.array([3, 1, 3])][:, 0, 0, 0].tolist() == [3, 1, 3]
    assert pictures[3].shape == (2, 2, 1)
    assert pictures[1:4].shape == (3, 2, 2, 1)
    assert sorted(asked) == [1, 2, 3]
    assert pictures[np.array([], int)].shape == (0, 2, 2, 1)


@pytest.mark.parametrize("count", [0, 1, 7, 300])
def test_threads_give_what_they_find_in_order(count: int) -> None:
    assert list(in_threads(str, list(range(count)))) == list(map(str, range(count)))


@pytest.mark.parametrize(("asked", "size"), [((5, 3), 16), ((8, 8), 16), ((9, 1), 32), ((), 64)])
def test_a_large_jpeg_is_read_at_least_at_twice_its_size(
    tmp_path: Path, asked: tuple[int, ...], size: int
) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "a.jpg")
    assert read_image(tmp_path / "a.jpg", False, asked).size == (size, size)


def test_many_are_read_in_their_order_each_once() -> None:
    asked: list[int] = []

    def load(place: int) -> Any:
        asked.append(place)
        return np.full((1, 1, 1), place % 251, np.uint8)

    pictures = LazyImages(1_001, load, (1, 1, 1))
    order = np.random.default_rng(0).permutation(1_001)
    assert (pictures[order].reshape(-1) == order % 251).all()
    assert sorted(asked) == list(range(1_001))


def test_images_are_read_each_time_where_they_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.training.data.sources.images.KEPT", 10)
    pictures = LazyImages(9, lambda place: np.full((2, 2, 1), place, np.uint8), (2, 2, 1))
    assert pictures[np.array([3, 1])][:, 0, 0, 0].tolist() == [3, 1]


def test_a_class_may_be_called_test(tmp_path: Path) -> None:
    for name in ("cat", "dog", "test"):
        put(tmp_path, name, 5)
    assert loaded(COLOUR, tmp_path).preparation.outputs[0].names == ("cat", "dog", "test")


def test_turned_and_clear_images(tmp_path: Path) -> None:
    for name in ("cat", "dog", "owl"):
        put(tmp_path, name, 5)
    turned = Image.fromarray(
        np.concatenate([np.full((5, 3), 0, np.uint8), np.full((5, 3), 255, np.uint8)], axis=1)
    )
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    turned.save(tmp_path / "cat" / "000.png", exif=exif)
    Image.new("RGBA", (5, 6), (255, 255, 255, 0)).save(tmp_path / "cat" / "001.png")
    found = loaded(GREY, tmp_path)
    images = np.concatenate([part.x[0][:] for part in (found.train, found.validation, found.test)])
    assert any(image[0].max() == 0 and image[-1].min() == 255 for image in images)
    assert all(image.max() < 10 or image.min() == 0 for image in images)


# --- what is refused ------------------------------------------------------------------------------


def cut(folder: Path) -> None:
    path = folder / "dog" / "003.png"
    path.write_bytes(path.read_bytes()[:50])


def cut_jpeg(folder: Path) -> None:
    path = folder / "dog" / "003.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(
        path
    )
    path.write_bytes(path.read_bytes()[:2000])


def text(folder: Path) -> None:
    (folder / "dog" / "003.png").write_text("a dog")


def nothing(folder: Path) -> None:
    (folder / "dog" / "003.png").write_bytes(b"")


def hollow(folder: Path) -> None:
    (folder / "eel").mkdir()


def one_class(folder: Path) -> None:
    for name in ("dog", "owl"):
        (folder / name).rename(folder.parent / name)


def no_classes(folder: Path) -> None:
    for name in ("cat", "dog", "owl"):
        (folder / name).rename(folder.parent / name)
    Image.new("L", (5, 6)).save(folder / "a.png")


def other_class(folder: Path) -> None:
    kept = folder.parent / "kept"
    folder.rename(kept)
    folder.mkdir()
    kept.rename(folder / "train")
    put(folder / "test", "dogs", 3)


def unlike_class(folder: Path) -> None:
    other_class(folder)
    (folder / "test" / "dogs").rename(folder / "test" / "zebra")


def empty_part(folder: Path) -> None:
    other_class(folder)
    (folder / "test").rename(folder / "val")
    (folder / "val" / "dogs").rename(folder / "dogs")


def no_train(folder: Path) -> None:
    no_classes(folder)
    (folder / "test").mkdir()


def fourth(folder: Path) -> None:
    put(folder, "eel", 3)


@pytest.mark.parametrize(
    ("damage", "code", "reported"),
    [
        (cut, "N524", "dog/003.png is a damaged image"),
        (cut_jpeg, "N524", "dog/003.jpg is a damaged image"),
        (text, "N524", "dog/003.png is not a readable image"),
        (nothing, "N524", "dog/003.png is not a readable image"),
        (hollow, "N528", r"eel has no images(.|\n)*images end in \.png, "),
        (one_class, "N521", "only one class: cat"),
        (no_classes, "N528", "has no folders(.|\n)*`target: input` needs no classes"),
        (unlike_class, "N528", "zebra is not one of (.|\n)*the classes are cat, dog, owl"),
        (empty_part, "N528", r"val has no images(.|\n)*images end in \.png, "),
        (other_class, "N528", "dogs is not one of the training classes(.|\n)*did you mean `dog`"),
        (no_train, "N528", "has no folder `train`"),
        (fourth, "N526", "4 classes .*has 3 classes"),
    ],
)
def test_folders_that_are_refused(
    animals: Path, damage: Callable[[Path], None], code: str, reported: str
) -> None:
    damage(animals)
    with pytest.raises(NetError, match=reported) as caught:
        loaded(COLOUR, animals)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("network", "target", "code", "reported"),
    [
        ("input 90 > softmax-3", None, "N518", "the network's input of 90 is not an image"),
        ("input 6x5x2 > flatten > softmax-3", None, "N518", "input of 6x5x2"),
        (
            "input a: 6x5x3\ninput b: 6x5x3\nadd[ @a | @b ] > flatten > softmax-3",
            None,
            "N518",
            "the network has 2",
        ),
        (COLOUR, "cat", "N507", "the folders in .* are the classes"),
        ("input 6x5x3 > flatten > linear-1", None, "N526", "the network gives values of 1"),
    ],
)
def test_networks_that_do_not_fit_images(
    animals: Path, network: str, target: str | None, code: str, reported: str
) -> None:
    with pytest.raises(NetError, match=reported) as caught:
        loaded(network, animals, target=target)
    assert caught.value.diagnostics[0].code == code


def test_each_image_is_read_once(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the check, which keeps the pixels and what the run knows the files again by."""
    opened: list[str] = []

    def read(path: Path) -> bytes:
        opened.append(str(path))
        return Path(path).read_bytes()

    monkeypatch.setattr("netdsl.training.data.sources.checked_images.read_regular", read)
    found = loaded(COLOUR, animals)
    for path in animals.rglob("*.png"):
        path.unlink()
    assert sorted(opened) == sorted(set(opened))
    assert len(opened) == len(found.train) + len(found.validation) + len(found.test) == 30
    assert len(fingerprint(found)) == 64
    pixels = np.concatenate([part.x[0][:] for part in (found.train, found.validation, found.test)])
    assert pixels.shape == (30, 6, 5, 3)
    assert (pixels == pixels[:, :1, :1, :1]).all()  # each of one shade
    assert len(np.unique(pixels)) == 30


def test_more_images_than_are_kept_are_read_again(
    animals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = loaded(COLOUR, animals)
    for module in ("images", "checked_images"):
        monkeypatch.setattr(f"netdsl.training.data.sources.{module}.KEPT", 10)
    found = loaded(COLOUR, animals)
    assert fingerprint(found) == fingerprint(kept)
    assert (found.train.x[0][:] == kept.train.x[0][:]).all()


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        (lambda content: content[:-20], "the file is truncated"),
        (lambda content: content[:40] + b"?" + content[41:], "the check sum of .* is wrong"),
    ],
)
def test_check_sums_of_a_png(change: Callable[[bytes], bytes], reported: str) -> None:
    file = io.BytesIO()
    Image.new("L", (20, 20), 7).save(file, "PNG")
    check_sums(file.getvalue())
    with pytest.raises(ValueError, match=reported):
        check_sums(change(file.getvalue()))


def test_many_images_are_looked_at_with_a_word(
    animals: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("netdsl.training.data.sources.checked_images.REPORTED", 10)
    assert not checked_images(sorted(animals.rglob("*.png"))).damaged
    assert capsys.readouterr().err.splitlines() == [
        f"checked {count} of 30 images" for count in (10, 20, 30)
    ]


def test_images_to_predict(animals: Path) -> None:
    preparation = loaded(COLOUR, animals).preparation
    Image.new("L", (50, 60), 80).save(animals / "large.png")
    names, x, *_ = read_inputs([animals / "large.png", animals / "cat" / "001.png"], preparation)
    assert names == [str(animals / "large.png"), str(animals / "cat" / "001.png")]
    made = preparation.x(x)[0]
    assert made[:, 0, 0, 0] == pytest.approx([80 / 255, 1 / 255])


# --- damaged ones ---------------------------------------------------------------------------------


def damage(folder: Path, count: int) -> list[Path]:
    """Cut the first images of each class off."""
    found = sorted(folder.rglob("*.png"))
    chosen = [path for path in found if int(path.stem) < count]
    for path in chosen:
        path.write_bytes(path.read_bytes()[:-20])
    return chosen


def test_all_damaged_images_are_counted_and_five_are_named(animals: Path) -> None:
    cut = damage(animals, 4)
    assert len(cut) > 5
    with pytest.raises(NetError, match=r"data: \{damaged: skip\}") as caught:
        loaded(COLOUR, animals)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "N524"
    assert diagnostic.message.startswith(f"{len(cut)} of 30 images cannot be read: {cut[0]} is ")
    assert [str(path) in diagnostic.message for path in cut[:6]] == [True] * 5 + [False]
    assert diagnostic.message.endswith(f"; and {len(cut) - 5} more")


def test_damaged_images_are_skipped_where_a_recipe_says_so(animals: Path) -> None:
    cut = damage(animals, 1)
    spec = DataSpec(source=str(animals), damaged="skip")
    found = load_data(Recipe(data=spec), netdsl.parse(COLOUR))
    assert len(found.train) + len(found.validation) + len(found.test) == 30 - len(cut)
    (note,) = [note for note in found.notes if "skipped" in note]
    assert note.startswith(f"{len(cut)} of 30 images cannot be read and are skipped: {cut[0]}")
    again = reload(Recipe(data=found.spec), found.preparation)
    assert np.array_equal(again.test.y[0], found.test.y[0])
    for path in (animals / "cat").iterdir():
        path.write_bytes(b"")
    with pytest.raises(NetError, match="cat has no images that are not damaged"):
        load_data(Recipe(data=spec), netdsl.parse(COLOUR))
    with pytest.raises(NetError, match="`damaged` is for folders of images; digits is not one"):
        load_data(Recipe(data=replace(spec, source="digits")), netdsl.parse("64 > softmax-10"))


def test_prediction_continues_past_files_that_cannot_be_read(animals: Path) -> None:
    preparation = loaded(COLOUR, animals).preparation
    (animals / "cut.png").write_bytes(b"\x89PNG")
    paths = [animals / "cut.png", animals / "cat" / "001.png", animals / "none.png"]
    names, x, notes, failed, *_ = read_inputs(paths, preparation)
    assert (names, len(x[0]), dict(notes)) == ([str(paths[1])], 1, {})
    assert list(failed) == [str(paths[0]), str(paths[2])]
    assert [error.diagnostics[0].code for error in failed.values()] == ["N524", "N511"]
    with pytest.raises(NetError) as caught:
        read_inputs([paths[0], paths[2]], preparation)
    assert [one.code for one in caught.value.diagnostics] == ["N524", "N511"]
    with pytest.raises(NetError, match=r"cut\.png is not a readable image"):
        read_inputs(paths[0], preparation)
