"""Synchronised batch norm on one process; the two-process test is with the trainer's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import nn

from models.training.synced_batch_norm import SyncedBatchNorm, synchronise_batch_norm


@pytest.fixture
def group_of_one(tmp_path: Path) -> Iterator[None]:
    """A process group of this process alone."""
    address = (tmp_path / "store").as_uri()
    dist.init_process_group("gloo", init_method=address, rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def both() -> tuple[nn.BatchNorm2d, nn.Module]:
    torch.manual_seed(0)
    plain = nn.BatchNorm2d(3)
    nn.init.normal_(plain.weight)
    twin = nn.Sequential(nn.BatchNorm2d(3))
    twin[0].load_state_dict(plain.state_dict())
    return plain, synchronise_batch_norm(twin, torch.device("cpu"))


@pytest.mark.usefixtures("group_of_one")
def test_it_does_what_batch_norm_does() -> None:
    plain, synced = both()
    x = torch.randn(4, 3, 5, 5) * 3 + 1
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    y, z = plain(one), synced(other)
    assert torch.allclose(y, z, atol=1e-5)
    push = torch.randn_like(y)
    y.backward(push)
    z.backward(push)
    assert one.grad is not None
    assert other.grad is not None
    assert torch.allclose(one.grad, other.grad, atol=1e-5)
    assert isinstance(synced, nn.Sequential)
    for name, buffer in plain.named_buffers():
        assert torch.allclose(synced[0].get_buffer(name), buffer, atol=1e-5), name
    assert torch.allclose(plain.eval()(x), synced.eval()(x), atol=1e-5)


def test_weights_and_names_stay() -> None:
    network = nn.Sequential(nn.Conv3d(1, 2, 1), nn.Sequential(nn.BatchNorm3d(2)))
    names, weights = list(network.state_dict()), list(network.parameters())
    synchronise_batch_norm(network, torch.device("cpu"))
    assert list(network.state_dict()) == names
    assert all(a is b for a, b in zip(network.parameters(), weights, strict=True))
    assert any(isinstance(layer, SyncedBatchNorm) for layer in network.modules())
