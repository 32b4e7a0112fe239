"""Yes-or-no questions to the person at the page, one at a time."""

import asyncio
from collections.abc import Callable
from typing import Literal

Question = Literal["knock", "recording"]


class QuestionBox:
    """Puts a question on the page and waits for its answer.

    Args:
        show: puts a question up, or takes it away.
    """

    def __init__(self, show: Callable[[Question | Literal[""]], None]) -> None:
        self._show = show
        self._asked: Question | None = None
        self._answer: asyncio.Future[bool] | None = None

    async def ask(self, question: Question) -> bool:
        """The answer; no while another question waits for one."""
        if self._answer is not None:
            return False
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._asked = question
        self._show(question)
        try:
            return bool(await answer)
        finally:
            self._answer = self._asked = None
            self._show("")

    def answer(self, question: Question, *, yes: bool) -> None:
        """The person has answered; what was not asked is passed over."""
        if self._answer is not None and question == self._asked and not self._answer.done():
            self._answer.set_result(yes)

    def withdraw(self) -> None:
        """Whoever asked is gone: no answer is needed any more."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(False)
