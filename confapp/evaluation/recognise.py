"""Who is it, by the nearest canonical keypoints (the paper's appendix on what they hold)?

Canonical keypoints should tell a person's shape, whatever pose and expression. So a picture is
given to the person whose own first picture has the nearest ones, beside what the landmarks of a
network tell in the same way, and beside chance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_region import Points
from models.talking_head import TalkingHead

PROBES = 6  # of each person's clip, evenly spread

Shape = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recognition:
    """Shares of pictures given to the right person.

    Attributes:
        people, probes: how many.
        chance: 1 / people.
        keypoints: by canonical keypoints.
        landmarks: by 68 landmarks without place, scale and roll; None where they are unknown.
    """

    people: int
    probes: int
    chance: float
    keypoints: float
    landmarks: float | None


def recognise(
    head: TalkingHead,
    clips: Sequence[EvaluationClip],
    advance: Callable[[], None] = lambda: None,
) -> Recognition:
    """Give every probe to a person.

    Args:
        clips: one of each person, of two people at least; the first frame is the one known.
        advance: called after each clip.
    """
    keypoints: list[list[Shape]] = []
    landmarks: list[list[Shape]] = []
    for clip in clips:
        spread = np.linspace(1, len(clip.frames) - 1, PROBES).round().astype(int)
        chosen = [0, *dict.fromkeys(spread.tolist())]
        keypoints.append([_canonical(head, clip, index) for index in chosen])
        landmarks.append([upright_shape(clip.landmarks[index]) for index in chosen])
        advance()
    known = all(np.isfinite(shape).all() for shapes in landmarks for shape in shapes)
    return Recognition(
        people=len(clips),
        probes=sum(len(shapes) - 1 for shapes in keypoints),
        chance=1 / len(clips),
        keypoints=share_recognised(keypoints),
        landmarks=share_recognised(landmarks) if known else None,
    )


def share_recognised(people: Sequence[Sequence[Shape]]) -> float:
    """Share of all but the first shapes of each person that are nearest to that one's first."""
    gallery = np.stack([shapes[0].ravel() for shapes in people])
    right = [
        int(np.linalg.norm(gallery - probe.ravel(), axis=1).argmin()) == person
        for person, shapes in enumerate(people)
        for probe in shapes[1:]
    ]
    return float(np.mean(right))


def upright_shape(landmarks: Points) -> Shape:
    """Landmarks about their middle, of size 1, with level eyes."""
    centred = landmarks - landmarks.mean(0)
    across = landmarks[42:48].mean(0) - landmarks[36:42].mean(0)
    angle = np.arctan2(across[1], across[0])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    size = max(float(np.linalg.norm(centred)), 1e-9)
    return np.asarray(centred @ turn.T / size, np.float64)


def _canonical(head: TalkingHead, clip: EvaluationClip, index: int) -> Shape:
    points = head.encode_source(clip.frames[index]).canonical[0].cpu().numpy()
    return np.asarray(points, np.float64)
