"""What `confapp evaluate recognise` found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from confapp.evaluation.folder_clip import ClipNote
from confapp.evaluation.recognise import Recognition
from confapp.evaluation.report import model_facts, model_line, note_lines
from confapp.evaluation.summary import DIGITS
from models.talking_head import TalkingHead


def recognition_facts(
    head: TalkingHead, found: Recognition, notes: Sequence[ClipNote]
) -> dict[str, Any]:
    """Ready for JSON."""
    figures = {
        name: round(value, DIGITS) if isinstance(value, float) else value
        for name, value in asdict(found).items()
    }
    return {
        "task": "recognise",
        "model": model_facts(head),
        "notes": [note.facts() for note in notes],
        **figures,
    }


def recognition_markdown(facts: Mapping[str, Any]) -> str:
    """The table."""
    lines = [
        "# Recognition",
        "",
        f"{model_line(facts)} {facts['probes']} pictures of {facts['people']} people, each given "
        "to the person whose first picture is nearest; picture and person are of one clip.",
        "",
        *("| by | right |", "|---|---:|"),
        f"| canonical keypoints | {facts['keypoints']:.1%} |",
    ]
    if facts["landmarks"] is not None:
        lines.append(f"| 68 landmarks | {facts['landmarks']:.1%} |")
    lines.append(f"| chance | {facts['chance']:.1%} |")
    return "\n".join([*lines, *note_lines(facts)]) + "\n"
