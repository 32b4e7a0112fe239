"""docs/results.md: the results of all tasks in one document, beside the paper's."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from confapp.errors import ConfappError
from confapp.evaluation.compress_report import headlines
from confapp.evaluation.report import model_line
from confapp.evaluation.results_folder import FIGURES
from confapp.whole_file import whole_file

# Table 1 of the paper, its own method: metric by data.
PAPER_TABLE_1 = {
    "l1": ("L1 (0-255)", 10.74, 10.67),
    "psnr": ("PSNR (dB)", 24.37, 24.20),
    "ssim": ("SSIM", 0.80, 0.81),
    "ms_ssim": ("MS-SSIM", 0.85, 0.84),
    "akd": ("AKD (px at 256)", 2.07, 3.74),
}
DIFFERENCE = (
    "The paper's figures are of other people, by other landmark networks, and of networks of "
    "twenty times the arithmetic of `lite-256`, trained on far more footage. They say where the "
    "method can get to, not which model is better; AKD in particular depends on the landmark "
    "network."
)
TASKS = ("reconstruct", "compress", "redirect", "transfer", "transfer-relative", "recognise")


def write_document(work: Path, out: Path) -> None:
    """Read `work`/TASK/results.json of every task that is there, and write the document.

    Raises:
        ConfappError: `results-missing`, `results-mixed` where they are of different models, or
            `results-unwritable`.
    """
    facts = {task: _read(work / task / FIGURES) for task in TASKS}
    known = {task: one for task, one in facts.items() if one is not None}
    if not known:
        raise ConfappError(
            "results-missing", f"There are no results of {', '.join(TASKS)} in {work}."
        )
    models = {one["model"]["fingerprint"] for one in known.values()}
    if len(models) > 1:
        raise ConfappError(
            "results-mixed", f"The results in {work} are of several models; measure them anew."
        )
    try:
        with whole_file(out) as part:
            part.write_text(results_document(known))
    except OSError as error:
        raise ConfappError(
            "results-unwritable", f"{out} cannot be written ({error.strerror})."
        ) from error


def results_document(facts: Mapping[str, Mapping[str, Any]]) -> str:
    """The document.

    Args:
        facts: results.json by task, one at least.
    """
    first = next(iter(facts.values()))
    lines = [
        "# Results",
        "",
        f"{model_line(first)} Made by `scripts/results`; every figure is of one run of it. "
        "All renderings are synthesised.",
    ]
    for task, one in facts.items():
        lines += SECTIONS[task](one)
    return "\n".join(lines) + "\n"


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        facts = json.loads(path.read_text())
        if not isinstance(facts["model"]["fingerprint"], str) or not facts.get("complete", True):
            raise ValueError("the run was interrupted")
    except (ValueError, KeyError, TypeError) as error:
        raise ConfappError(
            "results-unreadable", f"{path} is no whole result ({error}); run its task again."
        ) from error
    return dict(facts)


def _reconstruct(facts: Mapping[str, Any]) -> list[str]:
    lines = ["", "## Reconstruction", ""]
    for name, summary in facts["sets"].items():
        figures = summary["all"]
        if not figures["pairs"]:
            continue
        rendering, frozen = figures["metrics"]["rendering"], figures["metrics"]["frozen"]
        lines += [
            f"{figures['pairs']} pairs of {figures['people']} people ({name}); median over people.",
            "",
            "| | ours | frozen source | paper, VoxCeleb2 | paper, TalkingHead-1KH |",
            "|---|---:|---:|---:|---:|",
        ]
        for metric, value in rendering.items():
            label, *paper = PAPER_TABLE_1.get(metric, (metric, "", ""))
            cells = " | ".join(f"{cell}" for cell in paper)
            lines.append(f"| {label} | {value:.4g} | {frozen[metric]:.4g} | {cells} |")
        lines.append("")
        expression = summary.get("expression")
        if expression and expression["mouth"]["correlation"] is not None:
            mouth = expression["mouth"]["correlation"]
            lines += [
                f"The mouth's opening follows the driver's with a correlation of {mouth:.2f}."
            ]
            lines.append("")
    return [*lines, DIFFERENCE]


def _compress(facts: Mapping[str, Any]) -> list[str]:
    lines = ["", "## Rate and distortion", ""]
    lines += [f"- {line}" for line in headlines(facts)]
    lines += ["", "How it is counted:", "", *(f"- {rule}." for rule in facts["rules"])]
    lines += [
        "",
        "The paper reports 10.37 times fewer payload bits than H.264 where people prefer both as "
        "often, 512x512, the source picture not counted; that is not equal LPIPS.",
    ]
    if facts["stream_bytes"]:
        lines += ["", "Bytes a frame under the same static coder:", ""]
        lines += ["| stream | here | paper |", "|---|---:|---:|"]
        for stream, figures in facts["stream_bytes"].items():
            lines.append(f"| {stream} | {figures['mean']:.1f} | {figures['paper']:.2f} |")
    return lines


def _remarks(facts: Mapping[str, Any]) -> list[str]:
    return ["", "## Redirection", "", *(f"- {remark}" for remark in facts["remarks"])]


def _transfer(facts: Mapping[str, Any]) -> list[str]:
    lines = ["", f"## Transfer, {facts['motion']} motion", "", "| | median | people |"]
    lines.append("|---|---:|---:|")
    for name, figure in facts["summary"].items():
        value = "-" if figure[name] is None else f"{figure[name]:.3f}"
        lines.append(f"| {facts['meanings'][name]} | {value} | {figure['people']} |")
    return lines


def _recognise(facts: Mapping[str, Any]) -> list[str]:
    landmarks = facts["landmarks"]
    besides = "" if landmarks is None else f", {landmarks:.1%} by 68 landmarks"
    return [
        *("", "## Recognition", ""),
        f"{facts['keypoints']:.1%} of {facts['probes']} pictures are given to the right one of "
        f"{facts['people']} people by the nearest canonical keypoints{besides}, "
        f"{facts['chance']:.1%} by chance.",
    ]


SECTIONS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "reconstruct": _reconstruct,
    "compress": _compress,
    "redirect": _remarks,
    "transfer": _transfer,
    "transfer-relative": _transfer,
    "recognise": _recognise,
}
