import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from confapp.codec import FrequencyTables, TableError
from confapp.motion_frame import MotionFrame

STILL = MotionFrame.of([1, 0, 0], [0, 0, 0], [[0, 0, 0], [0, 0, 0]], timestamp_ms=0)


def test_uniform_tables_cost_eight_bits_a_byte() -> None:
    tables = FrequencyTables.uniform(20)
    assert (tables.epoch, tables.keypoints) == (0, 20)
    assert (tables.frequencies == 256).all()
    assert tables.ideal_bytes(STILL) == 24


def test_fit_by_hand() -> None:
    tables = FrequencyTables.fit([STILL] * 768, epoch=5)
    assert (tables.epoch, tables.keypoints) == (5, 2)
    # position 0, first number 1 = 3c00: 768 counts and 256 frames of prior, of which 7/8 agree
    # share of 3c: (768 + 224 + 32 / 256) / 1024, of another value: 32 / 256 / 1024
    row = tables.frequencies[0].tolist()
    assert row[0] == 1 + int(65280 * 0.125 / 1024) == 8
    assert row[0x3C] == 65536 - 255 * 8
    assert tables.ideal_bytes(STILL) == pytest.approx(24 * -np.log2(row[0x3C] / 65536) / 8)


def test_a_keypoint_learns_from_its_kind() -> None:
    """An expression seen at one keypoint only is not a surprise at the other."""
    frames = [MotionFrame.of([0] * 3, [0] * 3, [[0.5, 0.0, 0.0], [0.0, 0.0, 0.0]], 0)] * 100
    tables = FrequencyTables.fit(frames, epoch=1)
    high_byte_of_x, high_byte_of_y = tables.frequencies[18], tables.frequencies[20]
    assert high_byte_of_x[0x38] > 100 * high_byte_of_y[0x38]  # 0.5 = 3800


def test_every_byte_can_be_coded(learned_tables: FrequencyTables) -> None:
    frequencies = learned_tables.frequencies
    assert frequencies.shape == (132, 256)
    assert frequencies.min() >= 1
    assert (frequencies.sum(axis=1, dtype=int) == 65536).all()
    assert not frequencies.flags.writeable


def test_a_prefix_of_the_keypoints_costs_its_own_bytes(learned_tables: FrequencyTables) -> None:
    frame = MotionFrame.of([1, 2, 3], [0, 0, 0], np.full((20, 3), 0.01), 0)
    few = MotionFrame.of([1, 2, 3], [0, 0, 0], np.full((5, 3), 0.01), 0)
    assert 0 < learned_tables.ideal_bytes(few) < learned_tables.ideal_bytes(frame)
    with pytest.raises(ValueError, match="20 keypoints"):
        learned_tables.ideal_bytes(MotionFrame.of([0] * 3, [0] * 3, np.zeros((21, 3)), 0))


@pytest.mark.parametrize("epoch", [0, -1, 32])
def test_learned_tables_have_their_own_epoch(epoch: int) -> None:
    with pytest.raises(ValueError, match="1 to 31"):
        FrequencyTables.fit([STILL], epoch=epoch)


def test_fit_wants_frames_of_one_size() -> None:
    other = MotionFrame.of([0] * 3, [0] * 3, np.zeros((1, 3)), 0)
    for frames in ([], [STILL, other]):
        with pytest.raises(ValueError, match="at least one frame"):
            FrequencyTables.fit(frames, epoch=1)


def test_bad_tables_are_refused() -> None:
    good = FrequencyTables.uniform(1).frequencies
    zero = good.copy()
    zero[3, 0], zero[3, 1] = 0, 512
    short = good.copy()
    short[0, 0] = 255
    bad_tables: list[Any] = [zero, short, good[:-1], good[:, :-1], good.astype(np.int64), good[0]]
    for bad in bad_tables:
        with pytest.raises(ValueError, match="frequencies"):
            FrequencyTables(1, bad)
    with pytest.raises(ValueError, match="epoch"):
        FrequencyTables(32, good)


def test_save_and_load(learned_tables: FrequencyTables, tmp_path: Path) -> None:
    path = tmp_path / "tables.json"
    learned_tables.save(path)
    loaded = FrequencyTables.load(path)
    assert loaded.epoch == learned_tables.epoch
    assert (loaded.frequencies == learned_tables.frequencies).all()
    assert loaded.fingerprint == learned_tables.fingerprint
    assert path.stat().st_size <= 60_000


