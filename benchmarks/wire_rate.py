"""What a call costs on the wire, captured between two network namespaces.

Every IP datagram of the connection is counted where it leaves and enters the sender's network: IP,
UDP, DTLS and SCTP headers, acknowledgements, heartbeats and ICE's consent checks. The motion is the
demo person's at 25 frames a second; no picture is rendered, so any machine keeps up.

    python -m benchmarks.wire_rate [--seconds 20]
"""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

import confapp.media  # noqa: F401 - before aiortc; see there
from benchmarks.network_namespace import HERE, LINKED, network_namespace
from confapp.call.call_handlers import CallHandlers
from confapp.call.call_session import CallSession
from confapp.call.hello import Hello
from confapp.call.source_exchange import SourcePhoto
from confapp.codec import CodecMode, MissingReferenceError, MotionCodec
from confapp.demo import PEOPLE
from confapp.emulation.emulated_link import EmulatedLink
from confapp.emulation.link_end import LinkEnd
from confapp.emulation.link_profile import LinkProfile
from confapp.media.clip import Clip
from confapp.media.sound_file import read_sound
from confapp.model_tables import tables_for
from confapp.motion_frame import MotionFrame
from models.talking_head import TalkingHead
from sender.bundler import Bundler
from sender.clip_encoder import DrivingClip

PORT = 8000
ROOT = Path(__file__).parent.parent
FPS = 25
KEYPOINTS = 20
WARM_UP_S = 3.0
SETTLE_S = 10.0  # of a two-way call: the photos are there, and sound has found its plan
STILL = bytes(12_000)
PACKET_OUTGOING, UDP = 4, 17


class Capture:
    """Counts the UDP datagrams on the link, in each direction."""

    def __init__(self) -> None:
        self.sent = self.received = self.datagrams_sent = self.datagrams_received = 0
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
        self._socket.bind(("near", 0))
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            data, (_, _, kind, *_) = self._socket.recvfrom(65536)
            if data[0] >> 4 != 4 or data[9] != UDP:
                continue
            if kind == PACKET_OUTGOING:
                self.sent += len(data)
                self.datagrams_sent += 1
            else:
                self.received += len(data)
                self.datagrams_received += 1

    def counts(self) -> tuple[int, int, int, int]:
        """Bytes and datagrams sent, bytes and datagrams received."""
        return self.sent, self.datagrams_sent, self.received, self.datagrams_received


def codec_of(mode: str) -> MotionCodec:
    """The coder of a run, under the demo model's tables."""
    return tables_for(TalkingHead.open("lite-256"), None).codec(CodecMode(mode))


async def send(room: str, options: argparse.Namespace) -> dict[str, Any]:
    """The sender's side, and the capture beside it."""
    codec = codec_of(options.codec)
    encoder = codec.encoder()
    bundler = Bundler(codec.max_frames, options.delay_ms)
    numbers = np.load(options.motion)
    handlers = CallHandlers(on_delivered=encoder.acknowledge, on_key_request=encoder.begin_anew)
    hello = Hello(sends=True, codec=codec.mode, keypoints=KEYPOINTS)
    capture = Capture()
    async with await CallSession.connect(room, hello, handlers) as call:
        call.send_source(STILL, time.monotonic())
        await call.wait_source_ready()
        loop = asyncio.get_running_loop()
        begin = loop.time()
        payload = messages = sent_frames = 0
        before: tuple[int, ...] = ()
        counted_from = 0.0
        frames = round(FPS * (options.seconds + WARM_UP_S))
        for number in range(frames):
            await asyncio.sleep(begin + number / FPS - loop.time())
            if not before and number >= FPS * WARM_UP_S:
                before, counted_from = capture.counts(), loop.time()
                payload = messages = sent_frames = 0
            row = numbers[number % len(numbers)]
            bundle = bundler.add(MotionFrame.from_numbers(row, round(1000 * number / FPS)))
            if bundle:
                message = encoder.encode(bundle)
                size = len(message) - codec.header_bytes
                if call.send_motion(message, size):
                    payload += size
                    messages += 1
                    sent_frames += len(bundle)
        seconds = loop.time() - counted_from
        sent, out, received, back = np.subtract(capture.counts(), before).tolist()
    return {
        "forward_kbps": round(8e-3 * sent / seconds, 2),
        "return_kbps": round(8e-3 * received / seconds, 2),
        "payload_kbps": round(8e-3 * payload / seconds, 2),
        "bytes_per_frame": round(payload / sent_frames, 2),
        "frames_per_message": round(sent_frames / messages, 2),
        "datagrams_per_s": [round(out / seconds, 1), round(back / seconds, 1)],
    }


async def receive(room: str, options: argparse.Namespace) -> dict[str, Any]:
    """The receiver's side: it reads every frame and shows none."""
    codec = codec_of(options.codec)
    decoder = codec.decoder()
    call: CallSession | None = None
    read = missing = 0

    def on_live(session: CallSession) -> None:
        nonlocal call
        call = session

    def on_source(photo: SourcePhoto) -> None:
        assert call is not None
        call.send_source_ready(photo.sha256)

    def on_motion(message: bytes, _arrival: float) -> None:
        nonlocal read, missing
        try:
            read += len(decoder.read(message))
        except MissingReferenceError:
            missing += 1
            assert call is not None
            call.request_key()

    handlers = CallHandlers(on_live=on_live, on_source=on_source, on_motion=on_motion)
    hello = Hello(receives=True, codec=codec.mode, keypoints=KEYPOINTS)
    async with await CallSession.connect(room, hello, handlers) as session:
        await session.wait_ended()
    return {"frames_read": read, "messages_without_reference": missing}


