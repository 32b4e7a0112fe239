import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.errors import ConfappError
from confapp.media.window import PreviewWindow, offset_of, positions_of
from confapp.pose_offset import PoseOffset

ANGLE = st.integers(-45, 45)
SHIFT = st.integers(-50, 50)


def test_worked_example() -> None:
    positions = {"yaw": -15, "pitch": 3, "roll": 45, "x": 25, "y": -50}
    assert offset_of(positions) == PoseOffset(yaw=-15, pitch=3, roll=45, x=0.25, y=-0.5)


@given(st.fixed_dictionaries({"yaw": ANGLE, "pitch": ANGLE, "roll": ANGLE, "x": SHIFT, "y": SHIFT}))
def test_every_position_comes_back(positions: dict[str, int]) -> None:
    assert positions_of(offset_of(positions)) == positions


def test_an_offset_beyond_the_trackbars_stops_at_their_end() -> None:
    positions = positions_of(PoseOffset(yaw=90, pitch=-60, x=2, y=-0.7))
    assert positions == {"yaw": 45, "pitch": -45, "roll": 0, "x": 50, "y": -50}


@pytest.mark.parametrize("display", [None, "", "nonsense", ":", ":31999"])
def test_without_a_display_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, display: str | None
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")  # OpenCV's Qt speaks X11 only
    if display is not None:
        monkeypatch.setenv("DISPLAY", display)
    with pytest.raises(ConfappError, match=r"--record out\.mp4 or --no-window") as caught:
        PreviewWindow("test")
    assert caught.value.error_id == "no-display"
