"""A run from first step to last, with a clock that the test sets."""

from pathlib import Path

import pytest
import torch

from models.checkpoints.checkpoint import Checkpoint
from models.config import ModelConfig
from models.training.pair_batch import PairBatch
from models.training.processes import Processes
from models.training.schedule import Budget
from models.training.settings import TrainingSettings
from models.training.trainer import Trainer
from models.training.training_run import SAVE_SECONDS, STATE, WEIGHTS, Pairs, TrainingRun
from models.training.training_state import TrainingState
from models.training.training_stopped import TrainingStopped

ALONE = Processes(0, 1, torch.device("cpu"))


class TickingPairs:
    """Pairs whose every batch takes `seconds` of its own clock."""

    def __init__(self, pairs: Pairs, seconds: float) -> None:
        self._pairs, self._seconds, self.now = pairs, seconds, 0.0

    def batch(self, step: int) -> PairBatch:
        """The batch of a step."""
        self.now += self._seconds
        return self._pairs.batch(step)

    def clock(self) -> float:
        """Seconds."""
        return self.now


def run_of(
    trainer: Trainer, config: ModelConfig, pairs: TickingPairs, folder: Path, seconds: float = 0
) -> tuple[TrainingRun, list[str]]:
    lines: list[str] = []
    run = TrainingRun(
        trainer,
        config,
        pairs,
        ALONE,
        folder,
        describe=lambda step, seconds: f"{step} steps, {seconds:.0f} seconds",
        started_from="random weights",
        seconds=seconds,
        report=lines.append,
        clock=pairs.clock,
    )
    return run, lines


def test_it_trains_the_steps_asked_for_and_saves(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs, tmp_path: Path
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE)
    run, lines = run_of(trainer, tiny_config, TickingPairs(pairs, 1), tmp_path / "out")
    run.run(Budget(steps=3))
    assert trainer.step_count == 3
    assert TrainingState.load(tmp_path / "out" / STATE).seconds == 3
    weights = Checkpoint.load(tmp_path / "out" / WEIGHTS)
    assert weights.card == "3 steps, 3 seconds"
    average = dict(trainer.average.named_parameters())
    for name, parameter in weights.networks().named_parameters():
        assert torch.allclose(parameter, average[name], rtol=1e-2, atol=1e-3), name
    assert (tmp_path / "out" / "sheet-0000003.png").is_file()
    assert lines[0].startswith("step 0: total")


def test_minutes_end_it_and_resumed_parts_count(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs, tmp_path: Path
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE)
    run, _ = run_of(trainer, tiny_config, TickingPairs(pairs, 30), tmp_path, seconds=60)
    run.run(Budget(minutes=3))
    assert trainer.step_count == 4  # 120 seconds were left
    assert TrainingState.load(tmp_path / STATE).seconds == 180


def test_it_saves_every_few_minutes(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs, tmp_path: Path
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE)
    slow = TickingPairs(pairs, SAVE_SECONDS / 2)
    run, _ = run_of(trainer, tiny_config, slow, tmp_path)
    run.run(Budget(steps=5))
    sheets = sorted(path.name for path in tmp_path.glob("sheet-*.png"))
    assert sheets == ["sheet-0000002.png", "sheet-0000004.png", "sheet-0000005.png"]


def test_a_run_that_cannot_go_on_leaves_what_was_saved(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs, tmp_path: Path
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE)
    slow = TickingPairs(pairs, SAVE_SECONDS)
    run, _ = run_of(trainer, tiny_config, slow, tmp_path)
    run.run(Budget(steps=1))
    with torch.no_grad():
        next(trainer.networks.generator.parameters()).fill_(float("nan"))
    run, _ = run_of(trainer, tiny_config, slow, tmp_path, seconds=1)
    with pytest.raises(TrainingStopped):
        run.run(Budget(steps=3))
    assert TrainingState.load(tmp_path / STATE).trainer["step"] == 1
