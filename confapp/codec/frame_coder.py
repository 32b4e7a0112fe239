"""One frame to and from a range coder, told from the state of its reference.

timestamp        how late it is in ms; without a reference, 16 bits
shape            1 flag: keypoints and level as the reference's; else 5 and 3 bits
activity         quarter octaves above what the reference's distance lets expect
residuals        3k + 6, in steps: rotation, translation, deformations keypoint by keypoint
escapes          after them, those beyond +-127: sign, number of bits, bits
"""

from dataclasses import dataclass

import constriction
import numpy as np
from numpy.typing import NDArray

from confapp.codec.code_word import FREQUENCY_BITS, Decoder, Encoder, Model, integer_models
from confapp.codec.errors import MalformedPacketError
from confapp.codec.motion_grid import LEVELS, POSE, STEPS, numbers_of
from confapp.codec.motion_quantiser import quantised, reconstruct
from confapp.codec.motion_state import TIMESTAMP_MODULUS, MotionState
from confapp.codec.packet import MAX_KEYPOINTS
from confapp.codec.prediction_tables import FIRST_INTERVAL, PredictionTables
from confapp.codec.residual_models import (
    ACTIVITIES,
    CLASSES,
    ESCAPE,
    LARGEST,
    activity_costs,
    activity_model,
    classes_of,
    expected_activity,
    residual_costs,
    residual_models,
)
from confapp.motion_frame import MotionFrame

