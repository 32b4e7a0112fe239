"""One safetensors file: weights, configuration, model card, fingerprint.

The fingerprint names what both ends of a call must have in common: SHA-256 over the configuration
and every tensor as stored, first 16 hexadecimal digits.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from confapp.errors import ConfappError
from confapp.whole_file import whole_file
from models.checkpoints.activation_ranges import Ranges
from models.config import ModelConfig
from models.networks import Networks

FORMAT = "confapp-weights-1"
FINGERPRINT_DIGITS = 16
SHIPPED = Path(__file__).parent


class CheckpointError(ConfappError):
    """A weights file that cannot be used, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights with what is known about them.

    Attributes:
        config: the model's configuration.
        tensors: every parameter and buffer by name, as stored.
        card: the model card, Markdown.
        fingerprint: see above.
        ranges: of the numbers that convolutions read, if known; not in the file.
    """

    config: ModelConfig
    tensors: dict[str, Tensor]
    card: str
    fingerprint: str
    ranges: Ranges | None = None

    @classmethod
    def of(cls, networks: Networks, card: str, *, half: bool = False) -> "Checkpoint":
        """Take the weights of networks.

        Args:
            half: store floating point numbers as fp16, but tensors beyond its range (a running
                variance can be) as they are.
        """
        tensors = {
            name: tensor.detach().cpu().contiguous()
            for name, tensor in networks.state_dict().items()
        }
        if half:
            largest = torch.finfo(torch.float16).max
            tensors = {
                name: tensor.half()
                if tensor.is_floating_point() and bool((tensor.abs() <= largest).all())
                else tensor
                for name, tensor in tensors.items()
            }
        return cls(networks.config, tensors, card, _fingerprint(networks.config.to_json(), tensors))

    def save(self, path: Path) -> None:
        """Write the file; an existing one is replaced only when the new one is complete.

        Raises:
            CheckpointError: `weights-unwritable`.
        """
        metadata = {
            "format": FORMAT,
            "config": self.config.to_json(),
            "card": self.card,
            "fingerprint": self.fingerprint,
        }
        try:
            with whole_file(path) as part:
                # safetensors' own writer lets only the owner read the file
                part.write_bytes(save(self.tensors, metadata))
        except OSError as error:
            raise CheckpointError(
                "weights-unwritable",
                f"{path} cannot be written ({error.strerror}); choose another file",
            ) from error

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """Read and check a file.

        Raises:
            CheckpointError: missing, damaged, of another format, not finite, or changed since
                its fingerprint was made.
        """
        if not path.is_file():
            raise CheckpointError("weights-missing", f"there is no weights file {path}")
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, ValueError) as error:
            raise CheckpointError(
                "weights-damaged",
                f"{path} is not a readable safetensors file ({error}); get it again",
            ) from error
        if metadata.get("format") != FORMAT:
            raise CheckpointError(
                "weights-foreign",
                f"{path} has no {FORMAT} header: weights of other projects must be imported first",
            )
        try:
            config = ModelConfig.from_json(metadata["config"])
        except (KeyError, ValueError) as error:
            raise CheckpointError(
                "weights-foreign",
                f"the configuration in {path} is not one that this version knows ({error})",
            ) from error
        if not all(torch.isfinite(t).all() for t in tensors.values() if t.is_floating_point()):
            raise CheckpointError(
                "weights-not-finite",
                f"{path} holds numbers that are not finite; train or get it again",
            )
        fingerprint = _fingerprint(metadata["config"], tensors)
        if metadata.get("fingerprint") != fingerprint:
            raise CheckpointError(
                "weights-damaged", f"{path} was changed after it was written; get it again"
            )
        return cls(config, tensors, metadata.get("card", ""), fingerprint)

    def networks(self) -> Networks:
        """Build the networks and put the weights in, as fp32.

        Raises:
            CheckpointError: names or shapes that do not belong to the configuration.
        """
        networks = Networks(self.config)
        expected = networks.state_dict()
        missing = sorted(expected.keys() - self.tensors.keys())
        unknown = sorted(self.tensors.keys() - expected.keys())
        shapes = sorted(
            name
            for name in expected.keys() & self.tensors.keys()
            if expected[name].shape != self.tensors[name].shape
        )
        for problem, names in (("lack", missing), ("add", unknown), ("reshape", shapes)):
            if names:
                raise CheckpointError(
                    "weights-mismatch",
                    f"the weights {problem} {len(names)} tensors of {self.config.name}, "
                    f"the first {names[0]}: they were made by another version",
                )
        networks.load_state_dict(self.tensors)
        return networks


def shipped_weights(name: str) -> Path:
    """Where the package keeps a configuration's trained weights; the file may not be there."""
    return SHIPPED / f"{name}.safetensors"


def _fingerprint(config: str, tensors: dict[str, Tensor]) -> str:
    """Of a configuration as written: a field that came later changes no file of before it."""
    digest = hashlib.sha256(config.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:FINGERPRINT_DIGITS]
