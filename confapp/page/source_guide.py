"""The guided source shot: one hint at a time, and the picture that is taken when all is right.

A first frame that is not neutral distorts the mouth for the rest of a call, so the shot waits for a
face from the front, at rest, sharp and in good light.
"""

from dataclasses import dataclass
from enum import StrEnum

from confapp.dataset.face_sharpness import least_sharpness
from confapp.page.face_measure import FaceMeasure

MAX_YAW = 9.0  # degrees; the model's own error is about 3
MAX_PITCH = 12.0
MAX_ROLL = 8.0
MAX_MOUTH = 0.045  # half images: lips at rest give up to 0.03, speaking ones 0.08 and more
MIN_EYES = 0.035  # open eyes give 0.05
MIN_LIGHT = 50.0  # grey levels
MAX_LIGHT = 220.0
MIN_SHADE = 0.55
MIN_INSIDE = 0.97
MAX_SIZE = 1.15
HOLD_S = 0.8  # that everything must be right for


class Hint(StrEnum):
    """What to do next."""

    NO_FACE = "no-face"
    MOVE_BACK = "move-back"
    CENTRE = "centre"
    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    CHIN_UP = "chin-up"
    CHIN_DOWN = "chin-down"
    STRAIGHT = "straight"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"
    SIDE_LIGHT = "side-light"
    BLURRED = "blurred"
    MOUTH = "mouth"
    EYES = "eyes"
    HOLD = "hold"
    TAKEN = "taken"


SENTENCES = {
    Hint.NO_FACE: "No face is seen: sit in front of the camera.",
    Hint.MOVE_BACK: "Move back a little, so that your whole head is in the picture.",
    Hint.CENTRE: "Move to the middle, so that your whole head is in the picture.",
    Hint.TURN_LEFT: "Turn your face a little to your left, to look into the camera.",
    Hint.TURN_RIGHT: "Turn your face a little to your right, to look into the camera.",
    Hint.CHIN_UP: "Chin up a little: look straight into the camera.",
    Hint.CHIN_DOWN: "Chin down a little: look straight into the camera.",
    Hint.STRAIGHT: "Hold your head upright.",
    Hint.TOO_DARK: "It is too dark: put a light in front of you.",
    Hint.TOO_BRIGHT: "There is too much light on your face: turn it down.",
    Hint.SIDE_LIGHT: "The light comes from one side: turn towards it.",
    Hint.BLURRED: "The picture is blurred: hold still, or wipe the lens.",
    Hint.MOUTH: "Close your mouth and relax your face.",
    Hint.EYES: "Open your eyes.",
    Hint.HOLD: "Good. Hold still.",
    Hint.TAKEN: "Your photo is taken.",
}


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the person sees while the shot is prepared.

    Attributes:
        hint: the one thing to do next.
        progress: 0 to 1, how long everything has been right.
        best: this frame is the best one since everything is right: keep it.
    """

    hint: Hint
    progress: float
    best: bool

    @property
    def sentence(self) -> str:
        """The hint for a person."""
        return SENTENCES[self.hint]

    @property
    def done(self) -> bool:
        """Everything has been right for long enough: take the best frame."""
        return self.progress >= 1.0


class SourceGuide:
    """Judges one frame after the other.

    Args:
        view_side: of the framed view in pixels; sharpness depends on it.
    """

    def __init__(self, view_side: int) -> None:
        self._least_sharpness = least_sharpness(view_side)
        self._good_since: float | None = None
        self._best = float("inf")

    def look(self, face: FaceMeasure | None, at_s: float) -> Guidance:
        """Judge the face of a frame taken at a time in seconds; None where there is none."""
        hint = self.judge(face)
        if face is None or hint is not Hint.HOLD:
            self._good_since, self._best = None, float("inf")
            return Guidance(hint, 0.0, best=False)
        if self._good_since is None:
            self._good_since = at_s
        distance = _distance(face)
        best = distance < self._best
        self._best = min(distance, self._best)
        return Guidance(hint, min(1.0, (at_s - self._good_since) / HOLD_S), best)

    def judge(self, face: FaceMeasure | None) -> Hint:  # noqa: PLR0911 - one hint a line
        """The first thing that is wrong: place before pose, light before what light spoils."""
        if face is None:
            return Hint.NO_FACE
        if face.size > MAX_SIZE:
            return Hint.MOVE_BACK
        if face.inside < MIN_INSIDE:
            return Hint.CENTRE
        if face.light < MIN_LIGHT:
            return Hint.TOO_DARK
        if face.light > MAX_LIGHT:
            return Hint.TOO_BRIGHT
        if abs(face.yaw) > MAX_YAW:  # yaw > 0 faces the picture's right, the person's left
            return Hint.TURN_RIGHT if face.yaw > 0 else Hint.TURN_LEFT
        if abs(face.pitch) > MAX_PITCH:
            return Hint.CHIN_DOWN if face.pitch > 0 else Hint.CHIN_UP
        if abs(face.roll) > MAX_ROLL:
            return Hint.STRAIGHT
        if face.shade < MIN_SHADE:
            return Hint.SIDE_LIGHT
        if face.sharpness < self._least_sharpness:
            return Hint.BLURRED
        if face.mouth is not None and face.mouth > MAX_MOUTH:
            return Hint.MOUTH
        if face.eyes is not None and face.eyes < MIN_EYES:
            return Hint.EYES
        return Hint.HOLD


def _distance(face: FaceMeasure) -> float:
    """From the perfect shot: 0 is frontal, upright and at rest; about 1 on the edge of each."""
    parts = [face.yaw / MAX_YAW, face.pitch / MAX_PITCH, face.roll / MAX_ROLL]
    if face.mouth is not None:
        parts.append(face.mouth / MAX_MOUTH)
    return sum(part**2 for part in parts)