Uniform = constriction.stream.model.Uniform
BIT = Uniform(2)
TIMESTAMP = Uniform(TIMESTAMP_MODULUS)
KEYPOINTS = Uniform(MAX_KEYPOINTS + 1)
LEVEL = Uniform(LEVELS)
SHAPE_CHANGES: Model = integer_models(np.array([[65280, 256]]))[0]
ESCAPE_BITS = 24  # of the largest residual
ESCAPE_LENGTH = Uniform(ESCAPE_BITS)
MOST_CALM = -(ACTIVITIES // 2)
OFFSETS = np.arange(ACTIVITIES) + MOST_CALM


@dataclass(frozen=True, slots=True)
class FrameAccount:
    """What a frame carries and what that cost, in bits of information."""

    keypoints: int
    level: int
    timestamp: float
    activity: float
    rotation: float
    translation: float
    deformations: float
    escapes: int


class FrameCoder:
    """Codes frames under the tables of both ends.

    Args:
        tables: what is known beforehand.
    """

    def __init__(self, tables: PredictionTables) -> None:
        self.tables = tables
        self._models = residual_models()
        self._costs = residual_costs()
        self._activity = activity_model()
        self._activity_costs = activity_costs()

    def encode(
        self,
        encoder: Encoder,
        motion: MotionFrame,
        reference: MotionState,
        distance: int,
        level: int,
    ) -> MotionState:
        """Code a frame; the state that both ends have after it.

        Args:
            encoder: takes the symbols.
            reference: of the frame `distance` before; for distance 0 the tables' root.
            level: of the quantiser.
        """
        classes = classes_of(reference.spreads)
        delay_ms = (motion.timestamp_ms - reference.timestamp_ms) % TIMESTAMP_MODULUS
        late_ms = delay_ms - reference.expected_delay_ms(distance)
        if distance:
            self._put(encoder, [late_ms], classes[-1:])
        else:
            encoder.encode(delay_ms, TIMESTAMP)

        changes = (motion.keypoints, level) != (reference.keypoints, reference.level)
        encoder.encode(int(changes), SHAPE_CHANGES)
        if changes:
            encoder.encode(motion.keypoints, KEYPOINTS)
            encoder.encode(level, LEVEL)

        residuals, values = quantised(motion, self.tables.prediction(reference), STEPS[level])
        own_classes = classes[: len(residuals)]
        activity = self._best_activity(residuals, own_classes, distance)
        encoder.encode(activity - MOST_CALM, self._activity)
        activity += expected_activity(distance)
        self._put(encoder, residuals, _shifted(own_classes, activity))
        return self._after(
            reference,
            distance,
            values=values,
            residuals=residuals,
            activity=activity,
            delay_ms=delay_ms,
            keypoints=motion.keypoints,
            level=level,
        )

    def decode(
        self, decoder: Decoder, reference: MotionState, distance: int
    ) -> tuple[MotionState, FrameAccount]:
        """The inverse of `encode`, and an account of the frame.

        Raises:
            MalformedPacketError: symbols that no encoder writes.
        """
        classes = classes_of(reference.spreads)
        timestamp_cost = float(FREQUENCY_BITS)
        if distance:
            (late_ms,), timestamp_cost, _ = self._take(decoder, classes[-1:])
            delay_ms = reference.expected_delay_ms(distance) + late_ms
            if not 0 <= delay_ms < TIMESTAMP_MODULUS:
                raise MalformedPacketError("The packet's time is before its reference's; drop it.")
        else:
            delay_ms = decoder.decode(TIMESTAMP)

        keypoints, level = reference.keypoints, reference.level
        if decoder.decode(SHAPE_CHANGES):
            keypoints, level = decoder.decode(KEYPOINTS), decoder.decode(LEVEL)
            if keypoints > self.tables.keypoints:
                raise MalformedPacketError(
                    f"The packet carries {keypoints} keypoints, this end's tables tell up to "
                    f"{self.tables.keypoints}; drop it."
                )

        choice = decoder.decode(self._activity)
        activity = choice + MOST_CALM + expected_activity(distance)
        shifted = _shifted(classes[: numbers_of(keypoints)], activity)
        residuals, _, costs = self._take(decoder, shifted)
        try:
            values = reconstruct(residuals, self.tables.prediction(reference), STEPS[level])
        except ValueError as error:
            raise MalformedPacketError("The packet moves a face out of reach; drop it.") from error
        account = FrameAccount(
            keypoints=keypoints,
            level=level,
            timestamp=timestamp_cost,
            activity=float(self._activity_costs[choice]),
            rotation=float(costs[:3].sum()),
            translation=float(costs[3:POSE].sum()),
            deformations=float(costs[POSE:].sum()),
            escapes=sum(abs(residual) > LARGEST for residual in residuals),
        )
        state = self._after(
            reference,
            distance,
            values=values,
            residuals=residuals,
            activity=activity,
            delay_ms=delay_ms,
            keypoints=keypoints,
            level=level,
        )
        return state, account

    def _best_activity(
        self, residuals: list[int], classes: NDArray[np.int64], distance: int
    ) -> int:
        """The offset under which the residuals cost least."""
        symbols = np.minimum(np.abs(residuals), LARGEST + 1) + LARGEST
        shifted = _shifted(classes, (OFFSETS + expected_activity(distance))[:, None])
        costs = self._costs[shifted, symbols].sum(axis=1) + self._activity_costs
        return int(costs.argmin()) + MOST_CALM

    def _put(self, encoder: Encoder, residuals: list[int], classes: NDArray[np.int64]) -> None:
        escaped = []
        for residual, index in zip(residuals, classes.tolist(), strict=True):
            if -LARGEST <= residual <= LARGEST:
                encoder.encode(residual + LARGEST, self._models[index])
            else:
                encoder.encode(ESCAPE, self._models[index])
                escaped.append(residual)
        for residual in escaped:
            size = abs(residual)
            encoder.encode(int(residual < 0), BIT)
            encoder.encode(size.bit_length() - 1, ESCAPE_LENGTH)
            for bit in range(size.bit_length() - 2, -1, -1):  # its highest bit is known
                encoder.encode(size >> bit & 1, BIT)

    def _take(
        self, decoder: Decoder, classes: NDArray[np.int64]
    ) -> tuple[list[int], float, NDArray[np.float32]]:
        """The residuals, their information in all, and that of each without escapes' bits."""
        symbols = [decoder.decode(self._models[index]) for index in classes.tolist()]
        residuals = [symbol - LARGEST for symbol in symbols]
        for position, symbol in enumerate(symbols):
            if symbol == ESCAPE:
                negative, length = decoder.decode(BIT), decoder.decode(ESCAPE_LENGTH)
                size = 1
                for _ in range(length):
                    size = size << 1 | decoder.decode(BIT)
                residuals[position] = -size if negative else size
        costs = self._costs[classes, symbols]
        return residuals, float(costs.sum()), costs

    def _after(
        self,
        reference: MotionState,
        distance: int,
        *,
        values: NDArray[np.int64],
        residuals: list[int],
        activity: int,
        delay_ms: int,
        keypoints: int,
        level: int,
    ) -> MotionState:
        if distance:
            late_ms = delay_ms - reference.expected_delay_ms(distance)
            spreads = reference.next_spreads(residuals, late_ms, activity)
            interval = reference.next_interval(delay_ms, distance)
        else:
            spreads, interval = self.tables.after_root, FIRST_INTERVAL
        timestamp_ms = (reference.timestamp_ms + delay_ms) % TIMESTAMP_MODULUS
        return MotionState.of(
            values,
            spreads,
            interval=interval,
            timestamp_ms=timestamp_ms,
            keypoints=keypoints,
            level=level,
        )


def _shifted(classes: NDArray[np.int64], activity: int | NDArray[np.int64]) -> NDArray[np.int64]:
    shifted: NDArray[np.int64] = np.clip(classes + activity, 0, CLASSES - 1)
    return shifted
