"""`confapp bench-link`: a two-way call over an emulated link, and how it fared."""

import asyncio
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from confapp.call.call_handlers import CallState
from confapp.call.signaling_client import create_room
from confapp.call_summary import kbps
from confapp.codec import CodecMode
from confapp.demo import PEOPLE
from confapp.media.sound_file import read_sound
from confapp.model_tables import tables_for
from models.config import DEFAULT_CONFIG
from models.talking_head import TalkingHead
from signaling.server import SignalingServer, bind
from signaling.settings import SignalingSettings

from .emulated_link import EmulatedLink
from .link_end import LinkEnd, made_up_motion
from .link_profile import LinkProfile
from .tcp_gate import TcpGate

SETTLE_S = 5.0  # after the call stands, before anything but freezes of an outage is measured
BACK_S = 30.0  # how long to wait for the call to come back
LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """How one end fared; the first `SETTLE_S` seconds are not counted.

    Attributes:
        live_s: from joining until the call stood.
        shown_fps: frames shown that were received, not made up.
        extrapolated_fps: frames made up for missing ones.
        picture_delay_ms_p50, picture_delay_ms_p95: capture to shown, without the networks' time.
        longest_freeze_ms: between two frames shown.
        longest_hole_ms: between two of them that were received, not made up.
        sound_delay_ms: how long sound waits for slower packets, at the end.
        longest_sound_gap_ms: the longest stretch of sound made up.
        concealed_share: of the time, made up for lost sound.
        skew_ms: sound minus picture at the end; None where no sound was beside a picture.
        wire_up_kbps: whole IP datagrams that this end sent.
        lost_share: of its datagrams, by the link.
        back_s: from the end of the outage until both ends were live again; None without one.
        states: all that this end went through.
    """

    live_s: float
    shown_fps: float
    extrapolated_fps: float
    picture_delay_ms_p50: float
    picture_delay_ms_p95: float
    longest_freeze_ms: float
    longest_hole_ms: float
    sound_delay_ms: float
    longest_sound_gap_ms: float
    concealed_share: float
    skew_ms: float | None
    wire_up_kbps: float
    lost_share: float
    back_s: float | None
    states: list[str]

    def lines(self) -> list[str]:
        """A figure a line."""
        return [f"{name:22} {value}" for name, value in asdict(self).items()]


def bench_link(
    profile: LinkProfile, seconds: float, outage_s: float = 0.0, seed: int = 0
) -> list[LinkFigures]:
    """Hold a call and measure both ends.

    Args:
        profile: of the link, the same in both directions.
        seconds: measured, after the call has settled.
        outage_s: nothing passes for so long in the middle, not even to the signaling server.
        seed: of the link's chances.
    """
    return asyncio.run(_bench(profile, seconds, outage_s, seed))


async def _bench(
    profile: LinkProfile, seconds: float, outage_s: float, seed: int
) -> list[LinkFigures]:
    head = TalkingHead.open(DEFAULT_CONFIG)
    codec = tables_for(head, None).codec(CodecMode.PREDICTIVE)
    motion = partial(made_up_motion, keypoints=head.config.keypoints)
    links = [EmulatedLink(profile, seed + number) for number in range(2)]
    sounds = [read_sound(PEOPLE / name) for name in ("ada.mp4", "ben.mp4")]
    ends = [LinkEnd(codec, motion, link, sound) for link, sound in zip(links, sounds, strict=True)]
    started = asyncio.get_running_loop().create_future()
    settings = SignalingSettings(port=0)
    server = SignalingServer(settings, started.set_result, time.time)
    serving = asyncio.create_task(server.serve(sockets=[bind(settings)]))
    gate = TcpGate(await started)
    await gate.start()
    try:
        room = await create_room(gate.url)
        began = time.monotonic()
        await asyncio.gather(*(end.connect(room) for end in ends))
        talking = [asyncio.create_task(end.run()) for end in ends]
        await asyncio.sleep(SETTLE_S)
        for end in ends:
            end.speaker.statistics.longest_gap_ms = 0.0
        before = [_counts(end, link) for end, link in zip(ends, links, strict=True)]
        back_s = await _talk(seconds, outage_s, ends, links, gate)
        figures = [
            _figures(end, before[number], _counts(end, links[number]), began, back_s)
            for number, end in enumerate(ends)
        ]
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        await asyncio.gather(*(end.call.close() for end in ends))
    finally:
        await gate.stop()
        server.should_exit = True
        await serving
    return figures


async def _talk(
    seconds: float, outage_s: float, ends: list[LinkEnd], links: list[EmulatedLink], gate: TcpGate
) -> float | None:
    if not outage_s:
        await asyncio.sleep(seconds)
        return None
    await asyncio.sleep(seconds / 2)
    gate.close()
    for link in links:
        link.up = False
    await asyncio.sleep(outage_s)
    gate.open()
    for link in links:
        link.up = True
    returned = time.monotonic()
    async with asyncio.timeout(BACK_S):
        while not all(end.call.state is CallState.LIVE for end in ends):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
    back_s = time.monotonic() - returned
    await asyncio.sleep(seconds / 2)
    return round(back_s, 2)


def _counts(end: LinkEnd, link: EmulatedLink) -> dict[str, float]:
    return {
        "at": time.monotonic(),
        "wire": end.call.statistics.wire_bytes_sent,
        "datagrams": end.call.statistics.wire_datagrams_sent,
        "lost": link.lost,
        "shown": len(end.shown),
        "extrapolated": end.extrapolated,
        "concealed": end.speaker.statistics.concealed_ms,
    }


def _figures(
    end: LinkEnd,
    before: dict[str, float],
    after: dict[str, float],
    began: float,
    back_s: float | None,
) -> LinkFigures:
    grown: dict[str, Any] = {name: after[name] - before[name] for name in after}
    shown = end.shown[int(before["shown"]) :]
    delays = 1000 * np.array([delay for _, delay in shown] or [np.nan])
    holes = 1000 * np.diff([at for at, _ in shown])
    freezes = 1000 * np.diff([at for at in end.pictures if at >= before["at"]])
    skew_ms = end.speaker.sync.skew_ms
    assert end.live_at is not None  # noqa: S101 (connected)
    return LinkFigures(
        live_s=round(end.live_at - began, 2),
        shown_fps=round(grown["shown"] / grown["at"], 1),
        extrapolated_fps=round(grown["extrapolated"] / grown["at"], 1),
        picture_delay_ms_p50=round(float(np.percentile(delays, 50)), 1),
        picture_delay_ms_p95=round(float(np.percentile(delays, 95)), 1),
        longest_freeze_ms=round(float(freezes.max(initial=0.0)), 1),
        longest_hole_ms=round(float(holes.max(initial=0.0)), 1),
        sound_delay_ms=round(end.speaker.statistics.delay_ms, 1),
        longest_sound_gap_ms=round(end.speaker.statistics.longest_gap_ms, 1),
        concealed_share=round(grown["concealed"] / 1000 / grown["at"], 4),
        skew_ms=None if skew_ms is None else round(skew_ms, 1),
        wire_up_kbps=kbps(grown["wire"], grown["at"]),
        lost_share=round(grown["lost"] / max(1, grown["datagrams"]), 3),
        back_s=back_s,
        states=[f"{state}:{reason}" if reason else str(state) for state, reason, _ in end.states],
    )
