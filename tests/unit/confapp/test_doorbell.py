"""The question to the host, on a pseudo terminal."""

import asyncio
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from confapp.doorbell import QUESTION, Doorbell

DEADLINE_S = 10


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    """What the program reads, and the keyboard's end of it."""
    keyboard, screen = os.openpty()
    with open(screen) as read:  # noqa: PTH123 (a descriptor)
        yield read, keyboard
    os.close(keyboard)


@pytest.mark.parametrize(
    ("typed", "answer"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("\n", False)]
)
async def test_the_host_decides(terminal: tuple[TextIO, int], typed: str, answer: bool) -> None:
    read, keyboard = terminal
    said: list[str] = []
    bell = Doorbell(read, said.append)
    asking = asyncio.create_task(bell.ring())
    os.write(keyboard, typed.encode())
    assert await asyncio.wait_for(asking, DEADLINE_S) is answer
    assert said == [QUESTION]


async def test_one_question_at_a_time(terminal: tuple[TextIO, int]) -> None:
    read, keyboard = terminal
    said: list[str] = []

    def answer(question: str) -> None:
        said.append(question)
        os.write(keyboard, b"y\n" if len(said) == 1 else b"n\n")

    bell = Doorbell(read, answer)
    answers = await asyncio.wait_for(asyncio.gather(bell.ring(), bell.ring()), DEADLINE_S)
    assert list(answers) == [True, False]
    assert said == [QUESTION, QUESTION]


async def test_a_host_who_hangs_up_is_asked_no_more(terminal: tuple[TextIO, int]) -> None:
    read, _ = terminal
    asking = asyncio.create_task(Doorbell(read, lambda _: None).ring())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not asyncio.get_running_loop().remove_reader(read)
