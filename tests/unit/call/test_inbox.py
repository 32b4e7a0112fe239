"""Beats that come in: what is answered at once, and what waits for the next beat."""

from confapp.call import control_message
from confapp.call.call_handlers import CallHandlers
from confapp.call.control_message import Beat, Echo
from confapp.call.heartbeat import Heartbeat
from confapp.call.inbox import Inbox
from confapp.call.link_health import LinkHealth
from confapp.call.source_exchange import SourceExchange
from confapp.call.source_refresh import SourceRefresh
from confapp.call.statistics import CallStatistics


async def test_only_the_first_beat_of_a_peer_is_answered_out_of_turn() -> None:
    now, answers, statistics = 10.0, list[Beat](), CallStatistics()
    inbox = Inbox(
        heartbeat=Heartbeat(lambda: now),
        health=LinkHealth(),
        source=SourceExchange(),
        refresh=SourceRefresh(),
        statistics=statistics,
        handlers=CallHandlers(),
        clock=lambda: now,
        send=lambda _: True,
        on_hello=lambda _: None,
        on_bye=lambda: None,
        answer=lambda: answers.append(inbox.heartbeat.beat()),
    )
    inbox.greeted = True
    inbox.on_control(control_message.encode(Beat(sent=1.0)))
    assert [answer.echo for answer in answers] == [Echo(sent=1.0, received=10.0)]
    for sent in (2.0, 3.0):
        inbox.on_control(control_message.encode(Beat(sent=sent, motion_loss=0.5)))
    assert len(answers) == 1
    assert statistics.motion_loss_there == 0.5
    inbox.heartbeat = Heartbeat(lambda: now)  # another program at the other end
    inbox.on_control(control_message.encode(Beat(sent=4.0)))
    assert len(answers) == 2
    assert statistics.control_malformed == 0
