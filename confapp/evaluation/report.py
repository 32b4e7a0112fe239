"""What a run found, as JSON and as Markdown; the same bytes for the same scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.reconstruction import METHODS, ClipScores
from confapp.evaluation.summary import DIGITS, MOVED, pair_means, summarise
from models.talking_head import TalkingHead

SOURCE_NOTE = "the first frame's pixels as given, not coded"
RULE = "mean over a person's pairs, then median over people"
SUBSETS = {"all": "All pairs", "moved": f"Pairs whose landmarks moved by {MOVED:g} px or more"}
UNITS = {"l1": "0-255", "psnr": "dB", "akd": "px at 256"}


def report(
    head: TalkingHead,
    metrics: PictureMetrics,
    sets: Mapping[str, Sequence[ClipScores]],
    *,
    complete: bool,
) -> dict[str, Any]:
    """Everything, ready for JSON.

    Args:
        sets: the clips measured, by where they are from (`shards`, `videos`).
        complete: False where the run was interrupted.
    """
    return {
        "task": "reconstruct",
        "model": {
            "name": head.config.name,
            "fingerprint": head.fingerprint,
            "trained": head.trained,
        },
        "source": SOURCE_NOTE,
        "rule": RULE,
        "networks": {option: network.facts() for option, network in metrics.networks.items()},
        "left_out": metrics.left_out,
        "complete": complete,
        "sets": {name: summarise(clips) for name, clips in sets.items()},
        "clips": [_clip(name, clip) for name, clips in sets.items() for clip in clips],
    }


def markdown(facts: Mapping[str, Any]) -> str:
    """Tables of a report."""
    model = facts["model"]
    trained = "" if model["trained"] else ", untrained"
    lines = [
        "# Reconstruction",
        "",
        f"Model {model['name']} ({model['fingerprint']}{trained}). Source: {facts['source']}. "
        f"Figures: {facts['rule']}.",
    ]
    if not facts["complete"]:
        lines += ["", "**Interrupted: only the clips measured until then.**"]
    for name, summary in facts["sets"].items():
        for subset, title in SUBSETS.items():
            lines += _table(f"{title}, {name}", summary["clips"], summary[subset])
        lines += _expression(name, summary.get("expression"))
    lines += ["", "## Networks", ""]
    lines += [
        f"- {option}: {one['name']}, {one['file']}, {one['bytes']} bytes, SHA-256 {one['sha256']}"
        for option, one in facts["networks"].items()
    ]
    lines += [f"- left out: {reason}" for reason in facts["left_out"]]
    return "\n".join(lines) + "\n"


def _table(title: str, clips: int, figures: Mapping[str, Any]) -> list[str]:
    lines = ["", f"## {title}", ""]
    lines += [f"{figures['pairs']} pairs of {figures['people']} people, {clips} clips.", ""]
    if not figures["pairs"]:
        return lines[:-1]
    lines += [f"| | {' | '.join(METHODS)} |", "|---|" + "---:|" * len(METHODS)]
    for metric in figures["metrics"][METHODS[0]]:
        cells = [f"{figures['metrics'][method][metric]:.4g}" for method in METHODS]
        lines.append(f"| {_label(metric)} | {' | '.join(cells)} |")
    lines += ["", "| rendering against | |", "|---|---:|"]
    lines += [
        f"| {name} | {value:+.4g} |" if " - " in name else f"| {name} | {value:.4g} |"
        for name, value in figures["against"].items()
    ]
    return lines


def _expression(name: str, expression: Mapping[str, Any] | None) -> list[str]:
    if expression is None:
        return []
    lines = ["", f"## Expression, {name}", "", "| correlation with the driver | | people |"]
    lines.append("|---|---:|---:|")
    for key, label in (("mouth", "mouth opening"), ("eyes_of_blinkers", "eye opening, blinkers")):
        figure = expression[key]
        value = figure["correlation"]
        lines.append(
            f"| {label} | {'-' if value is None else f'{value:.3f}'} | {figure['people']} |"
        )
    return lines


def _label(metric: str) -> str:
    unit = UNITS.get(metric.removeprefix("face_"))
    return f"{metric} ({unit})" if unit else metric


def _clip(set_name: str, clip: ClipScores) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "set": set_name,
        "name": clip.name,
        "person": clip.person,
        "pairs": len(clip.pairs),
        "metrics": {
            method: {metric: round(value, DIGITS) for metric, value in means.items()}
            for method, means in pair_means(clip.pairs).items()
        },
    }
    if clip.expression:
        one = clip.expression
        facts["expression"] = {
            "mouth": None if one.mouth is None else round(one.mouth, DIGITS),
            "eyes": None if one.eyes is None else round(one.eyes, DIGITS),
            "blinks": one.blinks,
            "frames": one.frames,
        }
    return facts
