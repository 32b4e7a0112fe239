"""What fewer bytes cost the picture: LPIPS and keypoint error of coarser, fewer and rarer numbers.

    python -m benchmarks.picture_cost predictive|paper --lpips FILE CLIP... [--pictures 2]

Clips are of people that neither weights nor tables were learned on. Each way of sending a clip's
motion is decoded, and some pictures rendered from it; LPIPS (VGG16) is against the camera's, and
printed beside that of the sender's exact motion. A frame that is not sent is seen as the last one.
Keypoint errors are in the picture plane, after T, in pixels of 256; +- is one standard error.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.bitstream import bundles
from benchmarks.driven_clip import DrivenClip
from confapp.codec import CodecMode, CodecTables, PaperCodec, PredictiveCodec
from confapp.codec.keypoint_completion import KeypointCompletion
from confapp.codec.motion_grid import LEVELS, STEPS
from confapp.evaluation.lpips import Lpips
from confapp.evaluation.wire_rate import data_channel_wire_bytes
from confapp.motion_frame import MotionFrame
from models.config import DEFAULT_CONFIG
from models.geometry import rotation_matrix, transform_keypoints
from models.talking_head import SourceAppearance, TalkingHead
from sender.rate_control import LADDER, Rung

PIXELS_A_UNIT = 128
FEWER_KEYPOINTS = (12, 8)  # of 20, whatever they tell
FEWEST_LEVELS = (2, 4, 6)
COARSE_LEVEL = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A clip as it was sent.

    Attributes:
        payload: bytes of coded motion.
        wire: bytes of whole datagrams, as `confapp.evaluation.wire_rate` counts them.
        motions: as the receiver has them at each of the sender's frames.
    """

    payload: int
    wire: int
    motions: list[MotionFrame]


Way = Callable[[Sequence[MotionFrame]], Sent]


@dataclass(slots=True, eq=False)
class Costs:
    """What one way of sending costs, over all clips."""

    payload: int = 0
    wire: int = 0
    distances: list[float] = field(default_factory=list)
    errors: list[NDArray[np.float64]] = field(default_factory=list)


# Ways of sending


