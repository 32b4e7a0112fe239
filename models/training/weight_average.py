"""The exponential moving average of the weights, which is what is shipped."""

import copy

import torch
from torch import Tensor, nn

# The average forgets its first, random weights quickly: step n averages over (10 + n) / 9 steps
# until the decay asked for is reached.
WARM_UP_STEPS = 10

# Batch norm's statistics are averaged like weights. Other buffers (spectral norm's vectors)
# belong to the latest weights and are copied.
AVERAGED_BUFFERS = ("running_mean", "running_var")


class WeightAverage:
    """Averaged weights of a network, in evaluation mode.

    Attributes:
        network: a copy of the network given; holds the average.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after step `step`, counted from 0."""
        decay = min(self._decay, (1 + step) / (WARM_UP_STEPS + step))
        averages: list[Tensor] = list(self.network.parameters())
        latest: list[Tensor] = list(network.parameters())
        buffers = dict(network.named_buffers())
        for name, buffer in self.network.named_buffers():
            if name.endswith(AVERAGED_BUFFERS):
                averages.append(buffer)
                latest.append(buffers[name])
            else:
                buffer.copy_(buffers[name])
        torch._foreach_lerp_(averages, latest, 1 - decay)
