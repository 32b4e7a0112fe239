"""What the tests of both ends of a call share."""

import pytest
from tiny_models import lively, tiny

from confapp.codec import FrequencyTables, PaperCodec
from models.talking_head import TalkingHead


@pytest.fixture(scope="session")
def head() -> TalkingHead:
    """A small model, K = 5, pictures of 64x64."""
    return lively(tiny("lite-256"))


@pytest.fixture
def codec(head: TalkingHead) -> PaperCodec:
    """The coder that goes with it."""
    return PaperCodec(FrequencyTables.uniform(head.config.keypoints))
