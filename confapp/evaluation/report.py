"""What a run found, as JSON and as Markdown; the same bytes for the same scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from confapp.evaluation.folder_clip import ClipNote
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.reconstruction import METHODS, ClipScores
from confapp.evaluation.smoothness import STRETCH
from confapp.evaluation.summary import DIGITS, MOVED, pair_means, summarise
from models.talking_head import TalkingHead

SOURCE_NOTE = "the first frame's pixels as given, not coded"
RULE = "mean over a person's pairs, then median over people"
SMOOTHNESS_NOTE = (
    f"Over the {STRETCH} consecutive frames whose landmarks move least: mean absolute difference "
    "from frame to frame inside the face, rendering over driver"
)
CALIBRATED_NOTE = (
    "Renderings are corrected by what all drivers before them told of where things belong ({} in "
    "all), one every half a second at most. A sender with time to spare learns as much, and tells "
    "it now and then."
)
SUBSETS = {"all": "All pairs", "moved": f"Pairs whose landmarks moved by {MOVED:g} px or more"}
UNITS = {
    "l1": "0-255",
    "psnr": "dB",
    "akd": "px at 256",
    "akd_per_coordinate": "px at 256",
    "head_angle": "degrees",
}


def report(
    head: TalkingHead,
    metrics: PictureMetrics,
    sets: Mapping[str, Sequence[ClipScores]],
    notes: Sequence[ClipNote] = (),
    *,
    complete: bool,
) -> dict[str, Any]:
    """Everything, ready for JSON.

    Args:
        sets: the clips measured, by where they are from (`shards`, `videos`).
        notes: on the files read.
        complete: False where the run was interrupted.
    """
    return {
        "task": "reconstruct",
        "model": model_facts(head),
        "source": SOURCE_NOTE,
        "rule": RULE,
        "smoothness": SMOOTHNESS_NOTE,
        "networks": {option: network.facts() for option, network in metrics.networks.items()},
        "left_out": metrics.left_out,
        "notes": [note.facts() for note in notes],
        "complete": complete,
        "sets": {name: summarise(clips) for name, clips in sets.items()},
        "clips": [_clip(name, clip) for name, clips in sets.items() for clip in clips],
    }


def markdown(facts: Mapping[str, Any]) -> str:
    """Tables of a report."""
    lines = [
        "# Reconstruction",
        "",
        f"{model_line(facts)} Source: {facts['source']}. Figures: {facts['rule']}.",
    ]
    lines += calibration_lines(facts)
    if not facts["complete"]:
        lines += ["", "**Interrupted: only the clips measured until then.**"]
    for name, summary in facts["sets"].items():
        for subset, title in SUBSETS.items():
            lines += _table(f"{title}, {name}", summary["clips"], summary[subset])
        lines += _fid(name, summary.get("fid"))
        lines += _expression(name, summary.get("expression"))
        lines += _smoothness(name, summary.get("smoothness"))
    return "\n".join([*lines, *note_lines(facts), *network_lines(facts)]) + "\n"


def model_facts(head: TalkingHead) -> dict[str, Any]:
    """Which model a result is of."""
    return {
        "name": head.config.name,
        "fingerprint": head.fingerprint,
        "trained": head.trained,
    }


def model_line(facts: Mapping[str, Any]) -> str:
    """The model of a report, as a sentence."""
    model = facts["model"]
    trained = "" if model["trained"] else ", untrained"
    return f"Model {model['name']} ({model['fingerprint']}{trained})."


def calibration_lines(facts: Mapping[str, Any]) -> list[str]:
    """What a reconstruction with `--calibrate` says of it; nothing without."""
    learned = [
        clip["frames_learned"] for clip in facts.get("clips", ()) if "frames_learned" in clip
    ]
    return ["", CALIBRATED_NOTE.format(sum(learned))] if learned else []


def note_lines(facts: Mapping[str, Any]) -> list[str]:
    """A line for each file that was left out or is peculiar; nothing where there is none."""
    if not facts["notes"]:
        return []
    return ["", "## Files", ""] + [
        f"- {note['file']}{'' if note['measured'] else ' is left out'}: {note['text']}"
        for note in facts["notes"]
    ]


def network_lines(facts: Mapping[str, Any]) -> list[str]:
    """The last section of a report: what measured, and what was left out."""
    return [
        "",
        "## Networks",
        "",
        *(
            f"- {option}: {one['name']}, {one['file']}, {one['bytes']} bytes, "
            f"SHA-256 {one['sha256']}"
            for option, one in facts["networks"].items()
        ),
        *(f"- left out: {reason}" for reason in facts["left_out"]),
    ]


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


def _fid(name: str, figures: Mapping[str, Any] | None) -> list[str]:
    if figures is None or METHODS[0] not in figures:
        return []
    return [
        *("", f"## FID, {name}", ""),
        f"Of {figures['pictures']} pictures against as many true ones. It falls with their number: "
        "compare figures of equal numbers alone.",
        *("", f"| {' | '.join(METHODS)} |", "|" + "---:|" * len(METHODS)),
        f"| {' | '.join(f'{figures[method]:.4g}' for method in METHODS)} |",
    ]


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


def _smoothness(name: str, figure: Mapping[str, Any] | None) -> list[str]:
    if figure is None:
        return []
    value = "-" if figure["ratio"] is None else f"{figure['ratio']:.3f}"
    return [
        *("", f"## Smoothness, {name}", "", f"{SMOOTHNESS_NOTE}.", ""),
        *("| | | people |", "|---|---:|---:|"),
        f"| rendering / driver | {value} | {figure['people']} |",
    ]


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
    if clip.frames_learned is not None:
        facts["frames_learned"] = clip.frames_learned
    if clip.expression:
        one = clip.expression
        facts["expression"] = {
            "mouth": None if one.mouth is None else round(one.mouth, DIGITS),
            "eyes": None if one.eyes is None else round(one.eyes, DIGITS),
            "blinks": one.blinks,
            "frames": one.frames,
        }
    if clip.smoothness:
        still = clip.smoothness
        facts["smoothness"] = {
            "ratio": None if still.ratio is None else round(still.ratio, DIGITS),
            "rendering": round(still.rendering, DIGITS),
            "driver": round(still.driver, DIGITS),
            "first_frame": still.stretch.start,
            "moved": round(still.stretch.moved, DIGITS),
        }
    return facts
