"""Heads redirected: to the front, and over a grid of yaw and pitch (the paper's section 4.3).

A rendering is good where the identity network takes it for the source's person and the head is
within 15 degrees of the pose asked for. The pose is measured by the landmark network's face mesh,
which knows nothing of the model; without that network by the model's own encoder, and then it is
no independent figure.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from statistics import fmean

import numpy as np

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_identity import Embedding
from confapp.evaluation.face_region import FacePlace
from confapp.evaluation.head_angle import (
    Rotation,
    angle_between,
    head_rotation,
    offset_rotation,
)
from confapp.evaluation.identity_threshold import IdentityThreshold
from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.rendering_grid import (
    ANGLE_MESH,
    CSIM_SOURCE,
    GOOD,
    GOOD_ANGLE,
    GOOD_IDENTITY,
    Cell,
    FaceFinder,
    GridRow,
    RenderingGrid,
    score,
)
from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.head_rotation import angles_of
from models.talking_head import TalkingHead

MOST_ANGLE = 15.0  # degrees, the paper's
YAWS = (-30, -15, 0, 15, 30)  # degrees
PITCHES = (-15, 0, 15)
CALIBRATION_FRAMES = 6  # of each clip
FRONTAL, GRID = "redirect-frontal", "redirect-grid"


def calibrate(clips: Sequence[EvaluationClip], metrics: PictureMetrics) -> IdentityThreshold | None:
    """The identity threshold of these people; None without the networks."""
    people: dict[str, list[Embedding]] = {}
    for clip in clips:
        chosen = np.linspace(0, len(clip.frames) - 1, CALIBRATION_FRAMES).round().astype(int)
        for index in dict.fromkeys(chosen.tolist()):
            place = FacePlace.of_landmarks(clip.landmarks[index])
            embedding = metrics.look(clip.frames[index], place).embedding
            if embedding is not None:
                people.setdefault(clip.person, []).append(embedding)
    return IdentityThreshold.of(people)


def most_turned_first(clip: EvaluationClip, head: TalkingHead) -> EvaluationClip:
    """The clip with the frame on top whose head is turned furthest from the front."""
    front = np.eye(3)
    turned = [
        angle_between(head_rotation(head.encode_motion(frame)), front) for frame in clip.frames
    ]
    order = [int(np.argmax(turned))]
    order += [index for index in range(len(turned)) if index != order[0]]
    return replace(
        clip,
        frames=[clip.frames[index] for index in order],
        landmarks=clip.landmarks[order],
        numbers=clip.numbers[order],
    )


def frontalise(
    head: TalkingHead,
    metrics: PictureMetrics,
    people: Sequence[Performer],
    threshold: IdentityThreshold | None,
    *,
    advance: Callable[[], None] = lambda: None,
) -> RenderingGrid:
    """Everybody's picture turned to the front by what the model knows of its pose.

    Args:
        people: with pictures that are turned.
        advance: called after each row.
    """
    grid = RenderingGrid(FRONTAL, "heads turned to the front", ["frontal"])
    judge = _Judge(head, metrics, people, threshold)
    for source in people:
        offset = frontal_offset(source.appearance.motion)
        grid.rows.append(GridRow(source, [judge.cell(source, offset, frontal=True)]))
        advance()
    return grid


def redirect(
    head: TalkingHead,
    metrics: PictureMetrics,
    people: Sequence[Performer],
    threshold: IdentityThreshold | None,
    *,
    advance: Callable[[], None] = lambda: None,
) -> RenderingGrid:
    """Everybody's picture turned by each yaw and pitch.

    Args:
        advance: called after each row.
    """
    offsets = [PoseOffset(yaw=yaw, pitch=pitch) for pitch, yaw in product(PITCHES, YAWS)]
    columns = [f"yaw {offset.yaw:+d} pitch {offset.pitch:+d}" for offset in offsets]
    grid = RenderingGrid(GRID, "heads turned by yaw and pitch, degrees", columns)
    judge = _Judge(head, metrics, people, threshold)
    for source in people:
        cells = [judge.cell(source, offset, frontal=False) for offset in offsets]
        grid.rows.append(GridRow(source, cells))
        advance()
    return grid


def frontal_offset(motion: MotionFrame) -> PoseOffset:
    """The turn R_u with R_u R = 1."""
    yaw, pitch, roll = angles_of(head_rotation(motion).T).tolist()
    return PoseOffset(yaw, pitch, roll)


def good_rates(grid: RenderingGrid) -> dict[str, float]:
    """Share of all renderings that are good, by what is asked of them."""
    cells = [cell for row in grid.rows for cell in row.cells]
    return {
        name: fmean(cell.scores[name] for cell in cells)
        for name in (GOOD, GOOD_IDENTITY, GOOD_ANGLE)
        if all(name in cell.scores for cell in cells)
    }


class _Judge:
    """Renders and scores one cell after the other."""

    def __init__(
        self,
        head: TalkingHead,
        metrics: PictureMetrics,
        people: Sequence[Performer],
        threshold: IdentityThreshold | None,
    ) -> None:
        self._head = head
        self._metrics = metrics
        self._people = people
        self._threshold = threshold
        self._finder = FaceFinder()

    def cell(self, source: Performer, offset: PoseOffset, *, frontal: bool) -> Cell:
        """One rendering; `frontal` asks for a head that looks at the camera."""
        motion = source.appearance.motion
        rendering = self._head.render(source.appearance, motion, offset)
        look = self._metrics.look(rendering, self._finder.place(rendering, source.place()))
        by_encoder = np.eye(3) if frontal else head_rotation(motion, offset)
        cell = score(self._head, look, by_encoder, source=source, people=self._people)
        if look.rotation is not None and source.look.rotation is not None:
            asked: Rotation = np.eye(3)
            if not frontal:
                asked = offset_rotation(offset) @ source.look.rotation
            angle = angle_between(look.rotation, asked)
            cell.scores[ANGLE_MESH] = angle
            cell.scores[GOOD_ANGLE] = float(angle <= MOST_ANGLE)
        if self._threshold is not None and CSIM_SOURCE in cell.scores:
            alike = cell.scores[CSIM_SOURCE] >= self._threshold.value
            cell.scores[GOOD_IDENTITY] = float(alike)
        if GOOD_ANGLE in cell.scores and GOOD_IDENTITY in cell.scores:
            cell.scores[GOOD] = cell.scores[GOOD_ANGLE] * cell.scores[GOOD_IDENTITY]
        return cell
