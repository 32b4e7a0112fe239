"""A queue is told from a long way, and from acknowledgements that were lost."""

from confapp.call.delivery_delay import BASE_AGE_S, DeliveryDelay


class Way:
    """Messages that take as long as a test says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.delay = DeliveryDelay(lambda: self.now)
        self._sent = 0

    def deliver(self, *took_s: float) -> float:
        """Send a message after the other; the queue that is seen then."""
        for seconds in took_s:
            message = self._sent.to_bytes(4, "big")
            self._sent += 1
            self.delay.on_sent(message)
            self.now += seconds
            self.delay.on_delivered(message)
        return self.delay.queue_s


def test_a_long_way_is_no_queue() -> None:
    assert DeliveryDelay(lambda: 0.0).queue_s == 0.0
    assert Way().deliver(0.7, 0.7, 0.7, 0.7) == 0.0


def test_late_answers_are_a_queue_only_in_a_row() -> None:
    way = Way()
    assert way.deliver(0.5, 0.5, 0.5, 1.5, 1.5) == 0.0
    assert way.deliver(1.25) == 0.75
    assert way.deliver(0.5) == 0.0


def test_a_path_that_became_longer_is_learned() -> None:
    way = Way()
    way.deliver(0.5)
    way.deliver(*[2.0] * int(BASE_AGE_S / 2 - 1))
    assert way.delay.queue_s == 1.5
    assert way.deliver(2.0, 2.0, 2.0) == 0.0


def test_what_was_never_sent_is_passed_over() -> None:
    way = Way()
    way.delay.on_delivered(b"stranger")
    assert way.delay.queue_s == 0.0
