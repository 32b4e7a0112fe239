"""What `confapp train` and `python -m models.training` do."""

import hashlib
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from confapp.errors import ConfappError
from models.checkpoints.checkpoint import Checkpoint
from models.config import CONFIGS, DEFAULT_CONFIG, ModelConfig
from models.networks import Networks
from models.training.data.footage import Kind
from models.training.data.pair_loader import PairLoader
from models.training.ended_by_signals import ended_by_signals
from models.training.losses.feature_network import LPIPS_LAYERS, FeatureNetwork
from models.training.losses.identity import IdentityNetwork
from models.training.precision import has_fast_bfloat16
from models.training.processes import Processes
from models.training.schedule import SECONDS_A_MINUTE, Budget
from models.training.settings import SettingError, TrainingSettings, default_recipe, recipe
from models.training.trainer import Trainer
from models.training.training_run import WEIGHTS, TrainingRun
from models.training.training_state import TrainingState

HASH_DIGITS = 16
RANDOM_WEIGHTS = "random weights"


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """The choices of a person who trains.

    Attributes:
        data: shards, or folders of them.
        out: folder for checkpoints, sample sheets and numbers.
        config: a name of `models.config.CONFIGS`.
        recipe: a name of `models.training.settings.RECIPES`; None takes the one made for `config`.
        weights: weights file to start from.
        resume: training state to go on from.
        steps, minutes: how long, resumed parts included; one of the two.
        batch, image_size, seed: None takes the recipe's.
        features: safetensors file of VGG16 or VGG19; without it no perceptual loss.
        identity: ONNX file of an ArcFace network; without it no identity loss.
        settings: NAME=VALUE changes to the recipe.
        device: None takes a GPU where there is one.
        resident: decode all data once into the device's memory.
        workers: decoding threads.
    """

    data: tuple[Path, ...]
    out: Path
    config: str = DEFAULT_CONFIG
    recipe: str | None = None
    weights: Path | None = None
    resume: Path | None = None
    steps: int | None = None
    minutes: float | None = None
    batch: int | None = None
    image_size: int | None = None
    seed: int | None = None
    features: Path | None = None
    identity: Path | None = None
    settings: tuple[str, ...] = ()
    device: str | None = None
    resident: bool = False
    workers: int = 1


def train(options: TrainingOptions, report: Callable[[str], None] = print) -> Path:
    """Train until the budget is spent; under torchrun, as one of several processes.

    Ctrl-C and SIGTERM end it after the step that it is at, with what it has learned saved.

    Returns:
        The weights file.

    Raises:
        ConfappError: an option that cannot be followed, or a run that cannot go on.
    """
    config = _config(options.config)
    budget = Budget(options.steps, options.minutes)
    settings = training_settings(options, config)
    if options.weights is not None and options.resume is not None:
        raise ConfappError(
            "option-conflict", "a run starts from --weights or goes on by --resume, not both"
        )
    state = None if options.resume is None else TrainingState.load(options.resume)
    if state is not None:
        if state.config != config:
            raise _mismatch(config, state.config, f"the training state {options.resume}")
        settings = replace(settings, seed=state.seed)
    if settings.frozen_statistics and options.weights is None and state is None:
        raise SettingError(
            "setting-invalid",
            "frozen_statistics keeps the averages of trained weights; give some by --weights",
        )
    start, started_from = None, RANDOM_WEIGHTS if state is None else state.started_from
    if options.weights is not None:
        checkpoint = Checkpoint.load(options.weights)
        start = _start(checkpoint, config, options.weights)
        started_from = f"weights {checkpoint.fingerprint}"
    features = _features(options.features, settings)
    recogniser = _recogniser(options.identity, settings)

    processes = Processes.join(options.device)
    try:
        trainer = Trainer(config, settings, processes, features, start, recogniser=recogniser)
        if state is not None:
            _restore(trainer, state)
        with PairLoader(
            options.data,
            settings.batch,
            settings.image_size,
            seed=settings.seed,
            rank=processes.rank,
            world=processes.count,
            device=processes.device,
            resident=options.resident,
            workers=options.workers,
            kind_weights={
                Kind.CLIP: settings.mix.clips,
                Kind.PERSON: settings.mix.people,
                Kind.STILL: settings.mix.stills,
            },
        ) as loader:
            if processes.leads:
                report(_opening(settings, features, processes))
            run = TrainingRun(
                trainer,
                config,
                loader,
                processes,
                options.out,
                describe=_card_writer(
                    options,
                    config,
                    settings,
                    features,
                    processes=processes,
                    started_from=started_from,
                ),
                started_from=started_from,
                seconds=0.0 if state is None else state.seconds,
                report=report,
            )
            with ended_by_signals(run.end):
                run.run(budget)
    finally:
        processes.leave()
    return options.out / WEIGHTS


