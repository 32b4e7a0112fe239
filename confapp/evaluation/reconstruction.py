"""Every frame of a clip rendered from its first one, and measured beside two baselines.

The source is the pixels of the first frame as they are, not a still coded for a call. Motion
passes as in a call: a `MotionFrame` of float16 numbers between encoder and renderer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.expression import Expression
from confapp.evaluation.face_landmarks import FaceLandmarks, mean_distance
from confapp.evaluation.face_region import FacePlace, FaceRegion, Points
from confapp.evaluation.fid import Activations
from confapp.evaluation.picture_metrics import Look, PictureMetrics, Scores, at_reference
from confapp.evaluation.picture_warp import apply_affine, fit_affine, warp_picture
from confapp.evaluation.smoothness import Smoothness, SmoothnessMeter, StillStretch
from confapp.media.video_frame import RgbImage
from models.flow_correction import FlowCorrection, departure
from models.talking_head import TalkingHead
from receiver.eased_correction import EasedCorrection
from sender.flow_calibration import FlowCalibration
from sender.source_refresher import LEARN_EVERY_MS
from sender.source_watch import SeenFrame

RENDERING = "rendering"
FROZEN = "frozen"  # the source as it is
AFFINE = "affine"  # the source, its landmarks moved to the driver's by one affine map
METHODS = (RENDERING, FROZEN, AFFINE)
TRUTH = "truth"

# Between frames, for a correction that shows little by little: of full rate, and of frames apart.
FRAME_MS, APART_MS = 40, 2000


@dataclass(frozen=True, slots=True)
class PairScores:
    """One pair of source and driver.

    Attributes:
        frame: the driver's number among the clip's frames.
        moved: mean way of the landmarks from source to driver, pixels at 256.
        scores: by method and metric.
    """

    frame: int
    moved: float
    scores: dict[str, Scores]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The pictures of one pair, to look at."""

    pair: PairScores
    source: RgbImage
    driver: RgbImage
    rendering: RgbImage
    affine: RgbImage


@dataclass(frozen=True, slots=True, eq=False)
class ClipScores:
    """One clip.

    Attributes:
        pairs: in order.
        samples: the pair that moved as the median did, and the one that moved most.
        expression: only of clips at full rate.
        smoothness: likewise; None also where too few frames follow each other without a gap.
        activations: Inception's of each pair's pictures, by method and of the truth; for FID.
        frames_learned: drivers that told where things belong; None without calibration.
    """

    name: str
    person: str
    pairs: list[PairScores]
    samples: list[Sample] = field(default_factory=list)
    expression: Expression | None = None
    smoothness: Smoothness | None = None
    activations: dict[str, list[Activations]] = field(default_factory=dict)
    frames_learned: int | None = None


def reconstruct(
    head: TalkingHead,
    metrics: PictureMetrics,
    clip: EvaluationClip,
    *,
    every: int = 1,
    calibrate: bool = False,
    tracker: FaceLandmarks | None = None,
    advance: Callable[[], None] = lambda: None,
) -> ClipScores:
    """Measure one clip.

    Args:
        every: measure each n-th driver only.
        calibrate: correct each rendering by what all drivers before it told, one every half a
            second at most; a sender with time to spare learns so, and tells it now and then.
        tracker: also follow expression and smoothness, over all drivers; for clips at full rate.
        advance: called after each driver.
    """
    places = [FacePlace.of_landmarks(points) for points in clip.landmarks]
    source = metrics.look(clip.frames[0], places[0])
    appearance = head.encode_source(clip.frames[0])
    measured = range(1, len(clip.frames), every)
    shown = _telling(clip, measured)
    pairs: list[PairScores] = []
    samples: list[Sample] = []
    followed: list[Points] = []
    activations: dict[str, list[Activations]] = {}
    stretch = StillStretch.of(clip) if tracker else None
    meter = SmoothnessMeter(stretch) if stretch else None
    calibration = FlowCalibration(head, appearance) if calibrate else None
    correction = EasedCorrection()
    lesson_ms = 0
    for index in range(1, len(clip.frames)):
        motion = head.encode_motion(clip.frames[index], index * (FRAME_MS if tracker else APART_MS))
        rendering = head.render(appearance, motion)
        if calibration:
            rendering = correction.corrected(
                rendering, departure(appearance.motion, motion), motion.timestamp_ms
            )
        look: Look | None = None
        if index in measured:
            look = metrics.look(rendering, places[index])
            truth = metrics.look(clip.frames[index], places[index])
            moved_source, place = _affine(clip, index)
            looks = {RENDERING: look, FROZEN: source, AFFINE: metrics.look(moved_source, place)}
            region = FaceRegion.around(clip.landmarks[index], len(rendering))
            scores = metrics.compare(looks, truth, region)
            pairs.append(PairScores(index, _moved(clip, index), scores))
            if metrics.inception is not None:
                for name, one in (looks | {TRUTH: truth}).items():
                    row = metrics.inception.activations(one.picture)
                    activations.setdefault(name, []).append(row)
            if index in shown:
                samples.append(
                    Sample(pairs[-1], source.picture, truth.picture, rendering, moved_source)
                )
        if calibration and motion.timestamp_ms >= lesson_ms:
            lesson_ms = motion.timestamp_ms + LEARN_EVERY_MS
            if calibration.learn(SeenFrame(clip.frames[index], motion)):
                code = calibration.correction().to_bytes()
                correction.take(FlowCorrection.from_bytes(code))
        if meter:
            meter.add(index, rendering, clip.frames[index])
        if tracker:
            found = look.landmarks if look else None
            followed.append(tracker.find(rendering, places[index]) if found is None else found)
        advance()
    expression = Expression.between(followed, list(clip.landmarks[1:])) if tracker else None
    smoothness = meter.smoothness() if meter else None
    return ClipScores(
        clip.name,
        clip.person,
        pairs,
        samples,
        expression,
        smoothness,
        activations,
        calibration.frames if calibration else None,
    )


def _affine(clip: EvaluationClip, index: int) -> tuple[RgbImage, FacePlace]:
    """The source moved as the landmarks move, and where its face is then."""
    matrix = fit_affine(clip.landmarks[0], clip.landmarks[index])
    picture = warp_picture(clip.frames[0], matrix, len(clip.frames[0]))
    return picture, FacePlace.of_landmarks(apply_affine(matrix, clip.landmarks[0]))


def _moved(clip: EvaluationClip, index: int) -> float:
    pixels = mean_distance(clip.landmarks[0], clip.landmarks[index])
    return at_reference(pixels, clip.frames[0])


def _telling(clip: EvaluationClip, measured: range) -> set[int]:
    """The drivers whose landmarks moved as the median's did, and furthest."""
    by_way = sorted(measured, key=lambda index: _moved(clip, index))
    return {by_way[len(by_way) // 2], by_way[-1]}
