"""`confapp demo --page`: a call with one of the demo's people, steered from the local page."""

import asyncio
import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from confapp.call.signaling_client import create_room
from confapp.demo import PEOPLE
from confapp.demo.run import Process, wait_for

CALLER, CALLED = "ben", "ada"
START_S = 120
FOREVER = float("inf")


def run_page_demo(model: str) -> None:
    """Hold the call until the person at the page hangs up; the page's link is printed.

    Raises:
        ConfappError: `demo-failed` when one of the processes failed.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:

        def start(name: str, *arguments: str) -> Process:
            return running.enter_context(Process(name, Path(folder), arguments))

        def call(name: str, room: str, *options: str) -> Process:
            clip = ("--input", str(PEOPLE / f"{name}.mp4"), "--loop", "--name", name.title())
            # trained weights come first
            model_options = ("--model", model, "--untrained", "--no-keep-photos")
            return start(name, "call", room, *model_options, *clip, *options)

        server = start("server", "serve", "--port", "0", "--json")
        wait_for(lambda: server.output.endswith("\n"), [server], time.monotonic() + START_S)
        room = asyncio.run(create_room(json.loads(server.output)["url"]))
        quiet = ("--no-page", "--no-window", "--audio-output", str(Path(folder) / "heard.wav"))
        called = call(CALLED, room, "--source", str(PEOPLE / f"{CALLED}.png"), *quiet)
        caller = call(CALLER, room, "--page")
        wait_for(lambda: caller.done, [server, called, caller], FOREVER)
