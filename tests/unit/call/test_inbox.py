"""Beats that come in: what is answered at once, and what waits for the next beat."""

from collections.abc import Callable

from confapp.call import control_message
from confapp.call.call_handlers import CallHandlers
from confapp.call.control_message import Beat, Correction, Echo
from confapp.call.heartbeat import Heartbeat
from confapp.call.inbox import Inbox
from confapp.call.link_health import LinkHealth
from confapp.call.source_exchange import SourceExchange
from confapp.call.source_refresh import SourceRefresh
from confapp.call.statistics import CallStatistics
from confapp.errors import ConfappError

NOW = 10.0


def greeted_inbox(
    statistics: CallStatistics,
    answer: Callable[[], None] = lambda: None,
    handlers: CallHandlers | None = None,
) -> Inbox:
    inbox = Inbox(
        heartbeat=Heartbeat(lambda: NOW),
        health=LinkHealth(),
        source=SourceExchange(),
        refresh=SourceRefresh(),
        statistics=statistics,
        handlers=handlers or CallHandlers(),
        clock=lambda: NOW,
        send=lambda _: True,
        on_hello=lambda _: None,
        on_bye=lambda: None,
        answer=answer,
    )
    inbox.greeted = True
    return inbox


async def test_only_the_first_beat_of_a_peer_is_answered_out_of_turn() -> None:
    answers, statistics = list[Beat](), CallStatistics()
    inbox = greeted_inbox(statistics, lambda: answers.append(inbox.heartbeat.beat()))
    inbox.on_control(control_message.encode(Beat(sent=1.0)))
    assert [answer.echo for answer in answers] == [Echo(sent=1.0, received=10.0)]
    for sent in (2.0, 3.0):
        inbox.on_control(control_message.encode(Beat(sent=sent, motion_loss=0.5)))
    assert len(answers) == 1
    assert statistics.motion_loss_there == 0.5
    inbox.heartbeat = Heartbeat(lambda: NOW)  # another program at the other end
    inbox.on_control(control_message.encode(Beat(sent=4.0)))
    assert len(answers) == 2
    assert statistics.control_malformed == 0


async def test_each_beat_says_how_many_frames_are_wanted() -> None:
    """One that says nothing wants all of them; one that cannot be read changes nothing."""
    statistics = CallStatistics()
    inbox = greeted_inbox(statistics)
    for sent, (asked, wanted, malformed) in enumerate(
        [("8", 8, 0), ("0", 8, 1), ("null", None, 1)]
    ):
        inbox.on_control(f'{{"type": "beat", "sent": {sent}, "max_fps": {asked}}}')
        assert (statistics.max_fps_there, statistics.control_malformed) == (wanted, malformed)
    inbox.on_control(control_message.encode(Beat(sent=4.0, max_fps=15)))
    assert statistics.max_fps_there == 15
    inbox.on_control(control_message.encode(Beat(sent=5.0)))
    assert statistics.max_fps_there is None


async def test_a_correction_that_cannot_be_used_is_counted_and_dropped() -> None:
    taken: list[bytes] = []

    def take(code: bytes) -> None:
        if code == b"bad":
            raise ConfappError("correction-unreadable", "no correction")
        taken.append(code)

    statistics = CallStatistics()
    inbox = greeted_inbox(statistics, handlers=CallHandlers(on_correction=take))
    for code in (b"good", b"bad", b"better"):
        inbox.on_control(control_message.encode(Correction(code=code)))
    assert taken == [b"good", b"better"]
    assert statistics.control_malformed == 1
