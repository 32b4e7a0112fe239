"""The window for real, on an X server without a screen (Debian packages xvfb and xdotool)."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from x_display import DEADLINE_S, x_display, xdotool

TITLE = "confapp window test"
# A process of its own: Qt allows one thread a process, and ends it when something goes wrong.
PROGRAM = f"""
import time
import numpy as np
from confapp.media.window import PreviewWindow
from confapp.pose_offset import PoseOffset

window = PreviewWindow({TITLE!r})
window.show(np.full((256, 256, 3), (250, 10, 10), np.uint8))
window._set(PoseOffset(yaw=-15, x=0.25))
end = time.monotonic() + {DEADLINE_S}
last = None
while time.monotonic() < end:
    events = window.poll()
    if events != last:
        print(events.offset.yaw, events.offset.x, events.quit, flush=True)
        last = events
    if events.quit:
        break
"""


@pytest.fixture
def display() -> Iterator[str]:
    """A fresh X server."""
    yield from x_display()


@pytest.fixture
def window(display: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"DISPLAY": display},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("padding", ctypes.c_long * 24),
    )


def ask_to_close(display: str, window_id: int) -> None:
    """What a window manager sends when somebody clicks the cross (ICCCM, WM_DELETE_WINDOW)."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    connection = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    protocols, delete = (
        x11.XInternAtom(connection, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
    )
    message = ClientMessage(type=33, window=window_id, message_type=protocols, format=32)
    message.data[0] = delete
    x11.XSendEvent(
        connection, ctypes.c_ulong(window_id), 0, ctypes.c_long(0), ctypes.byref(message)
    )
    x11.XCloseDisplay(connection)


def test_trackbars_reset_and_quit(display: str, window: "subprocess.Popen[str]") -> None:
    assert window.stdout is not None
    assert window.stdout.readline() == "-15.0 0.25 False\n"
    name = xdotool(display, "search", "--sync", "--onlyvisible", "--name", TITLE).split()[0]
    xdotool(display, "windowfocus", "--sync", name)
    xdotool(display, "key", "--window", name, "r")
    assert window.stdout.readline() == "0.0 0.0 False\n"
    xdotool(display, "keydown", "--window", name, "q")
    assert window.stdout.readline() == "0.0 0.0 True\n"
    assert window.wait(DEADLINE_S) == 0
    assert window.stderr is not None
    assert window.stderr.read() == ""


def test_closing_the_window_quits(display: str, window: "subprocess.Popen[str]") -> None:
    assert window.stdout is not None
    window.stdout.readline()
    name = xdotool(display, "search", "--sync", "--onlyvisible", "--name", TITLE).split()[0]
    ask_to_close(display, int(name))
    assert window.stdout.readline() == "0.0 0.0 True\n"
    assert window.wait(DEADLINE_S) == 0
