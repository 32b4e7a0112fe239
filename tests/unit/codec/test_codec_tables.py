"""Tables of both modes in one file."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from confapp.codec import CodecMode, CodecTables, FrequencyTables, PredictionTables, TableError
from confapp.motion_frame import MotionFrame

MakeClip = Callable[..., list[MotionFrame]]


@pytest.fixture(scope="module")
def tables(make_clip: MakeClip) -> CodecTables:
    return CodecTables.fit([make_clip(seed) for seed in range(6)], epoch=3)


def same(one: CodecTables, other: CodecTables) -> bool:
    return (one.frequency.fingerprint, one.prediction.fingerprint) == (
        other.frequency.fingerprint,
        other.prediction.fingerprint,
    )


def test_what_is_saved_is_loaded(tables: CodecTables, tmp_path: Path) -> None:
    path = tmp_path / "tables.json"
    tables.save(path)
    loaded = CodecTables.load(path)
    assert same(loaded, tables)
    assert (loaded.prediction.weights == tables.prediction.weights).all()
    for mode in CodecMode:
        assert loaded.codec(mode).fingerprint == tables.codec(mode).fingerprint
        assert loaded.codec(mode).mode is mode


def test_a_file_with_frequencies_alone_still_serves(tables: CodecTables, tmp_path: Path) -> None:
    path = tmp_path / "tables.json"
    tables.frequency.save(path)
    loaded = CodecTables.load(path)
    assert loaded.frequency.fingerprint == tables.frequency.fingerprint
    assert loaded.prediction.fingerprint == PredictionTables.generic(20).fingerprint
    tables.save(path)
    assert FrequencyTables.load(path).fingerprint == tables.frequency.fingerprint


def test_a_model_without_tables_gets_generic_ones() -> None:
    assert same(CodecTables.shipped("0" * 16, 7), CodecTables.generic(7))


def test_one_person_of_one_frame_is_enough(make_clip: MakeClip) -> None:
    tables = PredictionTables.fit([make_clip(0, frames=1)])
    assert tables.keypoints == 20


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document.pop("tables"),
        lambda document: document.update(tables="AAAA"),
        lambda document: document.update(tables=7),
        lambda document: document.update(keypoints=19),
        lambda document: document.update(keypoints="many"),
        lambda document: document.update(fingerprint="0" * 16),
    ],
)
def test_damaged_tables_are_told(
    tables: CodecTables, tmp_path: Path, damage: Callable[[dict[str, object]], object]
) -> None:
    path = tmp_path / "tables.json"
    tables.save(path)
    document = json.loads(path.read_text())
    damage(document["prediction"])
    path.write_text(json.dumps(document))
    with pytest.raises(TableError) as raised:
        CodecTables.load(path)
    assert raised.value.error_id == "tables-damaged"


@pytest.mark.parametrize("document", [[], "prediction", {"format": "other"}, {"version": 9}])
def test_other_tables_are_told(tables: CodecTables, tmp_path: Path, document: object) -> None:
    path = tmp_path / "tables.json"
    path.write_text(json.dumps(tables.frequency.to_document() | {"prediction": document}))
    with pytest.raises(TableError) as raised:
        CodecTables.load(path)
    assert raised.value.error_id == "tables-unreadable"


def test_tables_outside_their_ranges_cannot_be(tables: CodecTables) -> None:
    good = tables.prediction
    zeros = np.zeros(66, np.int64)
    for arguments in (
        (good.mean[:65], good.first_spreads, good.next_spreads, good.weights),
        (good.mean, good.first_spreads[:60], good.next_spreads, good.weights),
        (good.mean.astype(np.float64), good.first_spreads, good.next_spreads, good.weights),
        (good.mean + 10**7, good.first_spreads, good.next_spreads, good.weights),
        (good.mean, zeros, good.next_spreads, good.weights),
        (good.mean, good.first_spreads, good.next_spreads, good.weights.T.copy()),
        (good.mean, good.first_spreads, good.next_spreads, good.weights * 10**6),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            PredictionTables(*arguments)
    with pytest.raises(ValueError, match="same K"):
        PredictionTables.fit([])
