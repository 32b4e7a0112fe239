"""Where this person's pictures show things beside their place, learned from what the camera sees.

Not in the paper. The sender has the camera's picture and can render what the other side sees. How
the two differ, in each part of the picture and by how far the head has left the source's pose, is
what `models.flow_correction` corrects.
"""

import cv2
import numpy as np

from confapp.media.video_frame import RgbImage
from models.dense_flow import DenseFlow, GreyPicture
from models.flow_correction import FEATURES, GRID, MOST_WAY, FlowCorrection, Numbers, departure
from models.talking_head import SourceAppearance, TalkingHead
from sender.source_watch import SeenFrame

# How sure it is before anything is seen that things are where they belong, in frames of a
# departure of 1: docs/training.md says how it was chosen.
PRECISION = 0.02
NEIGHBOURS = 0.5  # cells: the deviation of the Gaussian by which a cell also hears those beside it
# What a frame adds: how far what is predicted for it varies, over how far one observation does
# (leverage). After some 25 frames of one pose it is less.
LEAST_NEWS = 0.04
LEAST_SURE = 0.25  # share of the picture that is found; a hand or a blur before the face hides more
LEAST_LESSONS = 8  # from one correction that is told to the next, and half of those before it
LEAST_CHANGE = 1 / 256  # half images that it moves things by, on average: half a pixel of 256


class FlowCalibration:
    """Bayesian linear regression in every cell, from each frame that tells something new.

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
        self._search = DenseFlow()
        self._known: Numbers = PRECISION * np.eye(FEATURES)
        self._curvature: Numbers = np.zeros((GRID, GRID, FEATURES, FEATURES))
        self._pull: Numbers = np.zeros((GRID, GRID, FEATURES, 2))
        self._newest: Numbers = np.zeros(FEATURES)
        self._told = FlowCorrection.nothing()
        self._told_frames = 0

    def learn(self, frame: SeenFrame) -> bool:
        """Take in what a frame tells; False where enough is known of such a pose, or little found.

        Takes the time of a rendering and of two searches for flow.
        """
        at = departure(self._appearance.motion, frame.motion)
        if at @ np.linalg.solve(self._known, at) < LEAST_NEWS:
            return False
        shown = self._head.render(self._appearance, frame.motion)
        ways, weights = self._lacking(frame.view, shown)
        sure = weights.mean()
        if sure < LEAST_SURE:
            return False
        self._known += sure * np.outer(at, at)
        self._curvature += weights[..., None, None] * np.outer(at, at)
        self._pull += (weights[..., None] * ways)[:, :, None] * at[:, None]
        self._newest = at
        self.frames += 1
        return True

    def correction(self) -> FlowCorrection:
        """What is known so far."""
        curvature, pull = (
            cv2.GaussianBlur(sums.reshape(GRID, GRID, -1), (0, 0), NEIGHBOURS).reshape(sums.shape)
            for sums in (self._curvature, self._pull)
        )
        solved = np.linalg.solve(curvature + PRECISION * np.eye(FEATURES), pull)
        return FlowCorrection(solved.transpose(2, 3, 0, 1))

    def tell(self) -> bytes | None:
        """The correction as it travels, where it would show in the newest frame; else None."""
        if self.frames < self._told_frames + max(LEAST_LESSONS, self._told_frames // 2):
            return None
        code = self.correction().to_bytes()
        correction = FlowCorrection.from_bytes(code)
        change = correction.ways(self._newest) - self._told.ways(self._newest)
        if np.linalg.norm(change, axis=-1).mean() < LEAST_CHANGE:
            return None
        self._told, self._told_frames = correction, self.frames
        return code

    def _lacking(self, seen: RgbImage, shown: RgbImage) -> tuple[Numbers, Numbers]:
        """By cell, the mean way (12, 12, 2) in half images, and the share that it is known of."""
        flow, sure = self._search.there_and_back(_grey(seen), _grey(shown))
        ways = flow * np.float32(2 / len(seen))
        weights = (sure & (np.hypot(ways[..., 0], ways[..., 1]) < MOST_WAY)).astype(np.float32)
        share = _by_cell(weights)
        total = _by_cell(ways * weights[..., None])
        return total / np.maximum(share, np.finfo(np.float32).tiny)[..., None], share


def _by_cell(plane: Numbers) -> Numbers:
    return np.asarray(cv2.resize(plane, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float64)


def _grey(picture: RgbImage) -> GreyPicture:
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    return grey.astype(np.uint8, copy=False)
