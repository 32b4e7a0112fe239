"""The file by which a run goes on where it was cut off."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from confapp.errors import ConfappError
from confapp.whole_file import whole_file
from models.config import ModelConfig

FORMAT = "confapp-training-2"


class TrainingStateError(ConfappError):
    """A training state that cannot be used, and what to do about it."""


@dataclass(frozen=True, slots=True)
class TrainingState:
    """A run cut off after a step.

    Attributes:
        config: the model's configuration.
        seed: of the run; its draws go on from it.
        seconds: trained so far.
        started_from: what the run began with, in words.
        trainer: `models.training.trainer.Trainer.state`.
    """

    config: ModelConfig
    seed: int
    seconds: float
    started_from: str
    trainer: dict[str, Any]

    def save(self, path: Path) -> None:
        """Write the file; an existing one is replaced only when the new one is complete."""
        content = {
            "format": FORMAT,
            "config": self.config.to_json(),
            "seed": self.seed,
            "seconds": self.seconds,
            "started_from": self.started_from,
            "trainer": self.trainer,
        }
        with whole_file(path) as part:
            torch.save(content, part)

    @classmethod
    def load(cls, path: Path) -> "TrainingState":
        """Read a file; it cannot run code.

        Raises:
            TrainingStateError: missing, damaged, or of another format.
        """
        if not path.is_file():
            raise TrainingStateError("state-missing", f"there is no training state {path}")
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
            raise TrainingStateError(
                "state-damaged",
                f"{path} is not a readable training state; start from its weights by --weights",
            ) from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise TrainingStateError(
                "state-foreign", f"{path} is no {FORMAT} file; start from weights by --weights"
            )
        return cls(
            ModelConfig.from_json(content["config"]),
            content["seed"],
            content["seconds"],
            content["started_from"],
            content["trainer"],
        )
