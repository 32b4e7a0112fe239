"""Networks made in software, for tests and benches: delay, jitter, loss, rate, order, outage."""
