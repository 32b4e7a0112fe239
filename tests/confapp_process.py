"""The `confapp` command as a process whose output can be waited for."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

DEADLINE_S = 120

Command = tuple[str, ...]


class Process:
    """A running `confapp` command whose output can be waited for."""

    def __init__(self, *arguments: str, prefix: Command = ()) -> None:
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "confapp", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._changed = threading.Condition()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._changed:
                self._said.append(line.strip())
                self._changed.notify_all()

    @property
    def said(self) -> str:
        """Everything on stderr so far."""
        return "\n".join(self._said)

    def wait_for(self, sentence: str) -> None:
        """Wait until the command says something on stderr."""
        with self._changed:
            found = self._changed.wait_for(lambda: sentence in self.said, DEADLINE_S)
        assert found, f"never said {sentence!r} but: {self.said}"

    def line(self) -> str:
        """The next line of stdout."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def signal(self, number: int) -> None:
        """Send a signal, as Ctrl-C does."""
        self._process.send_signal(number)

    def result(self) -> tuple[int, str]:
        """Wait for the end: exit status and stdout."""
        assert self._process.stdout is not None
        output = self._process.stdout.read()
        status = self._process.wait(DEADLINE_S)
        self._listener.join(DEADLINE_S)
        return status, output

    def account(self) -> dict[str, Any]:
        """Wait for a call's end and read its JSON."""
        status, output = self.result()
        assert status == 0, self.said
        account: dict[str, Any] = json.loads(output)
        return account

    def refusal(self) -> str:
        """Wait for the end of a command that cannot go on: its one sentence."""
        status, _ = self.result()
        assert status == 1, self.said
        lines = [line for line in self.said.splitlines() if line.startswith("confapp: ")]
        assert len(lines) == 1, self.said
        assert "Traceback" not in self.said
        return lines[0]

    def stop(self) -> None:
        """End it whatever it does."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()


Start = Callable[..., Process]
