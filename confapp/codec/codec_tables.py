"""All tables of a model, in one file: both modes' knowledge of its motion."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from confapp.codec.frequency_table import FrequencyTables, read_file, write_document
from confapp.codec.keypoint_completion import KeypointCompletion
from confapp.codec.motion_codec import CodecMode, MotionCodec
from confapp.codec.paper_mode import PaperCodec
from confapp.codec.prediction_tables import PredictionTables
from confapp.codec.predictive_mode import PredictiveCodec
from confapp.motion_frame import MotionFrame

FOLDER = Path(__file__).parent / "tables"
# Names in a frequency tables' document; older files have none of these.
PREDICTION = "prediction"
COMPLETION = "completion"


@dataclass(frozen=True, eq=False)
class CodecTables:
    """The tables of both modes.

    Attributes:
        frequency: the paper mode's.
        prediction: the predictive mode's, of the same K.
        completion: the paper mode's, for keypoints that are not sent; of the same K.
    """

    frequency: FrequencyTables
    prediction: PredictionTables
    completion: KeypointCompletion

    @classmethod
    def generic(cls, keypoints: int) -> Self:
        """Tables that know nothing, and work with any model of so many keypoints."""
        return cls(
            FrequencyTables.uniform(keypoints),
            PredictionTables.generic(keypoints),
            KeypointCompletion.zero(keypoints),
        )

    @classmethod
    def shipped(cls, model_fingerprint: str, keypoints: int) -> Self:
        """The tables learned with these weights; the generic ones where there are none.

        Args:
            model_fingerprint: names the weights, and the file.
            keypoints: the model's K.

        Raises:
            TableError: the file is there, but damaged.
        """
        path = FOLDER / f"{model_fingerprint}.json"
        return cls.load(path) if path.is_file() else cls.generic(keypoints)

    @classmethod
    def fit(cls, clips: Sequence[Sequence[MotionFrame]], epoch: int) -> Self:
        """Learn all from the motion of people, a clip each; see the three classes' `fit`.

        Raises:
            ValueError: no frames, unequal keypoints, or an epoch outside 1 to 31.
        """
        frames = (frame for clip in clips for frame in clip)
        return cls(
            FrequencyTables.fit(frames, epoch),
            PredictionTables.fit(clips),
            KeypointCompletion.fit(clips),
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file that `save` wrote; parts that an older file lacks know nothing.

        Raises:
            TableError: no such file, another kind or version of file, or a damaged one.
        """
        data = read_file(path)
        frequency = FrequencyTables.from_bytes(data)  # it is a JSON object, then
        document = json.loads(data)
        tables = cls.generic(frequency.keypoints)
        prediction, completion = tables.prediction, tables.completion
        if PREDICTION in document:
            prediction = PredictionTables.from_document(document[PREDICTION])
        if COMPLETION in document:
            completion = KeypointCompletion.from_document(document[COMPLETION])
        return cls(frequency, prediction, completion)

    def save(self, path: Path) -> None:
        """Write all as one checksummed JSON file; an older one stays until it is whole.

        Raises:
            TableError: `table-unwritable`.
        """
        rest = {
            PREDICTION: self.prediction.to_document(),
            COMPLETION: self.completion.to_document(),
        }
        write_document(path, self.frequency.to_document() | rest)

    @property
    def keypoints(self) -> int:
        """The most keypoints that a frame may have (K)."""
        return self.frequency.keypoints

    def codec(self, mode: CodecMode) -> MotionCodec:
        """The coder of one mode under these tables."""
        if mode is CodecMode.PAPER:
            return PaperCodec(self.frequency, self.completion)
        return PredictiveCodec(self.prediction)
