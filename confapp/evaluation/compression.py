"""One clip through every way of sending it, measured on the same frames.

The camera's frames go to our modes and to the video codecs alike. Ours are rendered from the source
still as it is sent; the codecs begin with an intra picture of their own. A frozen source is
measured beside them: it costs nothing, so whatever is no better than it is no codec.

The codecs' part does not depend on the model, so it can be kept when the model changes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from confapp.evaluation.anchor_codec import AnchorCodec, EncodedClip
from confapp.evaluation.attentive_sender import AttentiveClip, attentive_clip
from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_region import FacePlace
from confapp.evaluation.folder_clip import FolderClip
from confapp.evaluation.picture_metrics import Look, PictureMetrics, Scores
from confapp.evaluation.stream_mode import StreamMode
from confapp.evaluation.summary import DIGITS
from confapp.media.still import BUDGET_BYTES, decode_still, encode_still
from confapp.media.video_frame import RgbImage
from models.flow_correction import FlowCorrection, departure
from models.talking_head import TalkingHead


@dataclass(frozen=True, slots=True)
class StreamScores:
    """One way of sending the clip.

    Attributes:
        name: of our mode, or of the codec.
        family: modes of one family, and all encodes of a codec, are points of one curve.
        sizes: payload bytes of each frame of a codec, or of each of our messages.
        messages: bytes of each message with our header; empty for a codec.
        refreshes: bytes of each message of ours that brings another source or corrects its
            pictures.
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
    refreshes: list[int] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """Whether it is motion, with the source apart; else the first frame is the source."""
        return bool(self.messages)


@dataclass(frozen=True, slots=True)
class OurScores:
    """What the model makes of a clip.

    Attributes:
        source_bytes: of the source still that our modes send once.
        frozen: scores of the source still in place of every frame.
        modes: of ours, in the order given.
    """

    source_bytes: int
    frozen: Scores
    modes: list[StreamScores]


@dataclass(frozen=True, slots=True)
class ClipCompression:
    """One clip.

    Attributes:
        name, person: of the clip.
        frames: how many are sent.
        seconds: its length.
        sampled: numbers of the frames that are measured.
        source_bytes, frozen, modes: as `OurScores`.
        encodes: of the codecs.
    """

    name: str
    person: str
    frames: int
    seconds: float
    sampled: list[int]
    source_bytes: int
    frozen: Scores
    modes: list[StreamScores]
    encodes: list[StreamScores]

    @classmethod
    def of(
        cls, sample: "ClipSample", ours: OurScores, encodes: list[StreamScores]
    ) -> "ClipCompression":
        """Put both parts together."""
        return cls(
            name=sample.clip.name,
            person=sample.clip.person,
            frames=len(sample.frames),
            seconds=round(sample.seconds, DIGITS),
            sampled=sample.numbers,
            source_bytes=ours.source_bytes,
            frozen=ours.frozen,
            modes=ours.modes,
            encodes=encodes,
        )


class ClipSample:
    """The frames of a clip that are sent, and those of them that are measured.

    Args:
        footage: all frames of the clip.
        clip: the frames that are measured; the first one is the source.

    Attributes:
        clip: as given.
        frames: of the footage, from the source on.
        numbers: of the measured ones among these, without the source.
        places: of the face in these.
        fps: frames a second.
    """

    def __init__(self, footage: FolderClip, clip: EvaluationClip) -> None:
        start = int(clip.numbers[0])
        self.clip = clip
        self.frames = footage.frames[start:]
        self.numbers: list[int] = (clip.numbers[1:] - start).tolist()
        self.places = [FacePlace.of_landmarks(points) for points in clip.landmarks[1:]]
        self.fps = footage.fps

    @property
    def seconds(self) -> float:
        """Length of what is sent."""
        return float(len(self.frames) / self.fps)

    @property
    def source_place(self) -> FacePlace:
        """Where the face is in the source."""
        return FacePlace.of_landmarks(self.clip.landmarks[0])

    def truths(self, metrics: PictureMetrics) -> Iterator[tuple[int, FacePlace, Look]]:
        """Number, place and look of each measured frame; one look is kept at a time."""
        for number, place in zip(self.numbers, self.places, strict=True):
            yield number, place, metrics.look(self.frames[number], place)


