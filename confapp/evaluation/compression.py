"""One clip through every way of sending it, measured on the same frames.

The camera's frames go to our modes and to the video codecs alike. Ours are rendered from the source
still as it is sent; the codecs begin with an intra picture of their own. A frozen source is
measured beside them: it costs nothing, so whatever is no better than it is no codec.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from confapp.evaluation.anchor_codec import AnchorCodec, EncodedClip
from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_region import FacePlace
from confapp.evaluation.folder_clip import FolderClip
from confapp.evaluation.picture_metrics import PictureMetrics, Scores
from confapp.evaluation.stream_mode import CodedStream, StreamMode
from confapp.evaluation.summary import DIGITS
from confapp.media.still import decode_still, encode_still
from confapp.media.video_frame import RgbImage
from models.talking_head import TalkingHead


@dataclass(frozen=True, slots=True)
class StreamScores:
    """One way of sending the clip.

    Attributes:
        name: of our mode, or of the codec.
        family: modes of one family, and all encodes of a codec, are points of one curve.
        sizes: payload bytes a frame.
        messages: bytes a frame with our header; empty for a codec.
        scores: mean over the sampled frames, by metric.
        crf, smaller: of a codec's encode, else 0.
    """

    name: str
    family: str
    sizes: list[int]
    messages: list[int]
    scores: Scores
    crf: int = 0
    smaller: int = 0

    @property
    def ours(self) -> bool:
        """Whether it is motion, with the source apart; else the first frame is the source."""
        return bool(self.messages)


@dataclass(frozen=True, slots=True)
class ClipCompression:
    """One clip.

    Attributes:
        name, person: of the clip.
        seconds: its length.
        sampled: numbers of the frames that are measured.
        source_bytes: of the source still that our modes send once.
        frozen: scores of the source still in place of every frame.
        modes: ours.
        encodes: of the codecs.
    """

    name: str
    person: str
    seconds: float
    sampled: list[int]
    source_bytes: int
    frozen: Scores
    modes: list[StreamScores]
    encodes: list[StreamScores]

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "ClipCompression":
        """Read back what `dataclasses.asdict` gave."""
        modes, encodes = (
            [StreamScores(**one) for one in facts[name]] for name in ("modes", "encodes")
        )
        return cls(**facts | {"modes": modes, "encodes": encodes})


class ClipStreams:
    """A clip as everybody sends it, before it is measured.

    Args:
        head: the model.
        footage: all frames of the clip.
        clip: the frames of it that are measured; the first one is the source.
        modes: ours.
        codecs: to compare with.
        advance: called after each stream that is ready.

    Attributes:
        clip: as given.
        frames: of the footage, from the source on.
        sampled: numbers of the measured ones among these.
        source_bytes: of the source still.
        source: the still as decoded.
        motions: of all frames, as the sender has them.
        coded: by mode.
        encodes: of each codec, size and CRF.
        fps: frames a second.
    """

    def __init__(
        self,
        head: TalkingHead,
        footage: FolderClip,
        clip: EvaluationClip,
        modes: Sequence[StreamMode],
        codecs: Sequence[AnchorCodec],
        *,
        advance: Callable[[], None] = lambda: None,
    ) -> None:
        start = int(clip.numbers[0])
        self.clip = clip
        self.frames = footage.frames[start:]
        self.sampled: list[int] = (clip.numbers[1:] - start).tolist()
        still = encode_still(self.frames[0])
        self.source_bytes = len(still)
        self.source = decode_still(still)
        self.modes = modes
        self.fps = footage.fps
        self._head = head
        self._appearance = head.encode_source(self.source)
        interval_ms = 1000 / float(footage.fps)
        self.motions = [
            head.encode_motion(frame, round(number * interval_ms))
            for number, frame in enumerate(self.frames)
        ]
        self.coded = {mode.name: mode.code(self.motions) for mode in modes}
        advance()
        self.encodes = list(self._encode(codecs, advance))

    @property
    def seconds(self) -> float:
        """Length of what is sent."""
        return float(len(self.frames) / self.fps)

    def render(self, mode: str, number: int) -> RgbImage:
        """A frame as the receiver of one of our modes sees it."""
        return self._head.render(self._appearance, self.coded[mode].motions[number])

    def _encode(
        self, codecs: Sequence[AnchorCodec], advance: Callable[[], None]
    ) -> Iterator[EncodedClip]:
        for codec in codecs:
            for smaller, crfs in codec.crfs.items():
                for crf in crfs:
                    yield codec.encode(self.frames, self.fps, crf, smaller)
            advance()


def measure(
    streams: ClipStreams, metrics: PictureMetrics, advance: Callable[[], None] = lambda: None
) -> ClipCompression:
    """Score every stream on the sampled frames; each true frame is looked at once.

    Args:
        advance: called after each sampled frame.
    """
    pictures = [_at(encoded.frames(), streams.sampled) for encoded in streams.encodes]
    places = [FacePlace.of_landmarks(points) for points in streams.clip.landmarks[1:]]
    modes: list[list[Scores]] = [[] for _ in streams.modes]
    encodes: list[list[Scores]] = [[] for _ in pictures]
    frozen: list[Scores] = []
    still = metrics.look(streams.source, FacePlace.of_landmarks(streams.clip.landmarks[0]))
    for index, (number, place) in enumerate(zip(streams.sampled, places, strict=True)):
        truth = metrics.look(streams.frames[number], place)
        frozen.append(metrics.whole(still, truth))
        for mode, scores in zip(streams.modes, modes, strict=True):
            rendering = metrics.look(streams.render(mode.name, number), place)
            scores.append(metrics.whole(rendering, truth))
        for shown, scores in zip(pictures, encodes, strict=True):
            scores.append(metrics.whole(metrics.look(shown[index], place), truth))
        advance()
    return ClipCompression(
        name=streams.clip.name,
        person=streams.clip.person,
        seconds=round(streams.seconds, DIGITS),
        sampled=streams.sampled,
        source_bytes=streams.source_bytes,
        frozen=_mean(frozen),
        modes=[
            _mode_scores(mode, streams.coded[mode.name], scores)
            for mode, scores in zip(streams.modes, modes, strict=True)
        ],
        encodes=[
            StreamScores(
                encoded.codec.name,
                encoded.codec.name,
                encoded.payload_sizes,
                [],
                _mean(scores),
                encoded.crf,
                encoded.smaller,
            )
            for encoded, scores in zip(streams.encodes, encodes, strict=True)
        ],
    )


def _mode_scores(mode: StreamMode, coded: CodedStream, scores: Sequence[Scores]) -> StreamScores:
    sizes, messages = coded.payload_sizes, coded.message_sizes
    return StreamScores(mode.name, mode.family, sizes, messages, _mean(scores))


def _at(frames: Iterator[RgbImage], numbers: Sequence[int]) -> list[RgbImage]:
    wanted = set(numbers)
    return [frame for number, frame in enumerate(frames) if number in wanted]


def _mean(scores: Sequence[Scores]) -> Scores:
    return {name: round(fmean(one[name] for one in scores), DIGITS) for name in scores[0]}
