"""The window that shows the other person, with trackbars that turn and move the head."""

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2

from confapp.errors import ConfappError
from confapp.media.video_frame import RgbImage
from confapp.pose_offset import PoseOffset

ANGLES = ("yaw", "pitch", "roll")
SHIFTS = ("x", "y")
MAX_ANGLE = 45  # degrees, one a step of the trackbar
MAX_SHIFT = 50  # hundredths of half the image
RESET_KEY = ord("r")
QUIT_KEYS = (ord("q"), 27)  # 27: Esc
POLL_MS = 1
X11_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108 - the fixed place of X11
X11_PORT = 6000
FONT_FOLDERS = Path("/usr/share/fonts")


@dataclass(frozen=True, slots=True)
class WindowEvents:
    """What the person at the window wants now.

    Attributes:
        offset: where the trackbars stand.
        quit: q or Esc was pressed, or the window was closed.
    """

    offset: PoseOffset
    quit: bool


def offset_of(positions: dict[str, int]) -> PoseOffset:
    """Trackbar positions (degrees; hundredths) to a pose offset."""
    angles = {name: float(positions[name]) for name in ANGLES}
    return PoseOffset(**angles, **{name: positions[name] / 100 for name in SHIFTS})


def positions_of(offset: PoseOffset) -> dict[str, int]:
    """The inverse of `offset_of`, to the nearest position that the trackbars have."""
    angles = {name: _within(getattr(offset, name), MAX_ANGLE) for name in ANGLES}
    return angles | {name: _within(getattr(offset, name) * 100, MAX_SHIFT) for name in SHIFTS}


class PreviewWindow:
    """An OpenCV window; every method belongs to one and the same thread.

    Raises:
        ConfappError: `no-display`.
    """

    def __init__(self, title: str) -> None:
        _require_display()
        _lend_fonts()
        self._title = title
        cv2.namedWindow(title, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
        for name, limit in _limits().items():
            cv2.createTrackbar(name, title, 0, limit, _ignore)
            cv2.setTrackbarMin(name, title, -limit)
        self._set(PoseOffset())
        self._open = True

    def show(self, rgb: RgbImage) -> None:
        """Put up an (H, W, 3) uint8 picture; it appears with the next `poll`."""
        if self._open:
            cv2.imshow(self._title, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))

    def poll(self) -> WindowEvents:
        """Let the window work for about a millisecond and say what was asked; call it often."""
        if not self._open:
            return WindowEvents(PoseOffset(), quit=True)
        key = cv2.waitKey(POLL_MS) & 0xFF
        if key in QUIT_KEYS or not self._visible():
            self.close()
            return WindowEvents(PoseOffset(), quit=True)
        if key == RESET_KEY:
            self._set(PoseOffset())
        positions = {name: cv2.getTrackbarPos(name, self._title) for name in _limits()}
        return WindowEvents(offset_of(positions), quit=False)

    def close(self) -> None:
        """Take the window away."""
        if self._open:
            self._open = False
            cv2.destroyAllWindows()
            cv2.waitKey(POLL_MS)

    def _visible(self) -> bool:
        try:
            return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:  # Qt's answer once the last window was closed
            return False

    def _set(self, offset: PoseOffset) -> None:
        for name, position in positions_of(offset).items():
            cv2.setTrackbarPos(name, self._title, position)


def _limits() -> dict[str, int]:
    return dict.fromkeys(ANGLES, MAX_ANGLE) | dict.fromkeys(SHIFTS, MAX_SHIFT)


def _within(value: float, limit: int) -> int:
    return max(-limit, min(limit, round(value)))


def _ignore(position: int) -> None:
    """OpenCV wants a callback; `poll` reads the positions."""


def _require_display() -> None:
    """Qt ends the whole process when it finds no display, so it is asked for first."""
    if sys.platform != "linux" or _x_server_answers(os.environ.get("DISPLAY", "")):
        return
    raise ConfappError(
        "no-display",
        "There is no display to open a window on; use --record out.mp4 or --no-window.",
    )


def _lend_fonts() -> None:
    """OpenCV's wheel brings Qt without a font: lend it the system's, or the labels stay empty."""
    font = next(FONT_FOLDERS.rglob("DejaVuSans.ttf"), None) or next(
        FONT_FOLDERS.rglob("*.ttf"), None
    )
    if font is not None:
        os.environ["QT_QPA_FONTDIR"] = str(font.parent)
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")  # or it repeats the lack


def _x_server_answers(display: str) -> bool:
    host, colon, rest = display.rpartition(":")
    number = rest.split(".")[0]
    if not colon or not number.isdigit():
        return False
    try:
        if host in ("", "unix"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(1)
                connection.connect(str(X11_SOCKETS / f"X{number}"))
        else:
            socket.create_connection((host, X11_PORT + int(number)), timeout=3).close()
    except OSError:
        return False
    return True
