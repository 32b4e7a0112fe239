"""The code that both sides read to each other."""

from confapp.call.safety_code import WORDS, safety_code
from confapp.call.safety_words import SAFETY_WORDS

ADA, BEN, EVE = bytes(32), bytes([1]) * 32, bytes([2]) * 32


def test_both_sides_have_the_same_code() -> None:
    assert safety_code(ADA, BEN) == safety_code(BEN, ADA)
    assert len(safety_code(ADA, BEN).split()) == WORDS


def test_somebody_in_the_middle_shows() -> None:
    assert safety_code(ADA, EVE) != safety_code(EVE, BEN)
    assert len({safety_code(ADA, other) for other in (ADA, BEN, EVE)}) == 3


def test_each_word_says_one_byte() -> None:
    assert len(SAFETY_WORDS) == len(set(SAFETY_WORDS)) == 256
    assert len({word[:4] + word[-1] for word in SAFETY_WORDS}) > 250  # told apart when misheard
