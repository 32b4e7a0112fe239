"""A datagram transport in front of another one."""

import asyncio
from typing import Any


class ForwardingTransport(asyncio.DatagramTransport):
    """Hands everything on; a subclass changes what becomes of what is sent."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        super().__init__()
        self._transport = transport

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send to an address (host, port, ...)."""
        self._transport.sendto(data, addr)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Of the transport behind."""
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Whether the transport behind is closing or closed."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close the transport behind once all is sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close the transport behind at once."""
        self._transport.abort()
