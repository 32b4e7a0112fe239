"""A person of a sheet: shown from one picture, or moving the others."""

from collections.abc import Iterable
from dataclasses import dataclass

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_identity import Embedding, similarity
from confapp.evaluation.face_region import FacePlace
from confapp.evaluation.picture_metrics import Look, PictureMetrics
from confapp.media.video_frame import RgbImage
from models.talking_head import SourceAppearance, TalkingHead


@dataclass(frozen=True, slots=True, eq=False)
class Performer:
    """One person with what is made once of their picture.

    Attributes:
        clip: of this person; its first frame is the picture.
        appearance: what the renderer keeps of the picture.
        look: what the networks see in the picture.
    """

    clip: EvaluationClip
    appearance: SourceAppearance
    look: Look

    @classmethod
    def of(cls, clip: EvaluationClip, head: TalkingHead, metrics: PictureMetrics) -> "Performer":
        """Take the clip's first frame as the picture."""
        picture = clip.frames[0]
        look = metrics.look(picture, FacePlace.of_landmarks(clip.landmarks[0]))
        return cls(clip, head.encode_source(picture), look)

    @property
    def person(self) -> str:
        """Whom it shows."""
        return self.clip.person

    @property
    def picture(self) -> RgbImage:
        """The source, (S, S, 3) uint8."""
        return self.clip.frames[0]

    def place(self, frame: int = 0) -> FacePlace:
        """Where the face is in a frame of the clip."""
        return FacePlace.of_landmarks(self.clip.landmarks[frame])

    def likeness(self, embedding: Embedding | None) -> float | None:
        """CSIM of a face with the picture; None without the network."""
        own = self.look.embedding
        return None if own is None or embedding is None else similarity(own, embedding)


def one_each(clips: Iterable[EvaluationClip], people: int) -> list[EvaluationClip]:
    """The first clip of each person, until there are so many people."""
    first: dict[str, EvaluationClip] = {}
    for clip in clips:
        first.setdefault(clip.person, clip)
        if len(first) == people:
            break
    return list(first.values())
