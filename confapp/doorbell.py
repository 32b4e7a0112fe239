"""Somebody knocks at the host's lobby: ask on the terminal whether to let them in."""

import asyncio
from collections.abc import Callable
from typing import TextIO

QUESTION = "Somebody waits in the lobby. Type y to let them in, or n to turn them away."


class Doorbell:
    """Asks one question at a time, without keeping anything else from going on.

    Args:
        terminal: where the answer is typed; what is no terminal cannot be asked.
        notify: says a sentence to the person.
    """

    def __init__(self, terminal: TextIO, notify: Callable[[str], None]) -> None:
        self._terminal = terminal
        self._notify = notify
        self._asking = asyncio.Lock()

    async def ring(self) -> bool:
        """Whether to let them in."""
        loop = asyncio.get_running_loop()
        async with self._asking:
            self._notify(QUESTION)
            typed = asyncio.Event()
            loop.add_reader(self._terminal, typed.set)
            try:
                await typed.wait()
                answer = self._terminal.readline()  # a terminal hands over whole lines
            finally:
                loop.remove_reader(self._terminal)
        return answer.strip().lower().startswith("y")
