"""`confapp serve --check`: whether a configuration would serve, before anybody depends on it."""

import asyncio
import time

from .server_state import ServerState
from .settings import SignalingSettings

NO_TURN = "No TURN server: people behind strict firewalls will not find a way to each other."
NO_PRODUCTION = "Not in production mode: missing secrets and a missing public URL are let pass."
NO_PROXY = "No trusted proxy: behind one, all people count as a single address."


def check_configuration(settings: SignalingSettings) -> list[str]:
    """What is noteworthy, a sentence each; no value of a secret is told.

    Raises:
        ConfappError: `store-unavailable`.
    """
    asyncio.run(_check_store(settings))
    where = "this process" if settings.store is None else "Redis, which answers"
    said = [f"Rooms are kept in {where}."]
    if not settings.production:
        said.append(NO_PRODUCTION)
    if not settings.turn_urls:
        said.append(NO_TURN)
    if settings.public_url is not None and not settings.trusted_proxies:
        said.append(NO_PROXY)
    return said


async def _check_store(settings: SignalingSettings) -> None:
    state = ServerState(settings, time.time)
    try:
        await state.store.check()
    finally:
        await state.stop()
