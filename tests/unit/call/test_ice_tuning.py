"""aioice, adjusted: patience with long links, and a machine without a network."""

import asyncio
from typing import Any

import pytest
from aioice import ice, stun

from confapp.call import ice_tuning

SHORT_RTO_S = 0.01  # in place of 0.5 s, so that the test need not wait


@pytest.fixture(autouse=True)
def as_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice unadjusted, whatever ran before in this process."""
    monkeypatch.setattr(ice.StunProtocol, "request", ice_tuning._request)
    monkeypatch.setattr(ice, "get_host_addresses", ice_tuning._get_host_addresses)


class Network(ice.StunProtocol):
    """Answers a request as late as its `answers`-th transmission, or never."""

    def __init__(self, answers: int) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self.answers = answers
        self.transmissions = 0

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
        self.transmissions += 1
        if self.transmissions == self.answers:
            answer = stun.Message(
                message.message_method, stun.Class.RESPONSE, message.transaction_id
            )
            transaction: Any = self.transactions[message.transaction_id]
            asyncio.get_running_loop().call_soon(transaction.response_received, answer, addr)


async def consent_check(network: Network) -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    await network.request(request, ("192.0.2.1", 9), retransmissions=0)


async def test_a_late_answer_keeps_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun, "RETRY_RTO", SHORT_RTO_S)
    with pytest.raises(stun.TransactionTimeout):  # as shipped
        await consent_check(Network(answers=3))
    ice_tuning.apply_ice_tuning()
    ice_tuning.apply_ice_tuning()
    network = Network(answers=3)
    await consent_check(network)
    assert network.transmissions == 3


async def test_an_answer_in_time_costs_nothing_more() -> None:
    ice_tuning.apply_ice_tuning()
    network = Network(answers=1)
    await consent_check(network)
    assert network.transmissions == 1


async def test_no_answer_still_loses_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun, "RETRY_RTO", SHORT_RTO_S)
    ice_tuning.apply_ice_tuning()
    network = Network(answers=0)
    with pytest.raises(stun.TransactionTimeout):
        await consent_check(network)
    assert network.transmissions == 1 + ice_tuning.CONSENT_RETRANSMISSIONS


@pytest.mark.parametrize(
    ("found", "offered"), [([], ["127.0.0.1"]), (["192.0.2.7"], ["192.0.2.7"])]
)
def test_loopback_is_offered_when_there_is_nothing_else(
    monkeypatch: pytest.MonkeyPatch, found: list[str], offered: list[str]
) -> None:
    monkeypatch.setattr(ice_tuning, "_get_host_addresses", lambda *_: found)
    ice_tuning.apply_ice_tuning()
    assert ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == offered
