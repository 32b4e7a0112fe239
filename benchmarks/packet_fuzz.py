"""Messages that nobody should have sent: what both modes' decoders say, and what they keep.

    python -m benchmarks.packet_fuzz [--packets 1000000]

Half are true messages that were damaged, a quarter random bytes, and a quarter forged: any code
word under a header and a check that are right, which DTLS lets through from the other side alone.
Anything but a `PacketError`, or a number that is not finite, ends it with a traceback.
"""

import argparse
import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from confapp.codec import CodecTables, Packet, PacketError, PaperCodec, PredictiveCodec
from confapp.codec.predictive_message import MAX_DISTANCE, MAX_FRAMES, PredictiveMessage
from confapp.codec.predictive_mode import PredictiveDecoder
from confapp.motion_frame import MotionFrame
from models.config import DEFAULT_CONFIG
from models.talking_head import TalkingHead

TRUE_MESSAGES = 200  # before it begins anew, so that references stay within reach
LONGEST_WORD = 80  # bytes
WARM_UP = 0.1  # of the messages, before memory is looked at

Forge = Callable[[bytes], bytes]


def walk(rng: np.random.Generator, keypoints: int, frames: int) -> list[MotionFrame]:
    """Motion of nobody: a random walk."""
    rows = rng.normal(0, 0.01, (frames, 6 + 3 * keypoints)).cumsum(axis=0)
    rows[:, :3] *= 60
    return [
        MotionFrame.from_numbers(row.astype(np.float16), 40 * number)
        for number, row in enumerate(rows)
    ]


def damaged(rng: np.random.Generator, message: bytes) -> bytes:
    """Bytes of it changed, its end cut off or filled up."""
    mutated = bytearray(message)
    for position in rng.integers(0, len(mutated), rng.integers(1, 4)):
        mutated[position] ^= int(rng.integers(1, 256))
    return bytes(mutated[: int(rng.integers(1, len(mutated) + 20))]) + rng.bytes(
        int(rng.integers(0, 2)) * int(rng.integers(0, 9))
    )


def forged_predictive(
    rng: np.random.Generator, codec: PredictiveCodec, decoder: PredictiveDecoder
) -> Forge:
    """Any code word, told from nothing or from a frame that the decoder holds."""

    def forge(_: bytes) -> bytes:
        word, frames = rng.bytes(int(rng.integers(1, LONGEST_WORD))), int(rng.integers(MAX_FRAMES))
        number, distance, state = int(rng.integers(1 << 16)), 0, codec.tables.root
        held = list(decoder._held.items())
        if held and rng.random() < 0.5:
            reference, state = held[int(rng.integers(len(held)))]
            distance = int(rng.integers(1, MAX_DISTANCE + 1))
            number = (reference + distance) % (1 << 16)
        bare = PredictiveMessage(number, frames + 1, distance, 0, word)
        return replace(bare, check=bare.check_of(state.check)).to_bytes()

    return forge


def forged_paper(rng: np.random.Generator, codec: PaperCodec) -> Forge:
    """Any code word under a true packet's header, with any number of keypoints."""

    def forge(message: bytes) -> bytes:
        packet = Packet.from_bytes(message)
        word = rng.bytes(int(rng.integers(1, LONGEST_WORD)))
        keypoints = int(rng.integers(codec.tables.keypoints + 1))
        return replace(packet, keypoints=keypoints, payload=word).to_bytes()

    return forge


def fuzz(codec: PredictiveCodec | PaperCodec, packets: int) -> None:
    """Send so many messages to one decoder, and print what became of them."""
    rng = np.random.default_rng(20210610)
    motion = walk(rng, codec.tables.keypoints, 2 * TRUE_MESSAGES)
    encoder, decoder = codec.encoder(), codec.decoder()
    if isinstance(codec, PredictiveCodec):
        assert isinstance(decoder, PredictiveDecoder)
        forge = forged_predictive(rng, codec, decoder)
    else:
        forge = forged_paper(rng, codec)
    seen: Counter[str] = Counter()
    before = 0
    for number in range(packets // 4):
        turn = number % TRUE_MESSAGES
        if not turn:
            encoder.begin_anew()
        message = encoder.encode(motion[turn : turn + 1 + turn % codec.max_frames])
        if turn % 3 == 0 and _read(decoder, message, seen, "true "):
            encoder.acknowledge(message)
        for hostile in (
            damaged(rng, message),
            damaged(rng, message),
            rng.bytes(int(rng.integers(LONGEST_WORD))),
            forge(message),
        ):
            _read(decoder, hostile, seen, "")
        if number == round(WARM_UP * packets / 4):
            before = _peak_kib()
    refused = sum(count for name, count in seen.items() if "true" not in name and name != "read")
    print(
        f"{codec.mode} mode: of {packets} messages {refused} refused, {seen['read']} read as "
        f"something; memory's peak grown by {_peak_kib() - before} KiB over the last nine tenths"
    )
    for name, count in seen.most_common():
        print(f"  {name:28}{count:9}")


def _read(decoder: object, message: bytes, seen: Counter[str], kind: str) -> bool:
    try:
        frames = decoder.read(message)  # type: ignore[attr-defined]
    except PacketError as error:
        seen[kind + error.error_id] += 1
        return False
    seen[kind + "read"] += 1
    if not all(np.isfinite(frame.motion.numbers()).all() for frame in frames):
        raise AssertionError(f"not finite: {message.hex()}")
    return True


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Both modes, half of the messages each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000, help="in all")
    packets = parser.parse_args().packets
    head = TalkingHead.open(DEFAULT_CONFIG)
    tables = CodecTables.shipped(head.fingerprint, head.config.keypoints)
    fuzz(PredictiveCodec(tables.prediction), packets // 2)
    fuzz(PaperCodec(tables.frequency, tables.completion), packets // 2)


if __name__ == "__main__":
    main()
