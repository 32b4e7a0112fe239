"""What `confapp evaluate ablate` does."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from confapp.errors import ConfappError
from confapp.evaluation.ablate_report import ablation_facts, ablation_markdown
from confapp.evaluation.ablate_sheet import ablation_sheet
from confapp.evaluation.evaluation_clip import EvaluationClip, shard_clips
from confapp.evaluation.performer import one_each
from confapp.evaluation.reconstruct_command import ReconstructOptions, evaluate_reconstruction
from confapp.evaluation.results_folder import FIGURES, ResultsFolder
from confapp.whole_file import whole_file
from models.checkpoints.checkpoint import Checkpoint
from models.config import CONFIGS, ModelConfig, ablations
from models.training.data.shard import find_shards
from models.training.training_command import TrainingOptions, train
from models.training.training_run import STATE, WEIGHTS

TRAINING = "trained.json"
MEASURING = "measured.json"
SHEET = "sheet-ablate"
SHEET_PEOPLE = 6

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class AblateOptions:
    """What is trained and measured.

    Attributes:
        out: folder for the results, and a folder of each variant.
        data: shards, or folders of them: of training where variants are trained, and of
            validation.
        config: the configuration whose parts are left out.
        weights: folder with NAME.safetensors of each variant, trained before; None trains them.
        steps, minutes: of training a variant; one of the two where they are trained.
        batch, seed: of the training; None takes the recipe's.
        features: VGG16 or VGG19 of the perceptual loss; None leaves that out.
        lpips, landmarks, identity, inception: files of the helper networks that measure.
        frames: drivers of each validation clip, evenly spread.
    """

    out: Path
    data: tuple[Path, ...] = ()
    config: str = "lite-128"
    weights: Path | None = None
    steps: int | None = None
    minutes: float | None = None
    batch: int | None = None
    seed: int | None = None
    features: Path | None = None
    lpips: Path | None = None
    landmarks: Path | None = None
    identity: Path | None = None
    inception: Path | None = None
    frames: int = 8


def evaluate_ablation(options: AblateOptions) -> str:
    """Train and measure each variant that is not yet, write the files, and return the table.

    A run that is stopped goes on where it was: a variant that was trained or measured by the same
    options is not trained or measured again.

    Raises:
        ConfappError: a configuration without ablations, no data, a budget or network that cannot
            be used, a training that cannot go on, or no place for the results.
    """
    variants = _variants(options.config)
    validation = find_shards(options.data, validation=True)
    results = ResultsFolder(options.out)
    weights: list[Path] = []
    measured: list[dict[str, Any]] = []
    for number, config in enumerate(variants, 1):
        console.print(f"{config.name}, {number} of {len(variants)}", highlight=False)
        weights.append(_given(options, config) or _trained(options, config))
        measured.append(_measured(options, config, weights[-1], validation))
    facts = ablation_facts([config.name for config in variants], measured, _budget(options))
    table = ablation_markdown(facts)
    results.write(json.dumps(facts, indent=1) + "\n", table)
    clips = _shown(validation, variants[0].image_size, options.frames)
    results.add_sheet(SHEET, ablation_sheet([str(path) for path in weights], clips))
    return table


def _variants(name: str) -> list[ModelConfig]:
    config = CONFIGS.get(name)
    variants = ablations(config) if config is not None else []
    if not variants or any(CONFIGS.get(one.name) != one for one in variants):
        whole = [
            one.name for one in CONFIGS.values() if all(v.name in CONFIGS for v in ablations(one))
        ]
        raise ConfappError(
            "ablation-unknown", f"{name} has no ablations; {' and '.join(whole)} have."
        )
    return variants


def _given(options: AblateOptions, config: ModelConfig) -> Path | None:
    """Weights that were trained before."""
    if options.weights is None:
        return None
    path = options.weights / f"{config.name}.safetensors"
    if Checkpoint.load(path).config != config:
        raise ConfappError(
            "config-mismatch", f"{path} is not of {config.name} as it is today; train it anew."
        )
    return path


def _trained(options: AblateOptions, config: ModelConfig) -> Path:
    """Weights of this very training: made before, gone on with, or from the beginning."""
    folder = options.out / config.name
    shards = find_shards(options.data)
    recipe = {
        "config": config.to_json(),
        "budget": [options.steps, options.minutes, options.batch, options.seed],
        "data": [_digest(path) for path in shards],
        "features": options.features and _digest(options.features),
    }
    record = _Record(folder / TRAINING, recipe)
    weights, state = folder / WEIGHTS, folder / STATE
    if record.state == "done" and weights.is_file():
        return weights
    begun = record.state == "begun" and state.is_file()
    record.put("begun")
    train(
        TrainingOptions(
            data=tuple(shards),
            out=folder,
            config=config.name,
            resume=state if begun else None,
            steps=options.steps,
            minutes=options.minutes,
            batch=options.batch,
            image_size=config.image_size,
            seed=options.seed,
            features=options.features,
        ),
        lambda line: console.print(f"{config.name}, {line}", highlight=False, soft_wrap=True),
    )
    state.unlink()  # eight times the weights, and of no more use
    record.put("done")
    return weights


def _measured(
    options: AblateOptions, config: ModelConfig, weights: Path, validation: Sequence[Path]
) -> dict[str, Any]:
    """The report of `confapp evaluate reconstruct` on the validation shards."""
    folder = options.out / config.name
    networks = (options.lpips, options.landmarks, options.identity, options.inception)
    recipe = {
        "model": Checkpoint.load(weights).fingerprint,
        "networks": [path and _digest(path) for path in networks],
        "data": [_digest(path) for path in validation],
        "frames": options.frames,
    }
    record = _Record(folder / MEASURING, recipe)
    if record.state != "done" or not (folder / FIGURES).is_file():
        evaluate_reconstruction(
            str(weights),
            ReconstructOptions(
                data=tuple(validation),
                lpips=options.lpips,
                landmarks=options.landmarks,
                identity=options.identity,
                inception=options.inception,
                out=folder,
                frames=options.frames,
            ),
            untrained=False,
        )
        record.put("done")
    facts: dict[str, Any] = json.loads((folder / FIGURES).read_text())
    return facts


def _shown(validation: Sequence[Path], side: int, frames: int) -> list[EvaluationClip]:
    return one_each(shard_clips(validation, side, frames), SHEET_PEOPLE)


def _budget(options: AblateOptions) -> str:
    """How much each variant was trained, as a sentence."""
    if options.weights is not None:
        return "Weights as they were given."
    length = f"{options.steps} steps" if options.steps else f"{options.minutes:g} minutes"
    kind = "with" if options.features else "without"
    return f"Each trained from random weights for {length}, {kind} a perceptual loss, on one seed."


class _Record:
    """How far one thing was done, by one recipe.

    Attributes:
        state: what was put by the same recipe; None where nothing was.
    """

    def __init__(self, path: Path, recipe: dict[str, Any]) -> None:
        self._path = path
        self._key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
        try:
            known = json.loads(path.read_text())
            self.state: str | None = known["state"] if known["key"] == self._key else None
        except (OSError, ValueError, KeyError, TypeError):
            self.state = None  # not there, or not ours: it is done again

    def put(self, state: str) -> None:
        """Keep it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(self._path) as part:
                part.write_text(json.dumps({"key": self._key, "state": state}) + "\n")
        except OSError as error:
            raise ConfappError(
                "results-unwritable", f"{self._path} cannot be written ({error.strerror})."
            ) from error


def _digest(path: Path) -> str:
    """Of a file, or of all files of a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
