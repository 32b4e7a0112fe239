"""The `confapp` command as a person runs it, with a model small enough for a test."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from confapp_process import Command, Process, Start
from tiny_models import lively_networks, tiny

from confapp.demo import PEOPLE
from models.checkpoints.checkpoint import Checkpoint


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `confapp` commands; whatever still runs at the end is killed."""
    with ExitStack() as running:

        def begin(*arguments: object, prefix: Command = ()) -> Process:
            process = Process(*map(str, arguments), prefix=prefix)
            running.callback(process.stop)
            return process

        yield begin


@pytest.fixture
def server(start: Start) -> str:
    """The URL of a running signaling server."""
    url: str = json.loads(start("serve", "--port", "0", "--json").line())["url"]
    return url


@pytest.fixture
def room(start: Start, server: str) -> str:
    """The link of a fresh room."""
    return start("room", server).line().strip()


def weights(path: Path, seed: int) -> Path:
    """A weights file of a small random model."""
    torch.manual_seed(seed)
    Checkpoint.of(lively_networks(tiny("lite-256"), seed), "# For tests").save(path)
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights that both ends have."""
    return weights(tmp_path_factory.mktemp("model") / "tiny.safetensors", seed=0)


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that only one end has."""
    return weights(tmp_path_factory.mktemp("model") / "other.safetensors", seed=1)


@pytest.fixture(scope="session")
def ada() -> Path:
    """A clip of a synthetic person."""
    return PEOPLE / "ada.mp4"
