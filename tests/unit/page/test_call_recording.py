"""The film that the page starts."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.page.call_recording import CallRecording
from receiver.rendered_frame import RenderedFrame

NOON = datetime(2030, 1, 2, 12, 0, 0)


def frame(at_ms: int) -> RenderedFrame:
    return RenderedFrame(np.full((64, 64, 3), at_ms % 255, np.uint8), at_ms)


def test_it_is_named_after_the_time_and_keeps_the_pictures(tmp_path: Path) -> None:
    recording = CallRecording(tmp_path, 64, NOON)
    for at_ms in range(0, 400, 40):
        assert recording.write(frame(at_ms)) is None
    recording.close()
    recording.close()
    assert recording.write(frame(400)) is None  # too late: neither kept nor a fault
    assert recording.path.name == "confapp-2030-01-02-120000.mp4"
    assert len(list(Clip(recording.path).frames())) == 10


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as refusal:
        CallRecording(tmp_path / "gone", 64, NOON)
    assert refusal.value.error_id == "record-unwritable"
