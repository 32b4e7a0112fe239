"""A call's page in a real browser, Debian's Chromium."""

import base64
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from confapp_process import Process
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from confapp.media.video_frame import RgbImage

DEADLINE_MS = 120_000  # machines that test are busy
BLANK = 10.0  # grey levels of deviation that a picture of something has at least
COLOURS = 256
LINK = re.compile(r"http://127\.0\.0\.1:\d+/#\S+")
SIZE = {"width": 1100, "height": 840}
READ_CANVAS = "canvas => canvas.toDataURL('image/png')"

expect.set_options(timeout=DEADLINE_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    program = shutil.which("chromium")
    assert program is not None, "scripts/test installs chromium where it may"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu"],  # containers have neither
        )
        yield browser
        browser.close()


class CallPage:
    """One person's page and the process behind it.

    Args:
        browser: to open it in.
        process: that prints the page's link.
    """

    def __init__(self, browser: Browser, process: Process) -> None:
        self.process = process
        process.wait_for("http://127.0.0.1")
        found = LINK.search(process.said)
        assert found is not None
        self.link = found[0]
        self.faults: list[str] = []
        context = browser.new_context(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        self.page: Page = context.new_page()
        self.page.set_default_timeout(DEADLINE_MS)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda line: self._note(line.type, line.text))
        self.page.goto(self.link)
        self.phase("lobby")

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(text)

    def at(self, selector: str) -> Locator:
        """An element."""
        return self.page.locator(selector)

    def act(self, name: str) -> None:
        """Press the button for something, whichever of them is seen."""
        self.at(f'[data-act="{name}"]:visible').first.click()

    def phase(self, name: str) -> None:
        """Wait until the page shows this face."""
        expect(self.at("body")).to_have_attribute("data-phase", name)

    def join(self) -> None:
        """Leave the lobby, with a photo."""
        expect(self.at("#join-button")).to_be_enabled()
        self.at("#join-button").click()

    def picture(self, selector: str) -> RgbImage:
        """What a canvas shows now, (H, W, 3)."""
        coded = self.at(selector).first.evaluate(READ_CANVAS)
        data = base64.b64decode(str(coded).partition(",")[2])
        return np.array(Image.open(io.BytesIO(data)).convert("RGB"))  # a copy that is ours

    def remote(self) -> RgbImage:
        """The other person as shown now."""
        return self.picture("#remote-picture")

    def photograph(self, path: Path) -> None:
        """The page as a small picture file."""
        taken = Image.open(io.BytesIO(self.page.screenshot(full_page=True))).convert("RGB")
        taken.quantize(COLOURS).save(path, optimize=True)

    def lively(self, selector: str) -> RgbImage:
        """Wait for a picture on a canvas that is not blank."""
        for _ in range(DEADLINE_MS // 100):
            picture = self.picture(selector)
            if picture.std() > BLANK:
                return picture
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{selector} stays blank")

    def next_remote(self, before: RgbImage) -> RgbImage:
        """Wait for another picture of the other person."""
        for _ in range(DEADLINE_MS // 50):
            picture = self.remote()
            if picture.shape != before.shape or not np.array_equal(picture, before):
                return picture
            self.page.wait_for_timeout(50)
        raise AssertionError("the picture stands still")

    def slide(self, name: str, value: float) -> None:
        """Draw a slider to a value."""
        self.at(f'[data-turn="{name}"]').fill(str(value))
