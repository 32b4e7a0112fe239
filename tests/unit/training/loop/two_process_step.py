"""One process of two (started by torchrun): a training step on its half of a batch.

Arguments: folder with config.json; rank 0 writes the gradients and weights there.
"""

import sys
from dataclasses import fields, replace
from pathlib import Path

import torch

from models.config import ModelConfig
from models.training.pair_batch import PairBatch
from models.training.processes import Processes
from models.training.settings import RECIPES
from models.training.trainer import Trainer

RATE = 1e-3


def main(folder: Path) -> None:
    """Do the step."""
    config = ModelConfig.from_json((folder / "config.json").read_text())
    whole = PairBatch(*torch.load(folder / "batch.pt", weights_only=True))
    processes = Processes.join("cpu")
    size = len(whole.source) // processes.count
    own = slice(processes.rank * size, (processes.rank + 1) * size)
    part = PairBatch(*(getattr(whole, field.name)[own] for field in fields(PairBatch)))
    settings = replace(
        RECIPES["guided"].changed("weights.equivariance=1.0").changed("weights.adversarial=0.1"),
        batch=size,
        image_size=whole.source.shape[-1],
    )
    trainer = Trainer(config, settings, processes)
    outcome = trainer.step(part, RATE)
    numbers = processes.average({name: float(value) for name, value in outcome.numbers.items()})
    if processes.leads:
        gradients = {name: p.grad for name, p in trainer.networks.named_parameters()}
        results = (gradients, trainer.networks.state_dict(), numbers)
        torch.save(results, folder / f"results-{processes.count}.pt")
    processes.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
