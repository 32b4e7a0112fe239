"""The building blocks that all networks are made of (figure 13 of the paper)."""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


def convolution(dims: int, cin: int, cout: int, kernel: int, stride: int = 1) -> nn.Module:
    """A 2-D or 3-D convolution that keeps the size at stride 1."""
    layer = nn.Conv2d if dims == 2 else nn.Conv3d
    return layer(cin, cout, kernel, stride=stride, padding=kernel // 2)


def batch_norm(dims: int, channels: int) -> nn.Module:
    """Batch norm for planes (dims 2) or volumes (dims 3)."""
    return nn.BatchNorm2d(channels) if dims == 2 else nn.BatchNorm3d(channels)


def add_spectral_norm(network: nn.Module) -> None:
    """Put spectral norm on every convolution and linear layer of a network, in place."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d | nn.Linear):
            spectral_norm(layer)


class SameBlock(nn.Module):
    """Convolution, batch norm, (leaky) ReLU; the size stays."""

    def __init__(
        self, cin: int, cout: int, kernel: int = 3, *, dims: int = 2, leaky: bool = False
    ) -> None:
        super().__init__()
        self.conv = convolution(dims, cin, cout, kernel)
        self.norm = batch_norm(dims, cout)
        self.activation = nn.LeakyReLU() if leaky else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, ...) -> (B, cout, ...)."""
        y: Tensor = self.activation(self.norm(self.conv(x)))
        return y


class DownBlock(SameBlock):
    """A `SameBlock`, then the plane halves; a volume keeps its depth."""

    def __init__(self, cin: int, cout: int, *, dims: int = 2) -> None:
        super().__init__(cin, cout, dims=dims)
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, [D,] H, W) -> (B, cout, [D,] H/2, W/2)."""
        y = super().forward(x)
        return F.avg_pool2d(y, 2) if self.dims == 2 else F.avg_pool3d(y, (1, 2, 2))


class UpBlock(SameBlock):
    """The plane doubles (a volume keeps its depth), then a `SameBlock`."""

    def __init__(self, cin: int, cout: int, *, dims: int = 2) -> None:
        super().__init__(cin, cout, dims=dims)
        self.scale = (1.0,) * (dims - 2) + (2.0, 2.0)

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, [D,] H, W) -> (B, cout, [D,] 2H, 2W)."""
        return super().forward(F.interpolate(x, scale_factor=self.scale))


class ResBlock(nn.Module):
    """Two pre-activated 3x3 convolutions around a skip."""

    def __init__(self, channels: int, *, dims: int = 2) -> None:
        super().__init__()
        self.norm1 = batch_norm(dims, channels)
        self.conv1 = convolution(dims, channels, channels, 3)
        self.norm2 = batch_norm(dims, channels)
        self.conv2 = convolution(dims, channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> (B, C, ...)."""
        y = self.conv1(F.relu(self.norm1(x)))
        y = self.conv2(F.relu(self.norm2(y)))
        joined: Tensor = x + y
        return joined


class Bottleneck(nn.Module):
    """ResNet bottleneck 1x1, 3x3, 1x1; with stride 2 the skip is a strided 1x1 convolution."""

    def __init__(self, channels: int, narrowing: int, stride: int = 1) -> None:
        super().__init__()
        inner = channels // narrowing
        self.conv1 = convolution(2, channels, inner, 1)
        self.norm1 = nn.BatchNorm2d(inner)
        self.conv2 = convolution(2, inner, inner, 3, stride)
        self.norm2 = nn.BatchNorm2d(inner)
        self.conv3 = convolution(2, inner, channels, 1)
        self.norm3 = nn.BatchNorm2d(channels)
        self.skip = (
            nn.Sequential(convolution(2, channels, channels, 1, stride), nn.BatchNorm2d(channels))
            if stride > 1
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H/stride, W/stride)."""
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        joined: Tensor = F.relu(y + self.skip(x))
        return joined
