"""The figures that Prometheus reads, on a port of their own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server


class Metrics:
    """The figures of one server; a registry of its own, since tests run several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sockets = Gauge("confapp_sockets", "Open WebSockets", registry=self.registry)
        self.rooms_created = Counter(
            "confapp_rooms_created", "Rooms made here", registry=self.registry
        )
        self.joins = Counter("confapp_joins", "Seats taken", registry=self.registry)
        self.resumes = Counter("confapp_resumes", "Seats taken up again", registry=self.registry)
        self.pairings = Counter(
            "confapp_pairings", "Joins that found a peer present", registry=self.registry
        )
        self.messages = Counter(
            "confapp_messages", "Messages taken from clients", registry=self.registry
        )
        self.refusals = Counter(
            "confapp_refusals", "What was refused", ["error_id"], registry=self.registry
        )

    def serve(self, host: str, port: int) -> "MetricsPort":
        """Answer on `http://host:port/metrics` until closed.

        Raises:
            OSError: the port cannot be had.
        """
        return MetricsPort(self.registry, host, port)


class MetricsPort:
    """A small server in a thread of its own.

    Attributes:
        port: where it listens.
    """

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        self._server, self._thread = start_http_server(port, host, registry)
        self.port = int(self._server.server_port)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
