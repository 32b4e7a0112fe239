import logging
from collections.abc import Callable

import pytest
import torch
from tiny_shards import SIDE, Files, clip, still

from models.training.data import frame_store
from models.training.data.footage import read_footage
from models.training.data.frame_store import FrameStore, OnDemandFrames, ResidentFrames
from models.training.data.frame_table import FrameTable
from models.training.data.picture import Pixels, decode_picture

LEVELS = [10, 20, 30, 40, 50, 60, 70, 80]
FRAME_BYTES = 3 * SIDE * SIDE
MakeStore = Callable[[FrameTable, int], FrameStore]


def table_of(*entries: Files) -> FrameTable:
    footage = [read_footage(f"e{i}", files) for i, files in enumerate(entries)]
    return FrameTable([entry for entry in footage if entry is not None])


TABLE = table_of(clip(LEVELS[:3]), clip(LEVELS[3:5], sequence=True), still((60, 70, 80)))


def on_demand(table: FrameTable, size: int) -> FrameStore:
    return OnDemandFrames(table, size, workers=2)


def resident(table: FrameTable, size: int) -> FrameStore:
    return ResidentFrames(table, size, torch.device("cpu"), workers=2)


both = pytest.mark.parametrize("make", [on_demand, resident])


def test_a_frames_number_finds_its_entry() -> None:
    places = [TABLE.locate(frame) for frame in range(len(TABLE))]
    assert places == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]
    assert TABLE.frames_of(1) == range(3, 5)
    assert TABLE.angles[4].tolist() == [2, 11, -2]


@both
def test_frames_come_in_the_order_asked_for(make: MakeStore) -> None:
    store = make(TABLE, SIDE)
    order = torch.tensor([7, 0, 4, 4, 2, 3])
    frames = store.frames(order)
    assert frames.shape == (6, 3, SIDE, SIDE)
    assert frames.dtype == torch.uint8
    for frame, index in zip(frames, order.tolist(), strict=True):
        assert abs(frame.float() - LEVELS[index]).max() <= 1, index
    assert not store.unreadable
    store.close()


@both
def test_pictures_shrink_by_area(make: MakeStore) -> None:
    store = make(TABLE, SIDE // 2)
    frames = store.frames(torch.tensor([1]))
    assert frames.shape[-1] == SIDE // 2
    assert (frames == 20).all()
    store.close()


@both
def test_unreadable_frames_are_black_known_and_one_warning_each(
    make: MakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    broken = clip([10, 20, 30])
    broken["001.webp"] = broken["001.webp"][:-8]
    sequence = clip([100, 40, 200, 90], sequence=True)
    sequence["frames.avif"] = sequence["frames.avif"][:-20] + bytes(20)  # the last of the frames
    with caplog.at_level(logging.WARNING):
        store = make(table_of(broken, sequence), SIDE)
        frames = store.frames(torch.arange(7))
        store.frames(torch.arange(7))
    assert store.unreadable == {1, 6}
    assert (frames[[1, 6]] == 0).all()
    levels = frames[[0, 2, 3, 4, 5]].float().mean((1, 2, 3))
    assert levels.tolist() == pytest.approx([10, 30, 100, 40, 200], abs=1)
    assert len(caplog.records) == 2
    store.close()


def test_the_cache_saves_decoding_and_stays_in_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    def counting(encoded: bytes, size: int) -> Pixels:
        decoded.append(encoded)
        return decode_picture(encoded, size)

    monkeypatch.setattr(frame_store, "decode_picture", counting)
    store = OnDemandFrames(TABLE, SIDE, cache_bytes=2 * FRAME_BYTES)
    store.frames(torch.tensor([0, 1]))
    store.frames(torch.tensor([0, 1]))
    assert len(decoded) == 2
    store.frames(torch.tensor([0]))
    store.frames(torch.tensor([2]))  # 1 was used longest ago and goes
    store.frames(torch.tensor([0]))
    assert len(decoded) == 3
    store.frames(torch.tensor([1]))
    assert len(decoded) == 4
    store.close()


def test_more_frames_than_the_cache_holds_come_out_all_the_same() -> None:
    store = OnDemandFrames(TABLE, SIDE, cache_bytes=0)
    frames = store.frames(torch.arange(8))
    assert [round(frame.float().mean().item() / 10) for frame in frames] == list(range(1, 9))
    store.close()


def test_decoding_all_reports_progress_to_the_end() -> None:
    seen: list[tuple[int, int]] = []
    ResidentFrames(
        TABLE, SIDE, torch.device("cpu"), progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(3, 8), (5, 8), (8, 8)]
