"""What the page shows of oneself: the camera, the guided source shot, the rendered preview."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from confapp.media.framing import FaceFraming, FramedView
from confapp.media.video_frame import RgbImage, VideoFrame
from confapp.page.camera_feed import CameraTap
from confapp.page.face_measure import FaceMeasure
from confapp.page.h264_comparison import H264Comparison
from confapp.page.likeness import Likeness
from confapp.page.messages import Hints
from confapp.page.picture_stream import PictureKind, PictureStream
from confapp.page.source_guide import SENTENCES, Hint, SourceGuide
from models.talking_head import SourceAppearance, TalkingHead
from sender.source_photo import SourcePhoto

CAMERA_WIDTH = 320  # pixels of the small own picture
CAMERA_MS = 60  # from one to the next at least: it is for looking at oneself, and costs time
GUIDE_MS = 100
PREVIEW_MS = 100  # a rendering takes a core for tens of milliseconds, and the call comes first

logger = logging.getLogger(__name__)


class OwnViewOwner(Protocol):
    """Who is told what the own view finds; on its thread."""

    def on_hints(self, hints: Hints) -> None:
        """The guide has looked at a frame."""
        ...

    def on_shot(self, photo: SourcePhoto, hint: Hint) -> None:
        """The guided shot is taken; `hint` says what is wrong with it, or HOLD."""
        ...

    def on_quality(self, words: str) -> None:
        """What the preview shows of the photo."""
        ...


@dataclass(frozen=True, slots=True)
class OwnViewTask:
    """What the own view is to do beside showing the camera.

    Attributes:
        guiding: prepare a source shot.
        previewing: render oneself from the photo.
        comparing: code oneself with H.264 at `wire_kbps` as well.
    """

    guiding: bool = False
    previewing: bool = False
    comparing: bool = False


class OwnView(threading.Thread):
    """Works on the newest camera picture, as often as it can.

    Args:
        head: the model.
        tap: of the camera.
        pictures: where the pictures go.
        owner: told of what is found.
        wire_kbps: asked for the rate that H.264 may take.
    """

    def __init__(
        self,
        head: TalkingHead,
        tap: CameraTap,
        pictures: PictureStream,
        owner: OwnViewOwner,
        wire_kbps: Callable[[], float],
    ) -> None:
        super().__init__(name="own-view")
        self.task = OwnViewTask()
        self._head = head
        self._tap = tap
        self._pictures = pictures
        self._owner = owner
        self._wire_kbps = wire_kbps
        self._size = head.config.image_size
        self._landmarks = head.config.motion_encoder.landmark_width > 0
        self._framing = FaceFraming(self._size)
        self._shown_ms = self._looked_ms = self._previewed_ms = -(10**9)
        self._guide = SourceGuide(self._size)
        self._best: RgbImage | None = None
        self._take_now = threading.Event()
        self._lock = threading.Lock()
        self._photo: tuple[SourcePhoto, Hint] | None = None
        self._appearance: SourceAppearance | None = None
        self._likeness: Likeness | None = None
        self._h264: H264Comparison | None = None

    @property
    def h264_kbps(self) -> float | None:
        """What the comparison's H.264 takes; None without one."""
        comparison = self._h264
        return None if comparison is None else comparison.kbps

    def take_now(self) -> None:
        """Take the next frame with a face as the source shot."""
        self._take_now.set()

    def use(self, photo: SourcePhoto, hint: Hint) -> None:
        """Preview this photo from now on."""
        with self._lock:
            self._photo = photo, hint
            self._appearance = None

    def judge(self, view: RgbImage) -> Hint:
        """What is wrong with a framed photo, (size, size, 3) uint8, or HOLD; takes some 20 ms."""
        framed = FaceFraming(self._size).frame(view)
        if not framed.face or framed.rgb is None:
            return Hint.NO_FACE
        return SourceGuide(self._size).judge(self._measure(view, framed))

    def run(self) -> None:
        """The thread's life, until the tap is closed."""
        try:
            for frame in self._tap.frames():
                self._look(frame)
        except Exception:  # the call must not end with its mirror
            logger.exception("the own view failed")

    def _look(self, frame: VideoFrame) -> None:
        task, now_ms = self.task, frame.timestamp_ms
        if now_ms - self._shown_ms >= CAMERA_MS:
            self._shown_ms = now_ms
            self._pictures.offer(PictureKind.CAMERA, _small(frame.rgb), now_ms)
        guide = task.guiding and now_ms - self._looked_ms >= GUIDE_MS
        preview = task.previewing and now_ms - self._previewed_ms >= PREVIEW_MS
        if not task.comparing:
            self._h264 = None
        if not (guide or preview or task.comparing):
            return
        view = self._framing.frame(frame.rgb)
        if task.comparing and view.rgb is not None:
            self._compare(view.rgb, now_ms)
        if guide:
            self._looked_ms = now_ms
            self._prepare_shot(frame, view)
        if preview and view.face and view.rgb is not None:
            self._previewed_ms = now_ms
            self._preview(view.rgb, now_ms)

    def _compare(self, view: RgbImage, now_ms: int) -> None:
        if self._h264 is None:
            self._h264 = H264Comparison(self._size)
        picture = self._h264.picture(view, now_ms, self._wire_kbps())
        if picture is not None:
            self._pictures.offer(PictureKind.H264, picture, now_ms)

    def _prepare_shot(self, frame: VideoFrame, view: FramedView) -> None:
        face = self._measure(frame.rgb, view) if view.face else None
        found = self._guide.look(face, frame.timestamp_ms / 1000)
        if found.best:
            self._best = view.rgb
        if self._take_now.is_set() and face is not None and view.rgb is not None:
            self._taken(view.rgb, found.hint)
        elif found.done and self._best is not None:
            self._taken(self._best, Hint.HOLD)
        else:
            square = _shares(frame.rgb, view)
            self._owner.on_hints(
                Hints(
                    hint=found.hint,
                    sentence=found.sentence,
                    progress=found.progress,
                    square=square,
                )
            )

    def _taken(self, view: RgbImage, hint: Hint) -> None:
        self._take_now.clear()
        self._guide, self._best = SourceGuide(self._size), None
        self.task = OwnViewTask()  # until the owner says what comes next
        self._owner.on_hints(Hints(hint=Hint.TAKEN, sentence=SENTENCES[Hint.TAKEN], progress=1))
        self._owner.on_shot(SourcePhoto.of_view(view), hint)

    def _measure(self, rgb: RgbImage, view: FramedView) -> FaceMeasure:
        assert view.rgb is not None  # noqa: S101 (there is a face)
        motion = self._head.encode_motion(view.rgb) if self._head.trained else None
        return FaceMeasure.of(rgb, view, motion, landmarks=self._landmarks)

    def _preview(self, view: RgbImage, now_ms: int) -> None:
        with self._lock:
            chosen, appearance = self._photo, self._appearance
        if chosen is None:
            return
        photo, hint = chosen
        if appearance is None:
            appearance = self._head.encode_source(photo.rgb)
            self._likeness = Likeness(self._head, hint, landmarks=self._landmarks)
            with self._lock:
                if self._photo is chosen:
                    self._appearance = appearance
        motion = self._head.encode_motion(view)
        rendering = self._head.render(appearance, motion)
        self._pictures.offer(PictureKind.PREVIEW, rendering, now_ms)
        likeness = self._likeness
        if likeness is not None and not likeness.known:
            likeness.look(motion, rendering)
            if likeness.known:
                self._owner.on_quality(likeness.words)


def _small(rgb: RgbImage) -> RgbImage:
    height, width = rgb.shape[:2]
    if width <= CAMERA_WIDTH:
        return rgb
    size = (CAMERA_WIDTH, max(1, round(height * CAMERA_WIDTH / width)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _shares(rgb: RgbImage, view: FramedView) -> tuple[float, float, float, float] | None:
    """What is cut out of the picture: left, top, width and height in shares of its sides."""
    if view.square is None:
        return None
    height, width = rgb.shape[:2]
    square = view.square
    return (
        round(square.x / width, 4),
        round(square.y / height, 4),
        round(square.side / width, 4),
        round(square.side / height, 4),
    )
