"""100,000 packets that nobody should have sent: only `PacketError`, only finite numbers."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from damage import cut, flipped, random_bytes, spliced

from confapp.codec import FrequencyTables, PacketError, PaperCodec
from confapp.motion_frame import MotionFrame

PACKETS_A_KIND = 20_000
KEYPOINTS = 4


def random_payload(rng: np.random.Generator, message: bytes) -> bytes:
    return message[:6] + rng.bytes(int(rng.integers(0, 80)))


@pytest.mark.parametrize("mutate", [random_bytes, random_payload, flipped, cut, spliced])
def test_only_packet_errors_and_finite_numbers(
    mutate: Callable[[np.random.Generator, bytes], bytes],
    make_clip: Callable[..., list[MotionFrame]],
) -> None:
    rng = np.random.default_rng(20210610)
    learned = FrequencyTables.fit(make_clip(0, keypoints=KEYPOINTS), epoch=1)
    seen: Counter[str] = Counter()
    for tables in (learned, FrequencyTables.uniform(KEYPOINTS)):
        codec = PaperCodec(tables)
        messages = [
            codec.encode(MotionFrame.from_numbers(frame.numbers()[: 6 + 3 * k], 0), 0)
            for frame in make_clip(1, frames=20, keypoints=KEYPOINTS)
            for k in range(KEYPOINTS + 1)
        ]
        for number in range(PACKETS_A_KIND // 2):
            message = mutate(rng, messages[number % len(messages)])
            try:
                packet, motion = codec.decode(message)
            except PacketError as error:
                seen[error.error_id] += 1
            else:
                seen["read"] += 1
                assert np.isfinite(motion.numbers()).all()
                # whatever is read is exactly what a sender would have sent
                again = MotionFrame.from_numbers(motion.numbers(), packet.timestamp_ms)
                assert codec.encode(again, packet.frame_number) == message
    assert seen.total() == PACKETS_A_KIND
    assert seen["packet-malformed"] + seen["packet-truncated"] > PACKETS_A_KIND // 100
    assert mutate is not cut or not seen["read"]
    assert mutate is not flipped or seen["read"]
