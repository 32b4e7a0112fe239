"""A real signaling server for each test."""

from collections.abc import AsyncIterator

import pytest
from signaling_service import SignalingService


@pytest.fixture
async def signaling_service() -> AsyncIterator[SignalingService]:
    service = SignalingService()
    await service.start()
    yield service
    await service.stop()
