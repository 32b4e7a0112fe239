"""How this head really moves, learned from what the camera sees of it.

Not in the paper. J of eq. 4 turns hair, ears and neck as far as H says, and keypoints are placed as
H and delta say. Both are wrong by a share of the turn that is each person's own, so things are
drawn beside where they are. The sender has the camera's picture and can render what the other side
sees: how the two differ while the head is turned says how the head should be moved.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.dense_flow import DenseFlow, GreyPicture
from models.head_rotation import turn_between
from models.moved_head import MOVES, moved_head
from models.talking_head import SourceAppearance, TalkingHead
from sender.source_watch import SeenFrame

LEAST_TURN = 0.04  # radians from the source's pose, that a frame tells anything
# Turns, shifts and growth by which a rendering is moved, to see what each of them moves.
PROBES = np.array([0.06, 0.06, 0.06, 0.02, 0.02, 0.05])
MOST_PROBES = 3.0  # a correction is at most so many of them: further than that it is a guess
EVERY = 2  # one of so many pixels each way counts
FLOW_NOISE = 0.25  # square pixels, by which shifts that are found are off
ASTRAY = 3.0  # pixels: shifts that differ by more than that count little
# What is thought of the gains before anything is seen: docs/training.md says how it was found.
PRECISION = np.array([5.0, 5.0, 5.0, 100.0, 100.0, 25.0])
CONSTANT = 0.1  # radians: what belongs to every frame is told as if by a turn of that much
MOST_FRAMES = 32  # then a head is known
EASE_MS = 300.0  # what is learned shows little by little, so that the head does not jump
LEAST_MOVE = 1e-3  # radians, half images

Numbers = NDArray[np.floating[Any]]
NOTHING: Numbers = np.zeros((MOVES, 4))


@dataclass(frozen=True, slots=True, eq=False)
class _Lacking:
    """What a frame says of the move m that it lacks: m' H m - 2 r' m is least."""

    curvature: Numbers  # H (6, 6)
    pull: Numbers  # r (6,)


class PoseCalibration:
    """The gains A of one person before one source: a head turned by z is moved by A (z, 0.1).

    z is the rotation vector from the source's pose, and the move is that of `moved_head`. A (6, 4)
    is the mean of a Gaussian that begins at zero and learns from every frame as far as that frame
    can tell (Bayesian linear regression).

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
        self._precision: Numbers = np.diag(np.repeat(PRECISION, 4))
        self._evidence: Numbers = np.zeros(MOVES * 4)
        self._gain = NOTHING
        self._shown = NOTHING
        self._shown_ms: int | None = None

    def learn(self, frame: SeenFrame) -> bool:
        """Take in what a frame tells; False where it tells nothing.

        Takes the time of seven renderings, where the head is turned.

        Args:
            frame: with its motion as `encode_motion` gave it.
        """
        known = self.frames >= MOST_FRAMES or not self._can_learn
        turn = self._turn(frame.motion)
        if known or np.linalg.norm(turn[:3]) < LEAST_TURN:
            return False
        move = _within_reach(self._gain @ turn)
        lacking = self._lacking(self._moved(frame.motion, move), frame.view)
        if lacking is None:
            return False
        self._precision += np.kron(lacking.curvature, np.outer(turn, turn))
        self._evidence += np.kron(lacking.pull + lacking.curvature @ move, turn)
        self._gain = np.linalg.solve(self._precision, self._evidence).reshape(NOTHING.shape)
        self.frames += 1
        return True

    def corrected(self, motion: MotionFrame, *, room: bool = True) -> MotionFrame:
        """The frame as it should travel, in order of time.

        Args:
            room: the link takes another byte a frame; without, the correction fades out.
        """
        if self._shown_ms is None:
            self._shown_ms = motion.timestamp_ms
        passed_ms = max(motion.timestamp_ms - self._shown_ms, 0)
        self._shown_ms = motion.timestamp_ms
        wanted = self._gain if room else NOTHING
        self._shown = wanted + (self._shown - wanted) * np.exp(-passed_ms / EASE_MS)
        move = _within_reach(self._shown @ self._turn(motion))
        return motion if np.abs(move).max() < LEAST_MOVE else self._moved(motion, move)

    def _turn(self, motion: MotionFrame) -> Numbers:
        """(z, 0.1)."""
        return np.append(turn_between(self._appearance.motion.rotation, motion.rotation), CONSTANT)

    def _moved(self, motion: MotionFrame, move: Numbers) -> MotionFrame:
        return moved_head(motion, self._canonical, move)

    def _lacking(self, motion: MotionFrame, view: RgbImage) -> _Lacking | None:
        """A robust Gauss-Newton step from the rendering to the camera's picture."""
        seen, shown = _grey(view), self._rendered(motion)
        lacking = self._shifts(shown, seen)
        probes = [self._rendered(self._moved(motion, probe)) for probe in np.diag(PROBES)]
        moves = np.stack([self._shifts(shown, probe) for probe in probes], axis=-1) / PROBES
        detail = np.minimum(_gradient(shown), _gradient(seen))
        if not detail.any():
            return None
        step = np.zeros(MOVES)
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


def _within_reach(move: Numbers) -> Numbers:
    return np.clip(move, -MOST_PROBES * PROBES, MOST_PROBES * PROBES)


def _grey(picture: RgbImage) -> GreyPicture:
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    return grey.astype(np.uint8, copy=False)


def _gradient(picture: GreyPicture) -> Numbers:
    """How much there is to follow: the size of the gradient, (n,)."""
    across, down = (cv2.Sobel(picture, cv2.CV_64F, *axis) for axis in ((1, 0), (0, 1)))
    return np.hypot(across, down)[::EVERY, ::EVERY].ravel()
