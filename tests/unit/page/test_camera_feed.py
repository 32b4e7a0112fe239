"""One camera, several who look at it."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from confapp.errors import ConfappError
from confapp.media.video_frame import VideoFrame
from confapp.page.camera_feed import CameraFeed, CameraTap

DEADLINE_S = 30


class Puppet:
    """A camera that gives a picture each time it is told to."""

    def __init__(self, level: int, breaks: bool = False) -> None:
        self._level = level
        self._breaks = breaks
        self._permits = threading.Semaphore(0)
        self._closed = threading.Event()
        self.released = threading.Event()

    def give(self) -> None:
        self._permits.release()

    def frames(self) -> Iterator[VideoFrame]:
        try:
            index = 0
            while True:
                self._permits.acquire()
                if self._closed.is_set():
                    return
                if self._breaks:
                    raise ConfappError("camera-lost", "The camera is gone.")
                yield VideoFrame(np.full((4, 4, 3), self._level, np.uint8), 40 * index, index)
                index += 1
        finally:
            self.released.set()

    def close(self) -> None:
        self._closed.set()
        self._permits.release()


class Watcher(threading.Thread):
    """Takes what a tap gives."""

    def __init__(self, tap: CameraTap) -> None:
        super().__init__()
        self.frames: list[VideoFrame] = []
        self._tap = tap
        self._changed = threading.Condition()
        self.start()

    def run(self) -> None:
        for frame in self._tap.frames():
            with self._changed:
                self.frames.append(frame)
                self._changed.notify_all()

    def until(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(reached, DEADLINE_S)


class Errors(list[ConfappError]):
    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()

    def __call__(self, error: ConfappError) -> None:
        self.append(error)
        self.told.set()


@pytest.fixture
def errors() -> Errors:
    return Errors()


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def feed(errors: Errors, now: list[float]) -> Iterator[CameraFeed]:
    feed = CameraFeed(errors, lambda: now[0])
    yield feed
    feed.close()


def test_everybody_sees_each_picture(feed: CameraFeed) -> None:
    camera = Puppet(1)
    watchers = [Watcher(feed.tap()), Watcher(feed.tap())]
    feed.on(lambda: camera)
    for count in (1, 2, 3):
        camera.give()
        for watcher in watchers:
            watcher.until(lambda watcher=watcher, count=count: len(watcher.frames) == count)  # type: ignore[misc]
    feed.close()
    for watcher in watchers:
        watcher.join(DEADLINE_S)
        assert [frame.index for frame in watcher.frames] == [0, 1, 2]


def test_who_is_late_gets_the_newest(feed: CameraFeed) -> None:
    camera = Puppet(1)
    late, early = feed.tap(), Watcher(feed.tap())
    feed.on(lambda: camera)
    for count in (1, 2, 3):
        camera.give()
        early.until(lambda count=count: len(early.frames) == count)  # type: ignore[misc]
    assert next(late.frames()).index == 2


def test_off_lets_the_device_go_and_time_goes_on(feed: CameraFeed, now: list[float]) -> None:
    one, other = Puppet(1), Puppet(2)
    watcher = Watcher(feed.tap())
    feed.on(lambda: one)
    one.give()
    watcher.until(lambda: len(watcher.frames) == 1)
    feed.off()
    assert one.released.wait(DEADLINE_S)
    now[0] += 5.0
    feed.on(lambda: other)
    other.give()
    watcher.until(lambda: len(watcher.frames) == 2)
    first, second = watcher.frames
    assert (first.rgb[0, 0, 0], second.rgb[0, 0, 0]) == (1, 2)
    assert (first.timestamp_ms, second.timestamp_ms) == (0, 5000)
    assert second.index == first.index + 1


def test_one_device_has_one_reader(feed: CameraFeed) -> None:
    one, other = Puppet(1), Puppet(2)
    opened = threading.Event()

    def open_other() -> Puppet:
        assert one.released.is_set()
        opened.set()
        return other

    feed.on(lambda: one)
    feed.on(open_other)
    assert opened.wait(DEADLINE_S)


def test_a_camera_that_breaks_is_told_and_another_may_come(
    feed: CameraFeed, errors: Errors
) -> None:
    broken, whole = Puppet(1, breaks=True), Puppet(2)
    watcher = Watcher(feed.tap())
    feed.on(lambda: broken)
    broken.give()
    assert errors.told.wait(DEADLINE_S)
    assert errors[0].error_id == "camera-lost"
    feed.on(lambda: whole)
    whole.give()
    watcher.until(lambda: len(watcher.frames) == 1)


def test_a_camera_that_cannot_be_opened_is_told(feed: CameraFeed, errors: Errors) -> None:
    def refuse() -> Puppet:
        raise ConfappError("camera-not-found", "There is none.")

    feed.on(refuse)
    assert errors.told.wait(DEADLINE_S)
    assert errors[0].error_id == "camera-not-found"


def test_a_clip_that_ends_ends_the_taps(feed: CameraFeed) -> None:
    class Short:
        def frames(self) -> Iterator[VideoFrame]:
            yield VideoFrame(np.zeros((4, 4, 3), np.uint8), 0, 0)

        def close(self) -> None:
            pass

    watcher = Watcher(feed.tap())
    feed.on(Short)
    watcher.join(DEADLINE_S)
    assert not watcher.is_alive()
    assert list(feed.tap().frames()) == []  # also for who comes later
