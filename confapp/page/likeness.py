"""How well renderings from a photo follow the person, in words."""

from collections import deque

import numpy as np

from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from confapp.openings import mouth_gap
from confapp.page.source_guide import Hint
from models.talking_head import TalkingHead

RENDERINGS = 8  # that a word rests on
# Medians over both of the demo's people: 0.2 degrees and 0.02 half images from their own good
# photos, 0.8 and 0.09 with the other's motion, 8.5 and 0.13 from noise instead of a photo.
GOOD_POSE, FAIR_POSE = 1.5, 4.0  # degrees, mean of yaw, pitch and roll
GOOD_MOUTH, FAIR_MOUTH = 0.035, 0.07  # half images

GOOD = "Good: it follows your head and mouth."
FAIR = "Fair: it follows you with some error."
POOR = "Poor: it hardly follows you. Another photo will do better."
FAULTS = {
    Hint.MOVE_BACK: "The head is not whole in it.",
    Hint.CENTRE: "The head is not whole in it.",
    Hint.TURN_LEFT: "The face is turned away in it.",
    Hint.TURN_RIGHT: "The face is turned away in it.",
    Hint.CHIN_UP: "The face looks down in it.",
    Hint.CHIN_DOWN: "The face looks up in it.",
    Hint.STRAIGHT: "The head is tilted in it.",
    Hint.TOO_DARK: "It is too dark.",
    Hint.TOO_BRIGHT: "It is too bright.",
    Hint.SIDE_LIGHT: "Its light comes from one side.",
    Hint.BLURRED: "It is blurred.",
    Hint.MOUTH: "The mouth is not at rest in it.",
    Hint.EYES: "The eyes are closed in it.",
}


class Likeness:
    """Compares head pose and mouth of renderings with what was asked for.

    Args:
        head: the model.
        fault: what the guide says of the photo itself.
        landmarks: whether the model's first keypoints are landmarks.
    """

    def __init__(self, head: TalkingHead, fault: Hint, *, landmarks: bool) -> None:
        self._head = head
        self._fault = FAULTS.get(fault, "")
        self._landmarks = landmarks
        self._errors: deque[tuple[float, float]] = deque(maxlen=RENDERINGS)

    @property
    def known(self) -> bool:
        """Enough was seen; looking on costs time and adds little."""
        return len(self._errors) == RENDERINGS

    def look(self, motion: MotionFrame, rendering: RgbImage) -> None:
        """Take one rendering, (size, size, 3) uint8, and the motion that it was made from."""
        seen = self._head.encode_motion(rendering)
        turn = seen.rotation.astype(np.float64) - motion.rotation.astype(np.float64)
        mouth = mouth_gap(seen) - mouth_gap(motion) if self._landmarks else 0.0
        self._errors.append((float(np.abs(turn).mean()), abs(mouth)))

    @property
    def words(self) -> str:
        """A sentence or two; only what the photo itself shows while too little was seen."""
        if not self.known:
            return self._fault
        pose, mouth = np.median(self._errors, axis=0)
        if pose <= GOOD_POSE and mouth <= GOOD_MOUTH:
            following = GOOD
        elif pose <= FAIR_POSE and mouth <= FAIR_MOUTH:
            following = FAIR
        else:
            following = POOR
        return f"{following} {self._fault}".strip()
