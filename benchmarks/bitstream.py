"""Sizes and speed of both modes on clips of people that no table was learned on.

    python -m benchmarks.bitstream CLIP... [--cache FOLDER]

The motion is that of the default model; --cache keeps it, since encoding the clips is the slow
part. Speed is printed beside the time that constriction alone takes for the same symbols, and sizes
under losses beside the lossless ones.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from confapp.codec import CodecTables, Packet, PaperCodec, PredictiveCodec
from confapp.codec.code_word import Decoder, Encoder
from confapp.codec.motion_grid import LEVELS
from confapp.codec.predictive_message import HEADER_BYTES
from confapp.codec.predictive_mode import KEY_FRAMES
from confapp.codec.range_coder import RangeCoder
from confapp.codec.residual_models import LARGEST, residual_models
from confapp.media.clip import Clip
from confapp.motion_frame import MotionFrame
from models.config import DEFAULT_CONFIG
from models.talking_head import TalkingHead
from sender.bundler import Bundler
from sender.clip_encoder import DrivingClip

BUNDLE_MS = 100
FRAME_POINTS = 126  # of a face mesh, as fs-vid2vid sends


def motion_of(head: TalkingHead, path: Path, cache: Path | None) -> list[MotionFrame]:
    """The motion of the person in a clip, from the cache where it is kept."""
    kept = cache / f"{path.stem}-{head.fingerprint}.npz" if cache else None
    if kept is not None and kept.is_file():
        data = np.load(kept)
        rows, times = data["numbers"], data["t"]
    else:
        frames = [frame.motion for frame in DrivingClip(head, Clip(path))]
        rows = np.stack([frame.numbers() for frame in frames])
        times = np.array([frame.timestamp_ms for frame in frames])
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, numbers=rows, t=times)
    return [MotionFrame.from_numbers(row, int(at)) for row, at in zip(rows, times, strict=True)]


# Sizes


def describe(name: str, before: float, sizes: Sequence[float]) -> None:
    """One row of a table in the manner of the paper's Table 6."""
    print(
        f"{name:34} {before:7.1f} {statistics.fmean(sizes):8.2f} {min(sizes):7.1f} "
        f"{max(sizes):7.1f} {statistics.median(sizes):7.1f}"
    )


def paper_sizes(tables: CodecTables, clips: Sequence[Sequence[MotionFrame]]) -> None:
    """Paper mode, and streams of other methods' kind under the same coder."""
    print(f"\n{'bytes a frame':34} {'before':>7} {'mean':>8} {'min':>7} {'max':>7} {'median':>7}")
    codec = PaperCodec(tables.frequency, tables.completion)
    frames = [frame for clip in clips for frame in clip]
    before = frames[0].numbers().nbytes
    for level in range(LEVELS):
        encoder = codec.encoder()
        encoder.level = level
        packets = [encoder.encode([frame]) for frame in frames]
        kept = statistics.fmean(Packet.from_bytes(packet).keypoints for packet in packets)
        sizes = [len(packet) - codec.header_bytes for packet in packets]
        describe(f"paper mode, level {level}: K = {kept:.2f}", before, sizes)
    ideal = statistics.fmean(map(tables.frequency.ideal_bytes, frames))
    print(f"{'  its tables cross-entropy':34} {'':7} {ideal:8.2f}")
    for name, stream in (
        ("20 points and Jacobians (FOMM)", points_and_jacobians),
        ("126 points (fs-vid2vid)", many_points),
    ):
        coded: list[float] = []
        streams = [[stream(frame) for frame in clip] for clip in clips]
        for held_out, rows in enumerate(streams):
            others = [row for i, other in enumerate(streams) if i != held_out for row in other]
            coder = RangeCoder(byte_frequencies(others))
            coded += [len(coder.encode(row)) for row in rows]
        describe(f"{name}, stand-in", len(streams[0][0]), coded)


def head_points(frame: MotionFrame, count: int) -> NDArray[np.float64]:
    """Image points of a head with this motion: T on points of a sphere, and its deformations."""
    rng = np.random.default_rng(0)
    sphere = rng.normal(size=(count, 3))
    sphere *= 0.6 / np.linalg.norm(sphere, axis=1, keepdims=True)
    shape = np.resize(frame.deformations.astype(np.float64), (count, 3))
    return sphere @ rotation(frame).T + frame.translation.astype(np.float64) + shape


