"""A card to test with where there is none."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from models import engine_graph


class PlayedCard:
    """Stands in for torch.cuda: a replay repeats what was noted while a graph was recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work: list[Callable[[], object]] = []
        self.recording = False
        card = self

        class Graph:
            def replay(self) -> None:
                for step in list(card.work):
                    step()

        class Stream:
            def __init__(self, device: object = None) -> None:
                self.device = device

            def wait_stream(self, other: object) -> None:
                pass

        class Event:
            def __init__(self, *, enable_timing: bool = False) -> None:
                self.timed = enable_timing

            def record(self, stream: object = None) -> None:
                pass

            def synchronize(self) -> None:
                pass

            def elapsed_time(self, end: "Event") -> float:
                assert self.timed
                assert end.timed
                return 6.0

        @contextlib.contextmanager
        def recorded(graph: Graph, *, stream: Stream, capture_error_mode: str) -> Iterator[None]:
            assert capture_error_mode == "thread_local"
            card.recording = True
            yield
            card.recording = False

        for name, played in (
            ("CUDAGraph", Graph),
            ("Stream", Stream),
            ("Event", Event),
            ("graph", recorded),
            ("stream", lambda _: contextlib.nullcontext()),
            ("current_stream", lambda _: Stream()),
        ):
            monkeypatch.setattr(torch.cuda, name, played)
        monkeypatch.setattr(engine_graph, "page_locked", torch.empty_like)
        monkeypatch.setattr(engine_graph, "_lanes", {})

    def doubled(self, x: Tensor) -> Tensor:
        """A function that can be recorded."""
        result = x * 2
        if self.recording:
            self.work.append(lambda: torch.mul(x, 2, out=result))
        return result