def training_settings(options: TrainingOptions, config: ModelConfig) -> TrainingSettings:
    """The recipe with the options' changes, less what these networks have not.

    Raises:
        SettingError: a recipe or setting that there is not.
    """
    settings = recipe(options.recipe or default_recipe(config.motion_field.planar))
    for assignment in options.settings:
        settings = settings.changed(assignment)
    given = {
        name: value
        for name in ("batch", "image_size", "seed")
        if (value := getattr(options, name)) is not None
    }
    return replace(settings if config.canonical else settings.without_canonical(), **given)


def _config(name: str) -> ModelConfig:
    if name not in CONFIGS:
        raise ConfappError(
            "config-unknown", f"there is no model {name!r}; the models are {', '.join(CONFIGS)}"
        )
    return CONFIGS[name]


def _start(checkpoint: Checkpoint, config: ModelConfig, weights: Path) -> Networks:
    """Networks of a weights file, which may be of another `_shape` only in what that leaves out."""
    if _shape(checkpoint.config) != _shape(config):
        raise _mismatch(config, checkpoint.config, f"the weights file {weights}")
    networks = Networks(config)
    networks.load_state_dict(checkpoint.networks().state_dict())
    return networks


def _shape(config: ModelConfig) -> ModelConfig:
    """A configuration less its name and what changes no weight.

    That is whether flows scale and encoders look twice, and the size of pictures: the paper trains
    at 256x256 and then, a tenth as long, at 512x512.
    """
    return replace(
        config,
        name="",
        image_size=1,
        volume_size=1,
        scale_in_flow=False,
        motion_encoder=replace(config.motion_encoder, looks_twice=False),
    )


def _mismatch(config: ModelConfig, other: ModelConfig, where: str) -> ConfappError:
    return ConfappError(
        "config-mismatch",
        f"{where} is of {other.name}, or of an older shape of it, not of today's "
        f"{config.name}; give the --config that it was made with",
    )


def _features(path: Path | None, settings: TrainingSettings) -> FeatureNetwork | None:
    if path is None or not settings.looks_at_features:
        return None
    features = FeatureNetwork.load(path, settings.perceptual.names)
    if settings.perceptual.lpips > 0 and set(features.layers) != set(features.heads):
        raise ConfappError(
            "features-headless",
            f"perceptual.lpips takes a file with the heads of LPIPS, lin0 to lin4, and no "
            f"perceptual.layers but {', '.join(LPIPS_LAYERS)}",
        )
    return features


def _recogniser(path: Path | None, settings: TrainingSettings) -> IdentityNetwork | None:
    if path is None or not settings.renders or settings.weights.identity == 0:
        return None
    return IdentityNetwork(path)


def _restore(trainer: Trainer, state: TrainingState) -> None:
    try:
        trainer.restore(state.trainer)
    except (KeyError, RuntimeError, ValueError) as error:
        raise ConfappError(
            "state-foreign", f"the training state does not fit these networks ({error})"
        ) from error


def _opening(
    settings: TrainingSettings, features: FeatureNetwork | None, processes: Processes
) -> str:
    precision = "bfloat16" if has_fast_bfloat16(processes.device) else "float32"
    looks = "no feature network, so no perceptual loss (give one by --features)"
    if features is not None:
        looks = f"features of {features.name}"
    return (
        f"recipe {settings.recipe}, {processes.count} x {settings.batch} pairs a step at "
        f"{settings.image_size}x{settings.image_size}, {processes.device} in {precision}, {looks}"
    )


def _card_writer(
    options: TrainingOptions,
    config: ModelConfig,
    settings: TrainingSettings,
    features: FeatureNetwork | None,
    *,
    processes: Processes,
    started_from: str,
) -> Callable[[int, float], str]:
    """What the weights file says of itself."""
    network = "none"
    if features is not None and options.features is not None:
        digest = hashlib.sha256(options.features.read_bytes()).hexdigest()[:HASH_DIGITS]
        network = f"{features.name} (SHA-256 {digest}...)"

    def card(step: int, seconds: float) -> str:
        lines = [
            f"# {config.name}",
            "",
            f"- Recipe: {settings.recipe}; changes: {', '.join(options.settings) or 'none'}",
            f"- Feature network of the perceptual loss: {network}",
            f"- Pictures: {settings.image_size}x{settings.image_size}",
            f"- Data: {', '.join(path.name for path in options.data)}",
            f"- Started from: {started_from}",
            f"- Trained: {step} steps of {settings.batch * processes.count} pairs, "
            f"{seconds / SECONDS_A_MINUTE:.0f} minutes on {processes.count} x "
            f"{_machine(processes)}",
            "",
        ]
        return "\n".join(lines)

    return card


def _machine(processes: Processes) -> str:
    if processes.device.type == "cuda":
        return torch.cuda.get_device_name(processes.device)
    return f"{platform.machine()} CPU"
