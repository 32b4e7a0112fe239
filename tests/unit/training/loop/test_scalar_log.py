"""Numbers of a run on disk."""

import json
import sys
from pathlib import Path

import pytest

from models.training.scalar_log import JSON_LINES, JsonLinesLog, open_scalar_log


def test_without_tensorboard_it_is_a_json_lines_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    log = open_scalar_log(tmp_path)
    log.write(20, {"picture": 0.5})
    log.close()
    resumed = JsonLinesLog(tmp_path)
    resumed.write(40, {"picture": 0.25})
    resumed.close()
    lines = (tmp_path / JSON_LINES).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"step": 20, "picture": 0.5},
        {"step": 40, "picture": 0.25},
    ]


def test_with_tensorboard_it_is_an_event_file(tmp_path: Path) -> None:
    log = open_scalar_log(tmp_path)
    log.write(20, {"picture": 0.5})
    log.close()
    assert list(tmp_path.glob("tensorboard/events*"))