class OurStreams:
    """A clip as our modes send it.

    Attributes:
        sample: the clip.
        source_bytes: of the source still.
        source: the still as decoded.
        modes: as given.
        motions: of all frames, as the sender has them.
        coded: by mode.
    """

    def __init__(
        self,
        head: TalkingHead,
        sample: ClipSample,
        modes: Sequence[StreamMode],
        source_bytes: int = BUDGET_BYTES,
    ) -> None:
        self.sample = sample
        still = encode_still(sample.frames[0], source_bytes)
        self.source_bytes = len(still)
        self.source = decode_still(still)
        self.modes = modes
        self._head = head
        self._appearance = head.encode_source(self.source)
        interval_ms = 1000 / float(sample.fps)
        self.motions = [
            head.encode_motion(frame, round(number * interval_ms))
            for number, frame in enumerate(sample.frames)
        ]
        self._attentive = AttentiveClip([], [])
        if any(mode.attentive for mode in modes):
            self._attentive = attentive_clip(
                head, self.source, sample.frames, self.motions, sample.fps
            )
        self.coded = {mode.name: mode.code(self.motions) for mode in modes}
        self._refreshed = [
            (one.start, head.encode_source(one.rgb)) for one in self._attentive.sources
        ]

    @property
    def attention(self) -> list[int]:
        """Bytes of each message that an attentive mode sends beside motion."""
        sources = [size for one in self._attentive.sources for size in one.messages]
        return sources + [one.message for one in self._attentive.corrections]

    def render(self, mode: StreamMode, number: int) -> RgbImage:
        """A frame as the receiver of one of the modes sees it."""
        motion = self.coded[mode.name].motions[number]
        if not mode.attentive:
            return self._head.render(self._appearance, motion)
        since, appearance = 0, self._appearance
        for start, refreshed in self._refreshed:
            if number >= start:
                since, appearance = start, refreshed
        correction = FlowCorrection.nothing()
        for sent in self._attentive.corrections:
            if since < sent.start <= number:
                correction = sent.correction
        picture = self._head.render(appearance, motion)
        return correction.corrected(picture, departure(appearance.motion, motion))


def measure_ours(
    streams: OurStreams, metrics: PictureMetrics, advance: Callable[[], None] = lambda: None
) -> OurScores:
    """Score our modes on the sampled frames.

    Args:
        advance: called after each sampled frame.
    """
    scores: list[list[Scores]] = [[] for _ in streams.modes]
    frozen: list[Scores] = []
    still = metrics.look(streams.source, streams.sample.source_place)
    for number, place, truth in streams.sample.truths(metrics):
        frozen.append(metrics.whole(still, truth))
        for mode, of_mode in zip(streams.modes, scores, strict=True):
            rendering = metrics.look(streams.render(mode, number), place)
            of_mode.append(metrics.whole(rendering, truth))
        advance()
    modes = []
    for mode, of_mode in zip(streams.modes, scores, strict=True):
        coded = streams.coded[mode.name]
        modes.append(
            StreamScores(
                mode.name,
                mode.family,
                coded.payload_sizes,
                coded.message_sizes,
                _mean(of_mode),
                refreshes=streams.attention if mode.attentive else [],
            )
        )
    return OurScores(streams.source_bytes, _mean(frozen), modes)


def encodes_of(sample: ClipSample, codecs: Sequence[AnchorCodec]) -> Iterator[EncodedClip]:
    """Every encode of the codecs' sweeps."""
    for codec in codecs:
        for smaller, crfs in codec.crfs.items():
            for crf in crfs:
                yield codec.encode(sample.frames, sample.fps, crf, smaller)


def measure_encodes(
    sample: ClipSample,
    encodes: Iterable[EncodedClip],
    metrics: PictureMetrics,
    advance: Callable[[], None] = lambda: None,
) -> list[StreamScores]:
    """Score encodes on the sampled frames; each true frame is looked at once.

    Args:
        advance: called after each sampled frame.
    """
    known = list(encodes)
    pictures = [_at(encoded.frames(), sample.numbers) for encoded in known]
    scores: list[list[Scores]] = [[] for _ in known]
    for index, (_, place, truth) in enumerate(sample.truths(metrics)):
        for shown, of_encode in zip(pictures, scores, strict=True):
            of_encode.append(metrics.whole(metrics.look(shown[index], place), truth))
        advance()
    return [
        StreamScores(
            name=encoded.codec.name,
            family=encoded.codec.name,
            sizes=encoded.payload_sizes,
            messages=[],
            scores=_mean(of_encode),
            crf=encoded.crf,
            smaller=encoded.smaller,
        )
        for encoded, of_encode in zip(known, scores, strict=True)
    ]


def _at(frames: Iterator[RgbImage], numbers: Sequence[int]) -> list[RgbImage]:
    wanted = set(numbers)
    return [frame for number, frame in enumerate(frames) if number in wanted]


def _mean(scores: Sequence[Scores]) -> Scores:
    return {name: round(fmean(one[name] for one in scores), DIGITS) for name in scores[0]}
