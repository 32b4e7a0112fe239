"""The videos of a folder as pictures for the model, with a note on each that is peculiar."""

import json
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.face_detector import FaceBox, FaceDetector
from confapp.media.framing import FaceFraming
from confapp.media.video_frame import RgbImage

VIDEO_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov")
PEOPLE_FILE = "clips.json"  # optional: [{"file": ..., "identity": ...}]
MOST_FRAMES = 1500  # of a clip; a minute, and 300 MB of pictures at 256x256
UNEVEN = 1.5  # a gap this much longer than the median one makes a variable frame rate


@dataclass(frozen=True, slots=True)
class ClipNote:
    """What is to be known of one file.

    Attributes:
        file: its name, without the folder.
        measured: False where it was left out.
        text: why, or what was peculiar.
    """

    file: str
    measured: bool
    text: str

    def facts(self) -> dict[str, str | bool]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class FolderClip:
    """All frames of one file.

    Attributes:
        path: the file.
        name: its name without the ending.
        person: whom it shows.
        fps: mean frames a second.
        frames: two at least, (S, S, 3) uint8.
    """

    path: Path
    name: str
    person: str
    fps: Fraction
    frames: list[RgbImage]


class ClipFolder:
    """Reads the videos of a folder one by one; what cannot be used is noted and left out.

    A square picture is scaled. Any other is framed as in a call, from the first face on.

    Args:
        folder: with videos; `clips.json` in it may say whom they show.
        side: of the pictures, pixels.

    Attributes:
        paths: of the videos, by name.
        notes: on the clips read so far.

    Raises:
        ConfappError: `videos-not-found`, or `people-unreadable`.
    """

    def __init__(self, folder: Path, side: int) -> None:
        files = folder.glob("*") if folder.is_dir() else iter(())
        self.paths = sorted(path for path in files if path.suffix.lower() in VIDEO_SUFFIXES)
        if not self.paths:
            raise ConfappError("videos-not-found", f"There is no video in {folder}.")
        self.notes: list[ClipNote] = []
        self._side = side
        self._people = _people(folder)
        self._detector = FaceDetector()

    def read(self, path: Path) -> FolderClip | None:
        """All frames of one of the videos, or None with a note that says why."""
        try:
            clip = Clip(path)
        except ConfappError as error:
            self.leave_out(path, error.message.replace(str(path), path.name))
            return None
        square = clip.size[0] == clip.size[1]
        pictures = _Pictures(self._side, None if square else FaceFraming(self._side))
        for frame in clip.frames():
            if len(pictures.frames) == MOST_FRAMES:
                self.note(path, f"only the first {MOST_FRAMES} frames are measured")
                break
            pictures.add(frame.rgb, frame.timestamp_ms)
        if clip.broken:
            self.note(path, f"it breaks off after {len(pictures.times)} frames: {clip.broken}")
        if len(pictures.times) < 2:
            self.leave_out(path, "it has fewer than two frames")
            return None
        if not square:
            size = f"{clip.size[0]}x{clip.size[1]}"
            self.note(path, f"its pictures of {size} are framed as in a call")
        if len(pictures.frames) < 2:
            self.leave_out(path, "no face is seen in it")
            return None
        if pictures.uneven:
            self.note(path, "its frame rate varies: frames are taken as they come, at the mean")
        person = self._people.get(path.name, path.stem)
        return FolderClip(path, path.stem, person, pictures.fps, pictures.frames)

    def faces(self, clip: FolderClip, numbers: list[int]) -> dict[int, FaceBox]:
        """The face to measure in each of these frames; frames without one are left out."""
        seen = {number: self._detector.detect(clip.frames[number]) for number in numbers}
        several = sum(len(faces) > 1 for faces in seen.values())
        if several:
            self.note(
                clip.path,
                f"two faces or more in {several} of {len(seen)} frames looked at: the largest and "
                "most central is measured",
            )
        return {number: faces[0] for number, faces in seen.items() if faces}

    def note(self, path: Path, text: str) -> None:
        """A peculiarity of a file that is measured all the same."""
        self.notes.append(ClipNote(path.name, measured=True, text=text))

    def leave_out(self, path: Path, text: str) -> None:
        """A file that is not measured; what else was said of it no longer matters."""
        self.notes = [note for note in self.notes if note.file != path.name]
        self.notes.append(ClipNote(path.name, measured=False, text=text))


@dataclass(slots=True)
class _Pictures:
    """Frames as they are read.

    Attributes:
        side: of the pictures, pixels.
        framing: for pictures that are not square.
        frames: the pictures; with framing, from the first face on.
        times: ms, of all frames.
    """

    side: int
    framing: FaceFraming | None
    frames: list[RgbImage] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def add(self, rgb: RgbImage, timestamp_ms: int) -> None:
        self.times.append(timestamp_ms)
        if self.framing is None:
            self.frames.append(_resized(rgb, self.side))
            return
        view = self.framing.frame(rgb).rgb
        if view is not None:
            self.frames.append(view)

    @property
    def fps(self) -> Fraction:
        return Fraction(1000 * (len(self.times) - 1), self.times[-1] - self.times[0])

    @property
    def uneven(self) -> bool:
        gaps = np.diff(self.times)
        return bool(gaps.max() > UNEVEN * median(gaps.tolist()))


def _resized(rgb: RgbImage, side: int) -> RgbImage:
    if rgb.shape[0] == side:
        return rgb
    way = cv2.INTER_AREA if rgb.shape[0] > side else cv2.INTER_LINEAR
    return cv2.resize(rgb, (side, side), interpolation=way).astype(np.uint8, copy=False)


def _people(folder: Path) -> dict[str, str]:
    """Whom each file shows, where the folder says so."""
    path = folder / PEOPLE_FILE
    if not path.is_file():
        return {}
    try:
        return {entry["file"]: str(entry["identity"]) for entry in json.loads(path.read_text())}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfappError(
            "people-unreadable",
            f'{path} is no list of {{"file": ..., "identity": ...}} ({error!r}).',
        ) from error
