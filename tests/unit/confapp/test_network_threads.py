"""How many CPU threads a call gives each network."""

from collections.abc import Iterator

import pytest
import torch

from confapp import call_command
from confapp.errors import ConfappError
from confapp.settings import CallSettings


@pytest.fixture(autouse=True)
def four_cores() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("asked", "sends", "receives", "threads"),
    [
        (None, True, True, 2),  # encoding and rendering at the same time
        (None, True, False, 4),
        (None, False, True, 4),
        (3, True, True, 3),
    ],
)
def test_networks_share_the_cores(
    monkeypatch: pytest.MonkeyPatch, asked: int | None, sends: bool, receives: bool, threads: int
) -> None:
    def open_model(*_: object, **__: object) -> None:
        raise ConfappError("enough", "the threads are set")

    monkeypatch.setattr(call_command, "open_model", open_model)
    settings = CallSettings(threads=asked)
    with pytest.raises(ConfappError, match="the threads are set"):
        call_command.hold(settings, "", sends=sends, receives=receives, as_json=False)
    assert torch.get_num_threads() == threads


def test_one_core_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    test_networks_share_the_cores(monkeypatch, None, sends=True, receives=True, threads=1)
