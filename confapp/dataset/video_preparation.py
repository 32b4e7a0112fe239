"""One video to clips."""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from confapp.dataset.drop_reason import DropReason
from confapp.dataset.frame_novelty import FrameNovelty
from confapp.dataset.head_pose_label import FaceLabeller, FaceLabels
from confapp.dataset.piece_finder import LEAST_FRAMES, Piece, SeenFace, find_pieces
from confapp.dataset.stable_view import box_in_view, cut_view
from confapp.dataset.survey import StoppedError, survey
from confapp.dataset.video_file import VideoFile
from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.framing import FaceFinder
from confapp.media.video_frame import RgbImage
from models.training.data.shard_writer import WrittenClip

WEBP_QUALITY = 90  # 9 KB a view of 256x256


@dataclass(slots=True)
class PreparedVideo:
    """What became of one video.

    Attributes:
        name: of the video.
        clips: of at least `LEAST_FRAMES` frames each.
        looked_at: frames looked at; each is in a clip or counted in `dropped`.
        dropped: how many for which reason.
        unreadable: why nothing could be read, or "".
        broken: why reading stopped before the end, or "".
    """

    name: str
    clips: list[WrittenClip] = field(default_factory=list)
    looked_at: int = 0
    dropped: Counter[DropReason] = field(default_factory=Counter)
    unreadable: str = ""
    broken: str = ""


@dataclass(frozen=True, slots=True)
class VideoPreparation:
    """Makes clips of videos.

    Attributes:
        detector: finds faces.
        labeller: labels them.
        view_side: of the pictures, pixels.
        fps: most frames a second.
        stopped: asked at the start and at each look.
    """

    detector: FaceFinder
    labeller: FaceLabeller
    view_side: int
    fps: float
    stopped: Callable[[], bool] = lambda: False

    def prepare(self, video: VideoFile) -> PreparedVideo:
        """Look at a video, then cut, thin and label its pieces.

        Whatever is wrong with the file is told in the result.

        Raises:
            StoppedError: `stopped` said so.
        """
        made = PreparedVideo(video.name)
        try:
            self._prepare(video, made)
        except StoppedError:
            raise
        except ConfappError as error:
            return PreparedVideo(video.name, unreadable=error.message)
        except Exception as error:  # the one file in thousands that breaks a decoder in a new way
            return PreparedVideo(video.name, unreadable=f"{video.path}: {error!r}")
        return made

    def _prepare(self, video: VideoFile, made: PreparedVideo) -> None:
        if self.stopped():
            raise StoppedError
        clip = Clip(video.path)
        looks = survey(
            clip, self.detector, fps=self.fps, view_side=self.view_side, stopped=self.stopped
        )
        made.broken = clip.broken or ""
        made.looked_at = len(looks)
        pieces, dropped = find_pieces(looks)
        made.dropped.update(dropped)
        for drafts in self._drafts(clip, pieces, made.dropped):
            if len(drafts) < LEAST_FRAMES:
                made.dropped[DropReason.SHORT_PIECE] += len(drafts)
                continue
            name = f"{video.slug}-{len(made.clips):03}"
            made.clips.append(_written(name, video, drafts))

    def _drafts(
        self, clip: Clip, pieces: Sequence[Piece], dropped: Counter[DropReason]
    ) -> list[list["_Draft"]]:
        """The frames of each piece that are kept."""
        wanted = {seen.index: (i, seen) for i, piece in enumerate(pieces) for seen in piece.faces}
        drafts: list[list[_Draft]] = [[] for _ in pieces]
        novelties = [FrameNovelty() for _ in pieces]
        last = max(wanted, default=-1)
        if last < 0:
            return []
        for picture in clip.pictures():
            if picture.index in wanted:
                if self.stopped():
                    raise StoppedError
                place, seen = wanted[picture.index]
                draft = self._draft(picture.rgb(), pieces[place], seen, novelties[place])
                if isinstance(draft, DropReason):
                    dropped[draft] += 1
                else:
                    drafts[place].append(draft)
            if picture.index >= last:
                break
        return drafts

    def _draft(
        self, rgb: RgbImage, piece: Piece, seen: SeenFace, novelty: FrameNovelty
    ) -> "_Draft | DropReason":
        view = cut_view(rgb, piece.view, self.view_side)
        if not novelty.differs(view):
            return DropReason.LIKE_LAST
        labels = self.labeller.label(view, box_in_view(seen.face, piece.view, self.view_side))
        if labels is None:
            return DropReason.UNSURE
        novelty.keep(view)
        return _Draft(seen.time_ms, _webp(view), labels)


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """A kept frame."""

    time_ms: int
    picture: bytes
    labels: FaceLabels


def _written(name: str, video: VideoFile, drafts: Sequence[_Draft]) -> WrittenClip:
    points = [one.labels.landmarks for one in drafts if one.labels.landmarks is not None]
    return WrittenClip(
        name=name,
        person=video.person,
        source=video.name,
        pictures=[one.picture for one in drafts],
        times=np.array([one.time_ms - drafts[0].time_ms for one in drafts]) / 1000,
        angles=np.stack([one.labels.angles for one in drafts]),
        landmarks=np.stack(points) if len(points) == len(drafts) else None,
    )


def _webp(view: RgbImage) -> bytes:
    file = io.BytesIO()
    Image.fromarray(view).save(file, "WEBP", quality=WEBP_QUALITY, method=4)
    return file.getvalue()
