"""One step of training: networks, losses, optimisers, averaged weights."""

import time
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from models.config import ModelConfig
from models.discriminator import Discriminator
from models.networks import Networks
from models.summary import discriminator_scales
from models.training.health import vital_signs
from models.training.losses.feature_network import FeatureNetwork
from models.training.objective import Losses, Objective
from models.training.pair_batch import PairBatch
from models.training.processes import Processes
from models.training.reconstruction import Draw, Reconstruction, reconstruct
from models.training.settings import KEYPOINT_NETWORKS, SettingError, TrainingSettings
from models.training.synced_batch_norm import synchronise_batch_norm
from models.training.training_stopped import not_finite
from models.training.weight_average import WeightAverage

Placed = TypeVar("Placed", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What one step found, still on its device.

    Attributes:
        numbers: losses by name (unweighted, of this process's part), ``total``, the vital signs,
            and ``gradient_NETWORK``, its norm before clipping.
        seconds: the whole step; 0 when it was not timed.
        loss_seconds: of these, in the networks of the losses.
    """

    numbers: dict[str, Tensor]
    seconds: float
    loss_seconds: float


class Trainer:
    """Networks in training, and the averaged ones that are shipped.

    The same seed, data and number of processes give the same weights; a run resumed from
    `state` goes on as if it had not been interrupted.

    Attributes:
        step_count: steps done.
        networks: in training.
        average: the averaged networks, in evaluation mode.
    """

    def __init__(
        self,
        config: ModelConfig,
        settings: TrainingSettings,
        processes: Processes,
        features: FeatureNetwork | None = None,
        start: Networks | None = None,
        *,
        recogniser: nn.Module | None = None,
    ) -> None:
        """Start from random weights, or from `start`, whose configuration must be `config`."""
        self.settings, self.step_count = settings, 0
        self._config, self._processes = config, processes
        self._device = processes.device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            networks = _newborn(config) if start is None else start
            discriminator = (
                Discriminator(discriminator_scales(config)) if settings.has_discriminator else None
            )
        self.networks = _on(networks, self._device).train().requires_grad_(True)
        for name in settings.frozen:
            _part(self.networks, name).eval().requires_grad_(False)
        self._average = WeightAverage(self.networks, settings.average_decay)
        if settings.frozen_statistics:
            for layer in self.networks.modules():
                if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d):
                    layer.eval()
        elif processes.count > 1:
            synchronise_batch_norm(self.networks, self._device)
        self._discriminator = None if discriminator is None else _on(discriminator, self._device)
        if features is not None:
            features = _on(features, self._device)
        # The averaged encoder is steadier than the one in training, and takes no gradient.
        finder = self.average.motion_encoder if config.motion_encoder.landmarks else None
        if recogniser is not None:
            recogniser = _on(recogniser, self._device)
        self._objective = Objective(settings, features, finder, recogniser)
        self._optimiser = self._adam(self.networks)
        self._discriminator_optimiser = (
            None if self._discriminator is None else self._adam(self._discriminator)
        )

    @property
    def average(self) -> Networks:
        """The averaged networks."""
        network = self._average.network
        assert isinstance(network, Networks)  # noqa: S101 - a copy of what was given
        return network

    def step(self, batch: PairBatch, learning_rate: float, *, timed: bool = False) -> StepOutcome:
        """Learn from this process's part of a batch.

        Args:
            batch: `settings.batch` pairs on the trainer's device.
            timed: measure the time; on a GPU this makes the step wait for it.

        Raises:
            TrainingStopped: a flow or gradient is not finite; it has not reached the weights.
        """
        clock = _Clock(self._device if timed else None)
        for optimiser in (self._optimiser, self._discriminator_optimiser):
            if optimiser is not None:
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate * group["rate"]
        draw = Draw.of_step(self.settings, self._config.keypoints, self.step_count, self._processes)
        began = clock.now()
        made, losses, loss_seconds = self._gradients(batch, draw, clock)
        norms = {
            f"gradient_{name}": self._limited_norm(network, losses)
            for name, network in self.networks.named_children()
            if name not in self.settings.frozen and any(True for _ in network.parameters())
        }
        self._optimiser.step()
        if made.rendering is not None and self.settings.judged(self.step_count):
            judging = clock.now()
            losses["discriminator"] = self._train_discriminator(made.rendering.picture, batch)
            loss_seconds += clock.now() - judging
        self._average.update(self.networks, self.step_count)
        self.step_count += 1
        seconds = clock.now() - began
        return StepOutcome({**losses, **vital_signs(made), **norms}, seconds, loss_seconds)

    def state(self) -> dict[str, Any]:
        """All that a run needs to go on: tensors, numbers and names only."""
        return {
            "step": self.step_count,
            "networks": self.networks.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "discriminator": (
                None if self._discriminator is None else self._discriminator.state_dict()
            ),
            "discriminator_optimiser": (
                None
                if self._discriminator_optimiser is None
                else self._discriminator_optimiser.state_dict()
            ),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`; a discriminator that it does not have starts afresh.

        Raises:
            KeyError, RuntimeError: the state is of other networks.
        """
        self.step_count = state["step"]
        self.networks.load_state_dict(state["networks"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        if self._discriminator is not None and state["discriminator"] is not None:
            self._discriminator.load_state_dict(state["discriminator"])
        if self._discriminator_optimiser is not None and state["discriminator_optimiser"]:
            self._discriminator_optimiser.load_state_dict(state["discriminator_optimiser"])

    def _gradients(
        self, batch: PairBatch, draw: Draw, clock: "_Clock"
    ) -> tuple[Reconstruction, Losses, float]:
        """Forward and backward; the networks then hold gradients averaged over processes."""
        self._optimiser.zero_grad(set_to_none=True)
        made = reconstruct(self.networks, batch, draw, renders=self.settings.renders)
        structure = self._objective.structure_losses(made, batch, draw)
        if made.rendering is None:
            total = self._objective.total(structure, made.driving.points)
            total.backward()  # type: ignore[no-untyped-call]
            self._processes.average_gradients(self.networks.parameters())
            losses = {"total": total, **structure}
            return made, {name: loss.detach() for name, loss in losses.items()}, 0.0

        # The picture is cut off the graph while networks judge it: their time can be told apart.
        began = clock.now()
        rendering = made.rendering.picture.detach().requires_grad_()
        judge = self._discriminator if self.settings.judged(self.step_count) else None
        if judge is not None:
            judge.requires_grad_(False)
        judged = self._objective.rendering_losses(rendering, batch, draw, judge)
        judgement = self._objective.total(judged, rendering)
        judgement.backward()  # type: ignore[no-untyped-call]
        loss_seconds = clock.now() - began

        total = self._objective.total(structure, made.rendering.picture)
        torch.autograd.backward([total, made.rendering.picture], [None, rendering.grad])
        self._processes.average_gradients(self.networks.parameters())
        losses = {"total": total + judgement, **structure, **judged}
        return made, {name: loss.detach() for name, loss in losses.items()}, loss_seconds

    def _train_discriminator(self, rendering: Tensor, batch: PairBatch) -> Tensor:
        judge, optimiser = self._discriminator, self._discriminator_optimiser
        assert judge is not None and optimiser is not None  # noqa: S101 - judged() says so
        judge.requires_grad_(True)
        optimiser.zero_grad(set_to_none=True)
        loss = self._objective.discriminator_loss(judge, rendering, batch.driving)
        loss.backward()  # type: ignore[no-untyped-call]
        self._processes.average_gradients(judge.parameters())
        self._limited_norm(judge, {"discriminator": loss})
        optimiser.step()
        return loss.detach()

    def _limited_norm(self, network: nn.Module, losses: Losses) -> Tensor:
        """Clip the gradient of one network; their sizes differ by a hundred."""
        norm = nn.utils.clip_grad_norm_(network.parameters(), self.settings.gradient_limit)
        if not torch.isfinite(norm):
            wrong = [name for name, loss in losses.items() if not torch.isfinite(loss)]
            raise not_finite(f"step {self.step_count}: {', '.join([*wrong, 'gradient'])}")
        return norm

    def _adam(self, network: nn.Module) -> torch.optim.Adam:
        """One group of parameters a network, so that each has its rate."""
        settings = self.settings
        groups = [
            {
                "params": list(part.parameters()),
                "rate": settings.keypoint_rate if name in KEYPOINT_NETWORKS else 1.0,
            }
            for name, part in network.named_children()
        ]
        return torch.optim.Adam(groups, settings.learning_rate, settings.betas, fused=True)


class _Clock:
    """Seconds on a device, or 0 for a step that nobody times."""

    def __init__(self, device: torch.device | None) -> None:
        self._device = device

    def now(self) -> float:
        if self._device is None:
            return 0.0
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


def _part(networks: Networks, name: str) -> nn.Module:
    try:
        return networks.get_submodule(name)
    except AttributeError as error:
        raise SettingError(
            "setting-invalid", f"frozen names {name}, which is no part of these networks"
        ) from error


def _newborn(config: ModelConfig) -> Networks:
    """Random networks that see no motion yet, so that keypoints begin where L puts them.

    Random deformations of the size of a face took the first steps to unlearn.
    """
    networks = Networks(config)
    if config.canonical is None:
        return networks
    for layer in (networks.motion_encoder.translation, networks.motion_encoder.deformations):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    return networks


def _on(network: Placed, device: torch.device) -> Placed:
    """Move a network; planes run faster with channels last, volumes stay as they are."""
    network.to(device)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
