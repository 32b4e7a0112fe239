from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import pytest
import torch
from tiny_shards import SIDE, clip, still, synthetic_person, write_tar

from confapp.errors import ConfappError
from models.training.data.pair_loader import PairLoader
from models.training.pair_batch import PairBatch


@pytest.fixture
def data(tmp_path: Path) -> Path:
    clips = {f"c{i}": clip([40 + 9 * i + j for j in range(5)], person=f"p{i}") for i in range(8)}
    sequences = {f"s{i}": clip([9 * i + 20, 9 * i + 25], f"q{i}", sequence=True) for i in range(4)}
    write_tar(tmp_path / "clips-train-00.tar", clips | sequences)
    write_tar(tmp_path / "stills-00.tar", {f"t{i}": still((i, i + 1, i + 2)) for i in range(4)})
    write_tar(tmp_path / "people-00.tar", {f"n{i}": synthetic_person([99, i]) for i in range(4)})
    write_tar(tmp_path / "clips-val-00.tar", {"v": clip([250, 251], person="held out")})
    return tmp_path


def same(one: PairBatch, other: PairBatch) -> bool:
    return all(
        torch.equal(a.nan_to_num(9e9), b.nan_to_num(9e9))
        for a, b in zip(astuple(one), astuple(other), strict=True)
    )


def test_a_batch_has_the_promised_shapes(data: Path) -> None:
    with PairLoader([data], 6, SIDE) as loader:
        batch = loader.batch(0)
    assert batch.source.shape == batch.driving.shape == (6, 3, SIDE, SIDE)
    assert batch.source.dtype == batch.driving.dtype == torch.float32
    assert batch.source_angles.shape == batch.driving_angles.shape == (6, 3)
    assert batch.source_landmarks.shape == batch.driving_landmarks.shape == (6, 68, 2)
    assert not same(batch, loader_batch(data, step=1))


def loader_batch(data: Path, step: int) -> PairBatch:
    with PairLoader([data], 6, SIDE) as loader:
        return loader.batch(step)


def test_smaller_batches_are_the_same_pictures_smaller(data: Path) -> None:
    with PairLoader([data], 4, SIDE) as large, PairLoader([data], 4, SIDE // 2) as small:
        one, other = large.batch(3), small.batch(3)
    assert other.source.shape == (4, 3, SIDE // 2, SIDE // 2)
    assert torch.equal(one.source_angles, other.source_angles)
    # Plain pictures have one colour however they are scaled.
    assert torch.allclose(one.driving.mean((2, 3)), other.driving.mean((2, 3)), atol=0.01)


def test_a_step_gives_the_same_batch_in_any_order_and_after_a_restart(data: Path) -> None:
    with PairLoader([data], 4, SIDE, seed=3) as loader:
        first = [loader.batch(step) for step in range(4)]
        assert same(loader.batch(1), first[1])
    with PairLoader([data], 4, SIDE, seed=3, workers=3, resident=True) as resumed:
        assert same(resumed.batch(2), first[2])
        assert same(resumed.batch(3), first[3])
        assert not same(first[2], first[3])
    with PairLoader([data], 4, SIDE, seed=4) as other_seed:
        assert not same(other_seed.batch(2), first[2])


def test_processes_share_the_batch_that_one_process_would_have(data: Path) -> None:
    with PairLoader([data], 6, SIDE) as alone:
        whole = alone.batch(5)
    parts = []
    for rank in range(2):
        with PairLoader([data], 3, SIDE, rank=rank, world=2) as loader:
            parts.append(loader.batch(5))
    joined = PairBatch(*(torch.cat(pair) for pair in zip(*map(astuple, parts), strict=True)))
    for one, other in zip(astuple(whole), astuple(joined), strict=True):
        assert torch.allclose(one, other, atol=1e-6, equal_nan=True)


def test_people_held_out_are_never_in_a_batch(data: Path) -> None:
    with PairLoader([data], 4, SIDE) as loader:
        assert "held out" not in {entry.person for entry in loader.table.footage}


@pytest.fixture
def partly_broken(tmp_path: Path) -> Iterator[Path]:
    """Half of the frames cannot be decoded, but their entry looks sound from its first frame."""
    files = clip([100, 110, 120, 130])
    for name in ("001.webp", "003.webp"):
        files[name] = files[name][:-8]
    yield write_tar(tmp_path / "clips.tar", {"a": files})


@pytest.mark.parametrize("resident", [False, True])
def test_pairs_with_unreadable_frames_are_drawn_anew(partly_broken: Path, resident: bool) -> None:
    with PairLoader([partly_broken], 8, SIDE, resident=resident) as loader:
        batches = [loader.batch(step) for step in range(3)]
    for batch in batches:
        assert batch.source.amin((1, 2, 3)).min() > 0.1
        assert batch.driving.amin((1, 2, 3)).min() > 0.1
        assert (batch.source_angles[:, 1] != batch.driving_angles[:, 1]).all()
    with PairLoader([partly_broken], 8, SIDE) as later:
        assert same(later.batch(2), batches[2])


def test_shards_without_two_readable_frames_are_an_error(tmp_path: Path) -> None:
    files = clip([100, 110, 120])
    for name in ("001.webp", "002.webp"):
        files[name] = files[name][:-8]
    shard = write_tar(tmp_path / "clips.tar", {"a": files})
    with PairLoader([shard], 2, SIDE) as loader, pytest.raises(ConfappError) as error:
        loader.batch(0)
    assert error.value.error_id == "data-unreadable"


def test_sizes_and_ranks_that_cannot_be_are_refused(data: Path) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        PairLoader([data], 2, 100)
    with pytest.raises(ValueError, match="rank 2"):
        PairLoader([data], 2, SIDE, rank=2, world=2)