def test_fingerprint_names_epoch_and_contents(learned_tables: FrequencyTables) -> None:
    fingerprint = learned_tables.fingerprint
    assert len(fingerprint) == 16
    assert int(fingerprint, 16) >= 0
    assert FrequencyTables(2, learned_tables.frequencies).fingerprint != fingerprint
    changed = learned_tables.frequencies.copy()
    likeliest = changed[7].argmax()
    changed[7, likeliest] -= 1
    changed[7, (likeliest + 1) % 256] += 1
    assert FrequencyTables(1, changed).fingerprint != fingerprint


def file_of(tables: FrequencyTables, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "tables.json"
    tables.save(path)
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def test_another_epoch_in_the_file_is_damage(tmp_path: Path) -> None:
    document = file_of(FrequencyTables.uniform(1), tmp_path)
    for epoch in (1, 0.0, False, "0", None, 32):
        with pytest.raises(TableError) as raised:
            FrequencyTables.from_bytes(json.dumps(document | {"epoch": epoch}).encode())
        assert raised.value.error_id == "tables-damaged"


def test_valid_but_other_frequencies_are_damage(
    learned_tables: FrequencyTables, tmp_path: Path
) -> None:
    document = file_of(learned_tables, tmp_path)
    swapped = learned_tables.frequencies[::-1].astype(">u2").tobytes()
    document["frequencies"] = base64.b64encode(zlib.compress(swapped)).decode()
    with pytest.raises(TableError) as raised:
        FrequencyTables.from_bytes(json.dumps(document).encode())
    assert raised.value.error_id == "tables-damaged"


@pytest.mark.parametrize(
    "frequencies",
    [
        "",
        "no base 64!",
        "AAAA",
        None,
        17,
        "é",
        base64.b64encode(zlib.compress(b"")).decode(),
        base64.b64encode(zlib.compress(bytes(10**6))).decode(),
    ],
)
@pytest.mark.parametrize("keypoints", [1, 2, 31])
def test_any_other_contents_are_damage(frequencies: object, keypoints: int, tmp_path: Path) -> None:
    document = file_of(FrequencyTables.uniform(1), tmp_path)
    changed = document | {"frequencies": frequencies, "keypoints": keypoints}
    with pytest.raises(TableError) as raised:
        FrequencyTables.from_bytes(json.dumps(changed).encode())
    assert raised.value.error_id == "tables-damaged"


@pytest.mark.parametrize("keypoints", [-1, 32, 10**9, "1", None, 1.5])
def test_impossible_keypoints_are_damage(keypoints: object, tmp_path: Path) -> None:
    document = file_of(FrequencyTables.uniform(1), tmp_path)
    with pytest.raises(TableError) as raised:
        FrequencyTables.from_bytes(json.dumps(document | {"keypoints": keypoints}).encode())
    assert raised.value.error_id == "tables-damaged"


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b" " * (2 << 20)],
)
def test_what_is_no_table_file_is_told_so(data: bytes) -> None:
    with pytest.raises(TableError) as raised:
        FrequencyTables.from_bytes(data)
    assert raised.value.error_id == "tables-unreadable"


def test_a_later_file_version_is_told_so(tmp_path: Path) -> None:
    document = file_of(FrequencyTables.uniform(1), tmp_path)
    with pytest.raises(TableError, match="same version of confapp"):
        FrequencyTables.from_bytes(json.dumps(document | {"version": 2}).encode())


def test_a_missing_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="check the path"):
        FrequencyTables.load(tmp_path / "none.json")


@pytest.mark.parametrize("name", ["nowhere/t.json", "folder"])
def test_a_place_that_cannot_be_written_is_told_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(TableError, match="choose another file") as raised:
        FrequencyTables.uniform(1).save(tmp_path / name)
    assert raised.value.error_id == "table-unwritable"


def test_a_full_disk_leaves_the_older_tables(
    learned_tables: FrequencyTables, tmp_path: Path
) -> None:
    path = tmp_path / "tables.json"
    learned_tables.save(path)
    (tmp_path / "tables.json.part").symlink_to("/dev/full")
    with pytest.raises(TableError, match="No space left"):
        FrequencyTables.uniform(1).save(path)
    assert FrequencyTables.load(path).fingerprint == learned_tables.fingerprint
    assert list(tmp_path.iterdir()) == [path]
