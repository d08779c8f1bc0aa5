"""Files written next to their place and renamed: through no link, onto nothing but files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from netdsl.errors import RunError
from netdsl.files import (
    make_folder,
    private_descriptor,
    private_folder,
    remove_abandoned,
    save,
    write,
)
from netdsl.paths import (
    is_null_device,
    leads_out,
    read_regular,
    require_regular,
    standard_input,
)


def test_a_text_is_written_and_nothing_is_left_next_to_it(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "one\n")
    write(tmp_path / "a.txt", "two\n")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "two\n"}


def test_permissions_stay_those_of_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    path.chmod(0o640)
    write(path, "two")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("kept")
    link.symlink_to(victim)
    write(link, "new")
    assert victim.read_text() == "kept"
    assert not link.is_symlink()
    assert link.read_text() == "new"


def test_names_that_could_be_guessed_are_never_used(tmp_path: Path) -> None:
    victim, planted = tmp_path / "victim", tmp_path / ".part-a.txt"
    victim.write_text("kept")
    planted.symlink_to(victim)
    write(tmp_path / "a.txt", "new")
    assert victim.read_text() == "kept"
    assert planted.is_symlink()
    seen: list[str] = []
    for _ in range(2):
        save(tmp_path / "b", lambda part: (seen.append(part.parent.name), part.write_text("b")))
    assert len(set(seen)) == 2


def test_parts_are_next_to_their_place_but_for_what_is_dropped(tmp_path: Path) -> None:
    """Only there they can be renamed; and next to the null device there are no files."""
    folders: list[Path] = []
    for path in (tmp_path / "a", Path(os.devnull)):
        save(path, lambda part: (folders.append(part.parent.parent), part.write_text("a")))
    assert folders == [tmp_path, Path(tempfile.gettempdir())]


def test_the_folder_of_a_part_is_nobody_elses(tmp_path: Path) -> None:
    modes: list[int] = []

    def writer(part: Path) -> None:
        modes.append(part.parent.stat().st_mode & 0o777)
        part.write_text("a")

    save(tmp_path / "a", writer)
    assert modes == [0o700]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["named pipe", "folder"])
def test_what_is_not_a_file_is_not_replaced(tmp_path: Path, make: object) -> None:
    path = tmp_path / "a"
    make(path)  # type: ignore[operator]
    mode = path.lstat().st_mode
    with pytest.raises(RunError) as caught:
        write(path, "new")
    assert caught.value.diagnostics[0].code == "N610"
    assert path.lstat().st_mode == mode
    assert len(list(tmp_path.iterdir())) == 1


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def writer(part: Path) -> None:
        part.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunError) as caught:
        save(path, writer)
    assert "No space left" in caught.value.diagnostics[0].message
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_null_device_takes_everything_and_stays() -> None:
    write(Path(os.devnull), "dropped")
    assert not Path(os.devnull).is_file()
    assert Path(os.devnull).exists()


def test_only_abandoned_parts_are_removed(tmp_path: Path) -> None:
    abandoned = tmp_path / f".part-{'0f' * 8}"
    abandoned.mkdir()
    (abandoned / "checkpoint.npz").write_bytes(b"half")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (tmp_path / f".part-{'0' * 16}").symlink_to(outside)
    (tmp_path / ".part-x").write_text("the user's own")
    remove_abandoned(tmp_path)
    assert not abandoned.exists()
    assert (outside / "kept").exists()
    assert (tmp_path / ".part-x").read_text() == "the user's own"
    with private_folder(tmp_path) as folder:
        remove_abandoned(tmp_path)
        assert not folder.exists()


def test_a_file_of_the_tools_own_is_not_opened_through_a_link_nor_cut(tmp_path: Path) -> None:
    own, link = tmp_path / "lock", tmp_path / "link"
    own.write_text("what is in it")
    link.symlink_to(own)
    with private_descriptor(own, os.O_RDWR) as descriptor:
        assert own.read_text() == "what is in it"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    others = os.umask(0)
    try:
        with private_descriptor(tmp_path / "new", os.O_RDWR):
            assert (tmp_path / "new").stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(others)
    with pytest.raises(OSError, match="symbolic links"), private_descriptor(link, os.O_RDWR):
        pass
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(OSError, match="named pipe"),
        private_descriptor(tmp_path / "pipe", os.O_RDWR),
    ):
        pass


def test_reading_refuses_what_it_could_wait_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="named pipe"):
        require_regular(tmp_path / "pipe")
    require_regular(os.devnull)
    require_regular(tmp_path)  # opening it says that it is a folder
    with pytest.raises(OSError, match="no file can have this name"):
        read_regular("a\0b")
    reading, writing = os.pipe()
    try:
        require_regular(f"/dev/fd/{reading}")  # given open: `netdsl table <(git show ...)`
    finally:
        os.close(reading)
        os.close(writing)


def test_the_null_device_is_none_of_the_others(tmp_path: Path) -> None:
    paths = (os.devnull, "/dev/zero", tmp_path, tmp_path / "none", "a\0b")
    assert [is_null_device(path) for path in paths] == [True, False, False, False, False]


def test_links_within_a_folder_and_out_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    for path in (tmp_path / "s-more", folder / "in"):
        path.write_text("")
    (folder / "a").symlink_to("in")
    (folder / "b").symlink_to("../s-more")
    found = [leads_out(str(folder / name), str(folder)) for name in ("in", "a", "b")]
    assert found == [False, False, True]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    make_folder(tmp_path / "kept")
    make_folder(tmp_path / "kept")
    (tmp_path / "samples").write_text("mine", "utf-8")
    with pytest.raises(RunError, match="samples cannot be made a folder") as caught:
        make_folder(tmp_path / "samples")
    assert caught.value.code == "N610"
    assert (tmp_path / "samples").read_text("utf-8") == "mine"
    with pytest.raises(RunError, match="a cannot be written: No such file or directory"):
        make_folder(tmp_path / "none" / "a")


@pytest.mark.parametrize("kind", [OSError, RuntimeError, ValueError])
def test_why_a_file_cannot_be_written(kind: type[Exception], tmp_path: Path) -> None:
    def writer(part: Path) -> None:
        raise kind("as h5py says it")

    with pytest.raises(RunError) as caught:
        save(tmp_path / "a", writer)
    assert str(caught.value) == (
        f"error[N610]: {tmp_path / 'a'} cannot be written: as h5py says it\n"
        "  help: choose a writable folder with enough space"
    )


def test_standard_input_that_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.net").write_text("4 > fc-3")
    with (tmp_path / "a.net").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert (standard_input(3), standard_input()) == (b"4 >", b" fc-3")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(OSError, match="it is closed"):
        standard_input()
