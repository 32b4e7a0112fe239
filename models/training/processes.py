"""The processes of a data-parallel run, as torchrun starts them."""

import os
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor


class Processes:
    """This process's place among those that train together; alone, everything is a no-op.

    Every process takes its own part of the batch, a sum goes over all of them, and all do the
    same step. A loss is a mean over a process's part, so gradients are averaged.

    Attributes:
        rank: this process, 0 to count - 1.
        count: how many there are.
        device: where this process computes.
    """

    def __init__(self, rank: int, count: int, device: torch.device) -> None:
        self.rank, self.count, self.device = rank, count, device

    @classmethod
    def join(cls, device: str | None = None) -> "Processes":
        """Find this process's place (environment of torchrun) and meet the others.

        Args:
            device: ``cpu``, ``cuda``; the GPU where there is one if not given.
        """
        kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
        rank, count = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        place = torch.device(kind)
        if place.type == "cuda" and place.index is None:
            place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(place)
        if count > 1:
            dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
        return cls(rank, count, place)

    def leave(self) -> None:
        """Part from the others."""
        if self.count > 1:
            dist.destroy_process_group()

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace every gradient by its mean over the processes."""
        if self.count == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def average(self, numbers: dict[str, float]) -> dict[str, float]:
        """Means over the processes; all have the same names."""
        if self.count == 1:
            return numbers
        values = torch.tensor(list(numbers.values()), dtype=torch.float64, device=self.device)
        dist.all_reduce(values)
        return dict(zip(numbers, (values / self.count).tolist(), strict=True))

    def agree(self, number: float) -> float:
        """The leader's number, so that all processes take the same turn."""
        if self.count == 1:
            return number
        value = torch.tensor([number], dtype=torch.float64, device=self.device)
        dist.broadcast(value, 0)
        return float(value.item())
