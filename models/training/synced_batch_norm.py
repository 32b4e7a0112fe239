"""Batch norm over the batches of all processes, on the CPU too.

torch's own SyncBatchNorm runs on GPUs alone; there it is used.
"""

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class _SumOverProcesses(torch.autograd.Function):
    """all_reduce; the gradient of a sum that all processes use is the sum of their gradients."""

    @staticmethod
    def forward(ctx: Any, numbers: Tensor) -> Tensor:  # noqa: ARG004
        total = numbers.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ARG004
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


def _summed(numbers: Tensor) -> Tensor:
    total: Tensor = _SumOverProcesses.apply(numbers)  # type: ignore[no-untyped-call]
    return total


class SyncedBatchNorm(_BatchNorm):
    """A drop-in for BatchNorm2d and 3d: same weights and buffers, statistics of all processes."""

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 - the base class's name
        if input.dim() < 3:
            raise ValueError(f"batch norm of planes or volumes, not of {tuple(input.shape)}")

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> (B, C, ...)."""
        self._check_input_dim(x)
        running_mean, running_var = self.running_mean, self.running_var
        if running_mean is None or running_var is None:
            raise RuntimeError("synchronised batch norm keeps running statistics")
        if not self.training:
            return F.batch_norm(
                x, running_mean, running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        wide = x.float()
        others = [0, *range(2, x.dim())]
        shape = (1, -1, *(1,) * (x.dim() - 2))
        numbers = wide.new_tensor([x.numel() / x.shape[1]])
        total = _summed(torch.cat([wide.sum(others), numbers]))
        count, mean = total[-1], total[:-1] / total[-1]
        # A second sum, because the difference of mean squares has few digits left.
        centred = wide - mean.view(shape)
        variance = _summed(centred.square().sum(others)) / count
        with torch.no_grad():
            momentum = 0.1 if self.momentum is None else self.momentum
            running_mean.lerp_(mean, momentum)
            running_var.lerp_(variance * count / (count - 1), momentum)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale.view(shape) + self.bias.view(shape)).to(x.dtype)


def synchronise_batch_norm(network: nn.Module, device: torch.device) -> nn.Module:
    """Let every batch norm of a network share its statistics; weights and names stay."""
    if device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return converted
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d):
                setattr(parent, name, _synced(layer))
    return network


def _synced(layer: nn.BatchNorm2d | nn.BatchNorm3d) -> SyncedBatchNorm:
    synced = SyncedBatchNorm(layer.num_features, layer.eps, layer.momentum)
    synced.weight, synced.bias = layer.weight, layer.bias
    synced.running_mean, synced.running_var = layer.running_mean, layer.running_var
    synced.num_batches_tracked = layer.num_batches_tracked
    return synced