def rotation(frame: MotionFrame) -> NDArray[np.float64]:
    """R of `models.geometry`."""
    yaw, pitch, roll = np.radians(frame.rotation.astype(np.float64))
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turn: NDArray[np.float64] = about_x @ about_y @ about_z
    return turn


def points_and_jacobians(frame: MotionFrame) -> bytes:
    """20 x (x, y, 2 x 2) as float16: 240 bytes."""
    points = head_points(frame, 20)[:, :2]
    jacobians = np.tile(rotation(frame)[:2, :2].ravel(), (20, 1))
    return np.hstack([points, jacobians]).astype(">f2").tobytes()


def many_points(frame: MotionFrame) -> bytes:
    """126 x (x, y) as float16: 504 bytes."""
    return head_points(frame, FRAME_POINTS)[:, :2].astype(">f2").tobytes()


def byte_frequencies(rows: Sequence[bytes]) -> NDArray[np.uint16]:
    """Static tables as paper mode's: counts and a prior, rows of sum 2^16."""
    seen = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
    counts = np.stack([np.bincount(column, minlength=256) for column in seen.T])
    shares = (counts + 1 / 8) / (counts + 1 / 8).sum(axis=1, keepdims=True)
    table = 1 + np.floor(shares * (65536 - 256)).astype(np.int64)
    table[np.arange(len(table)), table.argmax(axis=1)] += 65536 - table.sum(axis=1)
    frequencies: NDArray[np.uint16] = table.astype(np.uint16)
    return frequencies


# Predictive mode


def bundles(clip: Sequence[MotionFrame], delay_ms: int) -> Iterator[list[MotionFrame]]:
    """A clip as a call bundles it."""
    bundler = Bundler(PredictiveCodec.max_frames, delay_ms)
    for frame in clip:
        if bundle := bundler.add(frame):
            yield bundle
    if bundle := bundler.take():
        yield bundle


def stream_sizes(
    codec: PredictiveCodec,
    clip: Sequence[MotionFrame],
    *,
    delay_ms: int = BUNDLE_MS,
    answer: int = 0,
    lost: Callable[[int], bool] = lambda _: False,
    level: int = 0,
    anew: int | None = None,
) -> list[float]:
    """Payload bytes of each frame: its share of its message.

    Args:
        answer: messages that go before the news of one that arrived comes back.
        lost: which messages are.
        level: of the quantiser.
        anew: the message that is told from nothing, besides the first; None for no other.
    """
    encoder, decoder = codec.encoder(), codec.decoder()
    encoder.level = level
    arrived: list[bytes] = []
    sizes: list[float] = []
    for number, bundle in enumerate(bundles(clip, delay_ms)):
        if number == anew:
            encoder.begin_anew()
        message = encoder.encode(bundle)
        sizes += [(len(message) - HEADER_BYTES) / len(bundle)] * len(bundle)
        if not lost(number):
            decoder.read(message)
            arrived.append(message)
            if len(arrived) > answer:
                encoder.acknowledge(arrived.pop(0))
    return sizes


def predictive_sizes(tables: CodecTables, clips: Sequence[Sequence[MotionFrame]]) -> None:
    """Payload under several conditions; headers are 5 bytes a message."""
    print(
        f"\n{'predictive mode, bytes a frame':48} {'mean':>6} {'median':>6} {'p99':>6} {'max':>6}"
    )
    own, generic = (
        PredictiveCodec(each.prediction) for each in (tables, CodecTables.generic(tables.keypoints))
    )

    def row(name: str, codec: PredictiveCodec, **conditions: object) -> None:
        sizes = [
            size
            for clip in clips
            for size in stream_sizes(codec, clip, **conditions)  # type: ignore[arg-type]
        ]
        mean, median, most = statistics.fmean(sizes), statistics.median(sizes), max(sizes)
        print(f"{name:48}{mean:7.2f}{median:7.2f}{np.percentile(sizes, 99):7.1f}{most:7.1f}")

    def tenth(number: int) -> bool:
        return number * 7 % 10 == 3

    def third(number: int) -> bool:
        return number % 10 in {1, 4, 8}

    row("no loss, answers within a message", own)
    row("no loss, answers every second message", own, answer=1)
    row("no loss, answers 4 messages later", own, answer=4)
    row("10 % lost", own, lost=tenth)
    row("10 % lost, answers every second message", own, answer=1, lost=tenth)
    row("30 % lost, answers every second message", own, answer=1, lost=third)
    row("one frame a message, answers 3 frames later", own, delay_ms=0, answer=3)
    row("tables that know nothing of the model", generic)
    for level in range(1, LEVELS):
        row(f"level {level}", own, level=level)


