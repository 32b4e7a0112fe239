"""What the page adds to a call: pictures shown, delay after rendering, and cost, in Chromium.

    python -m benchmarks.page_pictures [--seconds 20] [--fps 30]

Offers 256x256 pictures at a steady rate, as the renderer does, to a real page in headless
Chromium, and prints how many of them the page has drawn, how long after they were offered, and how
much of a core the page's process took; the baseline is the same loop with nobody looking.
"""

import argparse
import asyncio
import resource
import shutil
import time
from dataclasses import dataclass

from playwright.async_api import async_playwright

from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.framing import FaceFraming
from confapp.media.video_frame import RgbImage
from confapp.page.messages import Command, View
from confapp.page.page_phase import PagePhase
from confapp.page.page_server import PageServer
from confapp.page.picture_stream import PictureKind, PictureStream

SIZE = 256
OPEN_S = 60.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one stretch of time.

    Attributes:
        offered, shown: pictures.
        delay_ms: 50th and 95th percentile of offered to receipt, the way back counted in.
        core_share: processor time of this process over the time that passed.
    """

    offered: int
    shown: int
    delay_ms: tuple[float | None, float | None]
    core_share: float


class Owner:
    """Whom the page belongs to: nobody in particular."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    def on_command(self, command: Command) -> None:
        """Nothing is steered here."""

    def on_photo(self, data: bytes) -> None:
        """Nor any photo taken."""

    def on_tab(self, present: bool) -> None:
        """The browser is there."""
        if present:
            self.opened.set()


def _pictures() -> list[RgbImage]:
    framing = FaceFraming(SIZE)
    views = [framing.frame(frame.rgb).rgb for frame in Clip(PEOPLE / "ben.mp4").frames()]
    return [view for view in views if view is not None]


async def _offer(stream: PictureStream, pictures: list[RgbImage], fps: float, s: float) -> Figures:
    lane = stream.statistics(PictureKind.REMOTE)
    lane.delays_s.clear()
    offered, shown = lane.offered, lane.shown
    before = _cpu_s()
    start = time.monotonic()
    for number in range(round(fps * s)):
        await asyncio.sleep(max(0.0, start + number / fps - time.monotonic()))
        stream.offer(PictureKind.REMOTE, pictures[number % len(pictures)], number * 40)
    await asyncio.sleep(2 / fps)  # the last ones come back
    passed = time.monotonic() - start
    return Figures(
        lane.offered - offered,
        lane.shown - shown,
        (lane.delay_ms(50), lane.delay_ms(95)),
        (_cpu_s() - before) / passed,
    )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _measure(fps: float, seconds: float) -> None:
    pictures = _pictures()
    owner, stream = Owner(), PictureStream()
    async with PageServer(owner, stream) as server, async_playwright() as playwright:
        alone = await _offer(stream, pictures, fps, seconds)
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page()
        await page.goto(server.link.url)
        await asyncio.wait_for(owner.opened.wait(), OPEN_S)
        server.tell(View(phase=PagePhase.CALL, peer_source=True))
        await _offer(stream, pictures, fps, 2.0)  # warm-up
        looked_at = await _offer(stream, pictures, fps, seconds)
        await browser.close()
    stream.close()
    p50, p95 = looked_at.delay_ms
    print(f"offered        {looked_at.offered} pictures of {SIZE}x{SIZE} at {fps:g} a second")
    print(f"shown          {looked_at.shown / max(1, looked_at.offered):.1%} of them")
    print(f"delay          {p50} ms (median), {p95} ms (95 %), offered to receipt")
    print(f"process        {looked_at.core_share:.1%} of a core with the page,")
    print(f"               {alone.core_share:.1%} with nobody looking: the page costs "
          f"{looked_at.core_share - alone.core_share:.1%}")  # fmt: skip


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--fps", type=float, default=30.0)
    options = parser.parse_args()
    asyncio.run(_measure(options.fps, options.seconds))


if __name__ == "__main__":
    main()
