"""A small model of each kind."""

import pytest
from tiny_models import lively, tiny

from models.talking_head import TalkingHead


@pytest.fixture(scope="session", params=["lite-256", "paper-256", "vox-256"])
def head(request: pytest.FixtureRequest) -> TalkingHead:
    """A small model of each kind."""
    return lively(tiny(request.param))