def key_states(tables: CodecTables, clips: Sequence[Sequence[MotionFrame]]) -> None:
    """What it costs to tell one message in the midst of a clip from nothing."""
    codec = PredictiveCodec(tables.prediction)
    extra_message, extra_after = [], []
    for clip in clips:
        bundled = list(bundles(clip, BUNDLE_MS))
        middle = len(bundled) // 2
        place = sum(map(len, bundled[:middle]))
        count = len(bundled[middle])
        plain = np.array(stream_sizes(codec, clip))
        keyed = np.array(stream_sizes(codec, clip, anew=middle))
        more = keyed - plain
        extra_message.append(float(more[place : place + count].sum()))
        extra_after.append(float(more[place + count :].sum()))
    message, after = statistics.fmean(extra_message), statistics.fmean(extra_after)
    print(
        f"\nA key state: its message is {message:.1f} bytes longer (at most "
        f"{max(extra_message):.0f}), those after it {after:.1f} together; once in {KEY_FRAMES} "
        f"frames that is {(message + after) / KEY_FRAMES:.3f} bytes a frame"
    )


# Speed


def speed(tables: CodecTables, clip: Sequence[MotionFrame]) -> None:
    """Median time a frame in bundles of three, beside constriction's own for as many symbols."""
    codec = PredictiveCodec(tables.prediction)
    encoder, decoder = codec.encoder(), codec.decoder()
    encoding, decoding = [], []
    for start in range(0, len(clip) - 2, 3):
        at = time.perf_counter()
        message = encoder.encode(clip[start : start + 3])
        coded = time.perf_counter()
        decoder.read(message)
        encoding.append((coded - at) / 3)
        decoding.append((time.perf_counter() - coded) / 3)
        encoder.acknowledge(message)
    symbols, model = [LARGEST] * (6 + 3 * tables.keypoints), residual_models()[16]
    bare_encoding, bare_decoding = [], []
    for _ in range(len(encoding)):
        at = time.perf_counter()
        bare = Encoder()
        for symbol in symbols:
            bare.encode(symbol, model)
        words = bare.get_compressed()
        coded = time.perf_counter()
        reader = Decoder(words)
        for _ in symbols:
            reader.decode(model)
        bare_encoding.append(coded - at)
        bare_decoding.append(time.perf_counter() - coded)
    print(f"\n{'microseconds a frame (median)':34} {'codec':>8} {'constriction alone':>20}")
    for name, *times in (
        ("encode", encoding, bare_encoding),
        ("decode", decoding, bare_decoding),
    ):
        ours, theirs = (1e6 * statistics.median(each) for each in times)
        print(f"{name:34} {ours:8.0f} {theirs:20.0f}")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, nargs="+", help="videos of one person each")
    parser.add_argument("--cache", type=Path, help="folder that keeps the motion")
    options = parser.parse_args()
    head = TalkingHead.open(DEFAULT_CONFIG)
    tables = CodecTables.shipped(head.fingerprint, head.config.keypoints)
    clips = [motion_of(head, path, options.cache) for path in options.clips]
    print(
        f"{head.config.name} {head.fingerprint}, {len(clips)} clips, {sum(map(len, clips))} "
        f"frames, numpy {np.__version__}"
    )
    paper_sizes(tables, clips)
    predictive_sizes(tables, clips)
    key_states(tables, clips)
    speed(tables, clips[0])


if __name__ == "__main__":
    main()
