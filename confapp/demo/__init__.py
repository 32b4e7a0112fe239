"""A call to look at: two synthetic people, who do not exist, and what it takes to film a call."""

from importlib.resources import files
from pathlib import Path

PEOPLE = Path(str(files(__name__))) / "people"
