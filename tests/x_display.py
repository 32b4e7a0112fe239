"""An X server without a screen, and hands to use it (Debian packages xvfb and xdotool)."""

import os
import select
import subprocess
from collections.abc import Iterator

DEADLINE_S = 30


def x_display() -> Iterator[str]:
    """A fresh X server on a number that it chooses itself: yields its name."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "800x700x24"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        assert select.select([reader], [], [], DEADLINE_S)[0], "Xvfb did not start"
        yield f":{os.read(reader, 16).decode().strip()}"
    finally:
        os.close(reader)
        server.terminate()
        server.wait(DEADLINE_S)


def xdotool(display: str, *command: str) -> str:
    """Run xdotool on a display; its output."""
    done = subprocess.run(
        ["xdotool", *command],
        env=os.environ | {"DISPLAY": display},
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE_S,
    )
    return done.stdout.strip()