def predictive(
    tables: CodecTables, rung: Rung, cut: Callable[[MotionFrame], MotionFrame] | None = None
) -> Way:
    """As the sender does on a rung of its ladder; answers come within a message.

    Args:
        cut: leaves keypoints out, which the receiver then tells as in paper mode.
    """
    codec = PredictiveCodec(tables.prediction)

    def send(motions: Sequence[MotionFrame]) -> Sent:
        encoder, decoder = codec.encoder(), codec.decoder()
        encoder.level = rung.level
        payload = wire = 0
        received: list[MotionFrame] = []
        for bundle in bundles(motions[:: rung.every], rung.delay_ms):
            message = encoder.encode([cut(motion) for motion in bundle] if cut else bundle)
            received += [
                tables.completion.complete(frame.motion) for frame in decoder.read(message)
            ]
            encoder.acknowledge(message)
            payload += len(message) - codec.header_bytes
            wire += data_channel_wire_bytes(len(message))
        held = [received[number // rung.every] for number in range(len(motions))]
        return Sent(payload, wire, held)

    return send


def first_keypoints(count: int | None) -> Callable[[MotionFrame], MotionFrame]:
    """Leaves out all but so many."""
    return lambda motion: replace(motion, deformations=motion.deformations[:count])


def fewest_keypoints(
    completion: KeypointCompletion, level: int
) -> Callable[[MotionFrame], MotionFrame]:
    """Leaves out as many as are told within the level's tolerance."""

    def cut(motion: MotionFrame) -> MotionFrame:
        kept = completion.fewest(motion, STEPS[level].tolerance)
        return replace(motion, deformations=motion.deformations[:kept])

    return cut


def paper(codec: PaperCodec, level: int, keypoints: int | None = None, *, told: bool = True) -> Way:
    """Each frame by itself.

    Args:
        level: how far those that are not sent may be off; see `PaperEncoder`.
        keypoints: send so many instead.
        told: the receiver completes them; else they are zero, as the paper has it.
    """

    def send(motions: Sequence[MotionFrame]) -> Sent:
        encoder = codec.encoder()
        encoder.level = level
        payload = wire = 0
        received = []
        for motion in motions:
            packet = encoder.encode([first_keypoints(keypoints)(motion)])
            sent = codec.decode(packet)[1]
            received.append(codec.completion.complete(sent) if told else filled(sent))
            payload += len(packet) - codec.header_bytes
            wire += data_channel_wire_bytes(len(packet))
        return Sent(payload, wire, received)

    def filled(motion: MotionFrame) -> MotionFrame:
        missing = codec.completion.keypoints - motion.keypoints
        return replace(motion, deformations=np.pad(motion.deformations, ((0, missing), (0, 0))))

    return send


def predictive_ways(tables: CodecTables) -> Iterator[tuple[str, Way]]:
    """One knob at a time, then the sender's ladder."""
    best = LADDER[0]
    for level in range(LEVELS):
        yield f"level {level}", predictive(tables, replace(best, level=level))
    for count in FEWER_KEYPOINTS:
        yield f"K = {count}, others told", predictive(tables, best, first_keypoints(count))
    coarse = replace(best, level=COARSE_LEVEL)
    fewer = first_keypoints(FEWER_KEYPOINTS[-1])
    yield (
        f"level {COARSE_LEVEL} and K = {FEWER_KEYPOINTS[-1]}, others told",
        predictive(tables, coarse, fewer),
    )
    for level in FEWEST_LEVELS:
        cut = fewest_keypoints(tables.completion, level)
        yield f"fewest K that tell the others as level {level}", predictive(tables, best, cut)
    for every in (2, 3):
        yield f"one frame of {every}", predictive(tables, replace(best, every=every))
    for step, rung in enumerate(LADDER[1:], 1):
        yield (
            f"rung {step}: {rung.delay_ms} ms, level {rung.level}, one frame of {rung.every}",
            predictive(tables, rung),
        )


def paper_ways(tables: CodecTables) -> Iterator[tuple[str, Way]]:
    """Adaptive keypoints by level, then fixed numbers of them."""
    codec = PaperCodec(tables.frequency, tables.completion)
    for level in range(LEVELS):
        yield f"level {level}", paper(codec, level)
    for count in FEWER_KEYPOINTS:
        yield f"K = {count}, others told", paper(codec, 0, count)
        yield f"K = {count}, others zero", paper(codec, 0, count, told=False)


# What they cost


def keypoint_errors(
    appearance: SourceAppearance, seen: Sequence[MotionFrame], wanted: Sequence[MotionFrame]
) -> NDArray[np.float64]:
    """How far each keypoint of each frame is off in the picture plane; pixels of 256."""
    apart = _points(appearance, seen) - _points(appearance, wanted)
    errors: NDArray[np.float64] = apart[..., :2].norm(dim=-1).numpy().ravel() * PIXELS_A_UNIT
    return errors


def _points(appearance: SourceAppearance, motions: Sequence[MotionFrame]) -> torch.Tensor:
    def rows(name: str) -> torch.Tensor:
        return torch.from_numpy(np.stack([getattr(motion, name) for motion in motions])).double()

    canonical = appearance.canonical.double().expand(len(motions), -1, -1)
    turn = rotation_matrix(rows("rotation"))
    return transform_keypoints(canonical, turn, rows("translation"), rows("deformations"))


def measure(
    head: TalkingHead, lpips: Lpips, clip: DrivenClip, ways: dict[str, Way], costs: dict[str, Costs]
) -> list[float]:
    """Add a clip to the costs; the distances of the exact motion's pictures."""
    appearance = head.encode_source(clip.source)
    truths = [lpips.features(picture) for picture in clip.pictures]

    def distances(motions: Sequence[MotionFrame]) -> list[float]:
        shown = (head.render(appearance, motions[number]) for number in clip.numbers)
        return [
            lpips.distance(lpips.features(picture), truth)
            for picture, truth in zip(shown, truths, strict=True)
        ]

    for name, way in ways.items():
        sent = way(clip.motions)
        cost = costs[name]
        cost.payload += sent.payload
        cost.wire += sent.wire
        cost.distances += distances(sent.motions)
        cost.errors.append(keypoint_errors(appearance, sent.motions, clip.motions))
    return distances(clip.motions)


def print_costs(
    costs: dict[str, Costs], exact: Sequence[float], frames: int, seconds: float
) -> None:
    """A Markdown row for each way."""
    base = fmean(exact)
    print(f"LPIPS of the exact motion {base:.4f} over {len(exact)} pictures\n")
    columns = ("", "bytes a frame", "", "wire, kbit/s", "LPIPS", "+-", "error, px", "p99", "max")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    first = next(iter(costs.values()))
    for name, cost in costs.items():
        more = [
            100 * (one - other) / base for one, other in zip(cost.distances, exact, strict=True)
        ]
        errors = np.concatenate(cost.errors)
        cells = (
            name,
            f"{cost.payload / frames:.2f}",
            f"{100 * (cost.payload / first.payload - 1):+.0f} %",
            f"{8 * cost.wire / seconds / 1000:.2f}",
            f"{fmean(more):+.2f} %",
            f"{stdev(more) / len(more) ** 0.5:.2f}",
            f"{errors.mean():.2f}",
            f"{np.percentile(errors, 99):.2f}",
            f"{errors.max():.2f}",
        )
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    """Measure one mode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", type=CodecMode, choices=list(CodecMode))
    parser.add_argument("clips", type=Path, nargs="+", help="videos of one person each")
    parser.add_argument("--lpips", type=Path, required=True, help="VGG16 with LPIPS heads")
    parser.add_argument("--pictures", type=int, default=2, help="rendered of each clip")
    options = parser.parse_args()
    torch.set_num_threads(1)
    head = TalkingHead.open(DEFAULT_CONFIG)
    lpips = Lpips(options.lpips)
    tables = CodecTables.shipped(head.fingerprint, head.config.keypoints)
    ways = dict((paper_ways if options.mode is CodecMode.PAPER else predictive_ways)(tables))
    costs = {name: Costs() for name in ways}
    exact: list[float] = []
    frames, seconds = 0, 0.0
    for path in options.clips:
        clip = DrivenClip.of(head, path, options.pictures)
        exact += measure(head, lpips, clip, ways, costs)
        frames += len(clip.motions)
        seconds += clip.seconds
    print(f"{head.config.name} {head.fingerprint}, {len(options.clips)} clips, {frames} frames")
    print_costs(costs, exact, frames, seconds)


if __name__ == "__main__":
    main()
