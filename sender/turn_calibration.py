"""How far this head really turns, learned from what the camera sees of it.

Not in the paper. J of eq. 4 turns hair, ears and neck as far as H says. H is wrong by a share of
the turn that is each person's own, and what no keypoint holds in place is drawn beside where it
is. The sender has the camera's picture and can render what the other side sees: how the two differ
while the head is turned says by how much J should turn.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.dense_flow import DenseFlow, GreyPicture
from models.talking_head import SourceAppearance, TalkingHead
from models.turned_motion import turn_between, turned
from sender.source_watch import SeenFrame

LEAST_TURN = 0.04  # radians from the source's pose, that a frame tells anything
PROBE = 0.06  # radians by which a rendering is turned, to see what a turn moves
EVERY = 2  # one of so many pixels each way counts
FLOW_NOISE = 0.25  # square pixels, by which shifts that are found are off
ASTRAY = 3.0  # pixels: shifts that differ by more than that count little
# Precision of the gains before anything is seen (how it was found: docs/training.md).
GAIN_PRECISION = 5.0
MOST_FRAMES = 32  # then a head is known
EASE_MS = 300.0  # what is learned shows little by little, so that the head does not jump
LEAST_CORRECTION = 1e-3  # radians

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class _Lacking:
    """What a frame says of the rotation vector w that its pose lacks: w' H w - 2 r' w, least."""

    curvature: Numbers  # H (3, 3), 1/radians^2
    pull: Numbers  # r (3,)


class TurnCalibration:
    """The gains A of one person before one source: a head turned by z needs exp(A z) R in J.

    z is the rotation vector from the source's pose. A (3, 3) is the mean of a Gaussian that begins
    at zero and learns from every frame as far as that frame can tell (Bayesian linear regression).

    One thread learns and another one corrects.

    Args:
        head: the model.
        appearance: the source that the other side animates, of the person before the camera.

    Attributes:
        frames: so many were learned from.
    """

    def __init__(self, head: TalkingHead, appearance: SourceAppearance) -> None:
        self.frames = 0
        self._head = head
        self._appearance = appearance
        self._canonical = appearance.canonical[0].double().numpy()
        config = head.config
        self._can_learn = config.canonical is not None and config.rotation_in_flow
        self._search = DenseFlow()
        self._precision: Numbers = GAIN_PRECISION * np.eye(9)
        self._evidence: Numbers = np.zeros(9)
        self._gain: Numbers = np.zeros((3, 3))
        self._shown: Numbers = np.zeros((3, 3))
        self._shown_ms: int | None = None

    def learn(self, frame: SeenFrame) -> bool:
        """Take in what a frame tells; False where it tells nothing.

        Takes the time of four renderings, where the head is turned.

        Args:
            frame: with its motion as `encode_motion` gave it.
        """
        turn = turn_between(self._appearance.motion, frame.motion)
        known = self.frames >= MOST_FRAMES or not self._can_learn
        if known or np.linalg.norm(turn) < LEAST_TURN:
            return False
        lacking = self._lacking(frame)
        if lacking is None:
            return False
        self._precision += np.kron(lacking.curvature, np.outer(turn, turn))
        self._evidence += np.kron(lacking.pull, turn)
        self._gain = np.linalg.solve(self._precision, self._evidence).reshape(3, 3)
        self.frames += 1
        return True

    def corrected(self, motion: MotionFrame, *, room: bool = True) -> MotionFrame:
        """The frame as it should travel, in order of time.

        Args:
            room: the link takes another byte a frame; without, the correction fades out.
        """
        if self._shown_ms is None:
            self._shown_ms = motion.timestamp_ms
        passed_ms = motion.timestamp_ms - self._shown_ms
        self._shown_ms = motion.timestamp_ms
        wanted = self._gain if room else np.zeros((3, 3))
        self._shown = wanted + (self._shown - wanted) * np.exp(-passed_ms / EASE_MS)
        if not self._shown.any():
            return motion
        correction = self._shown @ turn_between(self._appearance.motion, motion)
        if np.linalg.norm(correction) < LEAST_CORRECTION:
            return motion
        return turned(motion, self._canonical, correction)

    def _lacking(self, frame: SeenFrame) -> _Lacking | None:
        """A robust Gauss-Newton step from the rendering to the camera's picture."""
        seen, shown = _grey(frame.view), self._rendered(frame.motion)
        lacking = self._shifts(shown, seen)
        moves = np.stack(
            [
                self._shifts(shown, self._rendered(turned(frame.motion, self._canonical, probe)))
                for probe in PROBE * np.eye(3)
            ],
            axis=-1,
        )
        moves /= PROBE
        detail = np.minimum(_gradient(shown), _gradient(seen))
        if not detail.any():
            return None
        step = np.zeros(3)
        for _ in range(2):
            off = np.square(lacking - moves @ step).sum(1)
            weights = detail / (1 + off / ASTRAY**2)
            weights /= weights.sum()
            curvature = np.einsum("n,nij,nik->jk", weights, moves, moves)
            pull = np.einsum("n,nij,ni->j", weights, moves, lacking)
            step = np.linalg.lstsq(curvature, pull, rcond=0.01)[0]
        rest = weights @ np.square(lacking - moves @ step).sum(1) + FLOW_NOISE
        return _Lacking(curvature / rest, pull / rest)

    def _rendered(self, motion: MotionFrame) -> GreyPicture:
        return _grey(self._head.render(self._appearance, motion))

    def _shifts(self, one: GreyPicture, other: GreyPicture) -> Numbers:
        """(n, 2) pixels."""
        shifts = self._search.between(one, other)[::EVERY, ::EVERY]
        return shifts.reshape(-1, 2).astype(np.float64)


def _grey(picture: RgbImage) -> GreyPicture:
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    return grey.astype(np.uint8, copy=False)


def _gradient(picture: GreyPicture) -> Numbers:
    """How much there is to follow: the size of the gradient, (n,)."""
    across, down = (cv2.Sobel(picture, cv2.CV_64F, *axis) for axis in ((1, 0), (0, 1)))
    return np.hypot(across, down)[::EVERY, ::EVERY].ravel()