async def talk(room: str, options: argparse.Namespace) -> dict[str, Any]:
    """One side of a call with motion and sound both ways; the first side captures."""
    numbers = np.load(options.motion)

    def motion(number: int) -> MotionFrame:
        return MotionFrame.from_numbers(numbers[number % len(numbers)], round(1000 * number / FPS))

    sound = read_sound(PEOPLE / "ada.mp4")
    end = LinkEnd(codec_of(options.codec), motion, EmulatedLink(LinkProfile()), sound)
    capture = Capture() if options.captures else None
    await end.connect(room)
    talking = asyncio.create_task(end.run())
    await asyncio.sleep(SETTLE_S)
    began, shown = time.monotonic(), len(end.shown)
    before = capture.counts() if capture is not None else (0, 0, 0, 0)
    await asyncio.sleep(options.seconds)
    seconds, counts = time.monotonic() - began, before
    if capture is not None:
        counts = capture.counts()
    figures: dict[str, Any] = {
        "shown_fps": round((len(end.shown) - shown) / seconds, 1),
        "sound_bytes_per_s": round(end.call.statistics.sound_bytes_sent / (seconds + SETTLE_S)),
    }
    if capture is not None:
        sent, out, received, back = np.subtract(counts, before).tolist()
        figures["forward_kbps"] = round(8e-3 * sent / seconds, 2)
        figures["return_kbps"] = round(8e-3 * received / seconds, 2)
        figures["datagrams_per_s"] = [round(out / seconds, 1), round(back / seconds, 1)]
    else:
        await asyncio.sleep(SETTLE_S)  # the other side is still counting
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    await end.call.close()
    return figures


def demo_motion(path: Path) -> None:
    """The demo person's motion, as float16 rows."""
    clip = DrivingClip(TalkingHead.open("lite-256"), Clip(PEOPLE / "ada.mp4"))
    np.save(path, np.stack([frame.motion.numbers() for frame in clip]))


def measure(
    motion: Path, codec: str, delay_ms: int, seconds: float, *, two_way: bool = False
) -> dict[str, Any]:
    """One call between two namespaces."""
    with ExitStack() as running:

        def start(prefix: list[str], *command: str) -> "subprocess.Popen[str]":
            process = subprocess.Popen([*prefix, *command], stdout=subprocess.PIPE, text=True)
            running.callback(process.wait)
            running.callback(process.kill)
            return process

        def line(process: "subprocess.Popen[str]") -> str:
            assert process.stdout is not None
            return process.stdout.readline().strip()

        here = [*running.enter_context(network_namespace(LINKED))]
        there = [*here, "ip", "netns", "exec", "there"]
        python = [sys.executable, "-m"]
        server = start(here, *python, "confapp", "serve", "--host", HERE, "--port", f"{PORT}")
        line(server)
        room = line(start(there, *python, "confapp", "room", f"http://{HERE}:{PORT}"))
        options = ["--codec", codec, "--delay-ms", f"{delay_ms}", "--seconds", f"{seconds}"]
        options += ["--motion", str(motion), "--room", room]
        # nsenter leaves the working directory, where this package is found
        this = ["env", f"PYTHONPATH={ROOT}", *python, "benchmarks.wire_rate", "--role"]
        if two_way:
            receiver = start(there, *this, "talk", *options)
            sender = start(here, *this, "talk", "--captures", *options)
            return {"here": json.loads(line(sender)), "there": json.loads(line(receiver))}
        receiver = start(there, *this, "receive", *options)
        sender = start(here, *this, "send", *options)
        figures: dict[str, Any] = json.loads(line(sender)) | json.loads(line(receiver))
        return figures


def main() -> None:
    """Print a table; the first row is what a call does by itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--codec", choices=[*CodecMode], default="predictive")
    parser.add_argument("--delay-ms", type=int, default=100)
    parser.add_argument("--role", choices=["send", "receive", "talk"])
    parser.add_argument("--captures", action="store_true")
    parser.add_argument("--room")
    parser.add_argument("--motion", type=Path)
    options = parser.parse_args()
    if options.role is not None:
        role = {"send": send, "receive": receive, "talk": talk}[options.role]
        print(json.dumps(asyncio.run(role(options.room, options))), flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        motion = Path(folder) / "motion.npy"
        demo_motion(motion)
        figures = measure(motion, "predictive", 100, options.seconds, two_way=True)
        print("both ways, with sound", json.dumps(figures), flush=True)
        for name, codec, delay_ms in (
            ("bundles of 100 ms", "predictive", 100),
            ("one frame a message", "predictive", 0),
            ("paper mode", "paper", 0),
        ):
            print(name, json.dumps(measure(motion, codec, delay_ms, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
