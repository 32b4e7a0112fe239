"""A run from its first step to its last: batches, checkpoints, sample sheets, numbers."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from models.checkpoints.checkpoint import Checkpoint
from models.config import ModelConfig
from models.training.health import VITAL_SIGNS, Health
from models.training.pair_batch import PairBatch
from models.training.processes import Processes
from models.training.sample_sheet import sample_sheet
from models.training.scalar_log import open_scalar_log
from models.training.schedule import SECONDS_A_MINUTE, Budget, learning_rate
from models.training.trainer import StepOutcome, Trainer
from models.training.training_state import TrainingState

STATE = "training.pt"
WEIGHTS = "weights.safetensors"

SAVE_SECONDS = 5 * 60
LOG_STEPS = 20
SHEET_STEP = 0  # whose batch all sheets show, so that they can be compared

Clock = Callable[[], float]
Report = Callable[[str], None]


class Pairs(Protocol):
    """Where batches come from: the same batch for the same step, whenever it is asked for."""

    def batch(self, step: int) -> PairBatch:
        """This process's part of the batch of a step."""


class TrainingRun:
    """Steps until the budget is spent.

    In the output folder: ``training.pt`` (to resume), ``weights.safetensors`` (the averaged
    weights, fp16), ``sheet-STEP.png`` and the scalars.
    """

    def __init__(
        self,
        trainer: Trainer,
        config: ModelConfig,
        pairs: Pairs,
        processes: Processes,
        folder: Path,
        *,
        describe: Callable[[int, float], str],
        started_from: str,
        seconds: float = 0.0,
        report: Report = print,
        clock: Clock = time.monotonic,
    ) -> None:
        """Prepare a run.

        Args:
            describe: model card (Markdown) for a number of steps and seconds.
            started_from: what the run began with, in words.
            seconds: trained before, by the run that is resumed.
            report: takes a line of progress now and then.
        """
        self._trainer, self._config, self._pairs = trainer, config, pairs
        self._processes, self._folder = processes, folder
        self._describe, self._report, self._clock = describe, report, clock
        self._started_from, self._before = started_from, seconds
        self._began = clock()
        self._ended = False

    def end(self) -> None:
        """Let the run save and stop after the step that it is at, as if its budget were spent."""
        self._ended = True

    def run(self, budget: Budget) -> None:
        """Train until the budget is spent or `end` is called, and save.

        Raises:
            TrainingStopped: the run cannot go on; what was saved last stays.
        """
        trainer, processes, settings = self._trainer, self._processes, self._trainer.settings
        self._folder.mkdir(parents=True, exist_ok=True)
        log = open_scalar_log(self._folder) if processes.leads else None
        health, pace = Health(), _Pace(self._clock)
        shown = self._pairs.batch(SHEET_STEP)
        saved = self._began = self._clock()
        try:
            while (progress := self._progress(budget)) < 1:
                step = trainer.step_count
                looked_at = step % LOG_STEPS == 0
                rate = learning_rate(progress, settings.learning_rate, settings.decay_share)
                outcome = trainer.step(self._pairs.batch(step), rate, timed=looked_at)
                pace.count(settings.batch * processes.count)
                if looked_at:
                    numbers = processes.average(_plain(outcome))
                    health.check(step, numbers)
                    numbers |= {"learning_rate": rate, "samples_per_second": pace.take()}
                    if log is not None:
                        log.write(step, numbers)
                        self._report(_line(step, numbers))
                if self._clock() - saved >= SAVE_SECONDS:
                    self._save(shown)
                    saved = self._clock()
                    pace.restart()
            self._save(shown)
            if self._ended and processes.leads:
                self._report(f"ended before its time; --resume {self._folder / STATE} goes on")
        finally:
            if log is not None:
                log.close()

    def _progress(self, budget: Budget) -> float:
        """The same in all processes; 1 where the leader's run is to end."""
        spent = budget.progress(self._trainer.step_count, self._seconds())
        return self._processes.agree(1.0 if self._ended else spent)

    def _seconds(self) -> float:
        return self._before + self._clock() - self._began

    def _save(self, shown: PairBatch) -> None:
        if not self._processes.leads:
            return
        trainer, seconds = self._trainer, self._seconds()
        step = trainer.step_count
        TrainingState(
            self._config, trainer.settings.seed, seconds, self._started_from, trainer.state()
        ).save(self._folder / STATE)
        card = self._describe(step, seconds)
        Checkpoint.of(trainer.average, card, half=True).save(self._folder / WEIGHTS)
        if trainer.settings.renders:
            sample_sheet(trainer.average, shown).save(self._folder / f"sheet-{step:07}.png")
        minutes = seconds / SECONDS_A_MINUTE
        self._report(f"saved step {step} after {minutes:.1f} minutes in {self._folder}")


class _Pace:
    """Samples a second since it was last asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        self._began, self._samples = self._clock(), 0

    def count(self, samples: int) -> None:
        self._samples += samples

    def take(self) -> float:
        elapsed = self._clock() - self._began
        pace = self._samples / elapsed if elapsed > 0 else 0.0
        self.restart()
        return pace


def _plain(outcome: StepOutcome) -> dict[str, float]:
    numbers = {name: float(value) for name, value in outcome.numbers.items()}
    share = outcome.loss_seconds / outcome.seconds if outcome.seconds > 0 else 0.0
    return {**numbers, "loss_network_share": share}


def _line(step: int, numbers: dict[str, float]) -> str:
    shown = (name for name in numbers if name not in VITAL_SIGNS and "gradient" not in name)
    return f"step {step}: " + ", ".join(f"{name} {numbers[name]:.3g}" for name in shown)
