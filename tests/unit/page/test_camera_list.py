"""Which cameras there are, as Linux lists them."""

from pathlib import Path

from confapp.page.camera_list import list_cameras


def add(folder: Path, node: str, index: str, name: str) -> None:
    (folder / node).mkdir()
    (folder / node / "index").write_text(f"{index}\n")
    (folder / node / "name").write_text(f"{name}\n")


def test_cameras_by_name_without_their_other_nodes(tmp_path: Path) -> None:
    add(tmp_path, "video0", "0", "Built-in")
    add(tmp_path, "video1", "1", "Built-in, metadata")
    add(tmp_path, "video2", "0", "USB")
    (tmp_path / "video3").mkdir()  # gone while we look
    found = list_cameras("0", tmp_path)
    assert [(camera.id, camera.label) for camera in found] == [("0", "Built-in"), ("2", "USB")]


def test_the_one_in_use_is_always_there(tmp_path: Path) -> None:
    assert [camera.id for camera in list_cameras("7", tmp_path / "none")] == ["7"]
