"""Packets that were once written stay readable, and are written again to the byte.

The files under tests/data/codec hold learned tables, and for some frames the float16 numbers (hex,
high byte first) and the packet, under those tables (epoch 1) and under the uniform ones (epoch 0).
A change here is a change of the format: give it a new version in the packet header.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from confapp.codec import FrequencyTables, PaperCodec
from confapp.codec.frame_bytes import frame_from_bytes, frame_to_bytes

DATA = Path(__file__).parents[2] / "data" / "codec"
GOLDEN = json.loads((DATA / "golden_packets.json").read_text())


@pytest.fixture(scope="module")
def codecs() -> dict[int, PaperCodec]:
    tables = FrequencyTables.load(DATA / "golden_tables.json")
    return {1: PaperCodec(tables), 0: PaperCodec(FrequencyTables.uniform(20))}


def test_tables_are_the_golden_ones(codecs: dict[int, PaperCodec]) -> None:
    for epoch, codec in codecs.items():
        assert codec.tables.epoch == epoch
        assert codec.tables.fingerprint == GOLDEN["fingerprints"][str(epoch)]


@pytest.mark.parametrize("golden", GOLDEN["packets"], ids=lambda golden: golden["name"])
def test_golden_packet(golden: dict[str, str | int], codecs: dict[int, PaperCodec]) -> None:
    codec = codecs[int(golden["epoch"])]
    numbers, message = (bytes.fromhex(str(golden[key])) for key in ("numbers", "packet"))
    frame_number, timestamp_ms = int(golden["frame_number"]), int(golden["timestamp_ms"])

    assert codec.encode(frame_from_bytes(numbers, timestamp_ms), frame_number) == message

    packet, motion = codec.decode(message)
    assert frame_to_bytes(motion) == numbers
    assert packet.frame_number == frame_number % 65536
    assert packet.timestamp_ms == timestamp_ms % 65536
    assert np.isfinite(motion.numbers()).all()
