"""`python -m models.training`: training on a machine that has torch and little else."""

import argparse
import sys
from pathlib import Path

from confapp.errors import ConfappError
from models.config import CONFIGS, DEFAULT_CONFIG
from models.training.settings import RECIPES
from models.training.training_command import TrainingOptions, train


def parser() -> argparse.ArgumentParser:
    """The command line; every option is a field of `TrainingOptions`."""
    options = argparse.ArgumentParser(
        prog="python -m models.training",
        description="Train the networks on shards of talking heads.",
        epilog="Several GPUs: torchrun --nproc-per-node N -m models.training ...",
    )
    add = options.add_argument
    add("--data", type=Path, nargs="+", required=True, help="shards, or folders of them")
    add("-o", "--out", type=Path, required=True, help="folder for weights, state and sheets")
    add("--config", choices=CONFIGS, default=DEFAULT_CONFIG)
    add("--recipe", choices=RECIPES, help="default: guided for lite models, else paper")
    add("--weights", type=Path, help="weights to start from")
    add("--resume", type=Path, help="training.pt to go on from")
    length = options.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int, help="length of the run, resumed parts included")
    length.add_argument("--minutes", type=float, help="the same by time")
    add("--batch", type=int, help="pairs a step and process")
    add("--image-size", type=int, help="side of the pictures trained on, 256 or 128")
    add("--features", type=Path, help="VGG16 or VGG19 as safetensors, for the perceptual loss")
    add("--identity", type=Path, help="ArcFace as ONNX, for the identity loss (weights.identity)")
    add("--seed", type=int)
    add(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change the recipe, as in weights.picture=5 (repeatable)",
    )
    add("--device", help="cpu, cuda (default: the GPU where there is one)")
    add("--resident", action="store_true", help="decode all data once into the device's memory")
    add("--workers", type=int, default=1, help="decoding threads")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 where it could not."""
    given = vars(parser().parse_args(arguments))
    given |= {"data": tuple(given["data"]), "settings": tuple(given["settings"])}
    try:
        weights = train(TrainingOptions(**given), _print)
    except ConfappError as error:
        print(f"{error.error_id}: {error.message}", file=sys.stderr)
        return 1
    _print(f"weights in {weights}")
    return 0


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
