"""Labels that are not there."""

import torch
from torch import Tensor


def zero_where_unlabelled(error: Tensor, label: Tensor) -> Tensor:
    """An error, with zeros in value and gradient where its label (same shape) is NaN."""
    return torch.where(label.isnan(), torch.zeros_like(error), error)
