"""docs/results.md: the results of all tasks in one document, beside the paper's."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from confapp.errors import ConfappError
from confapp.evaluation.ablate_report import ablation_lines
from confapp.evaluation.compress_report import headlines
from confapp.evaluation.report import calibration_lines, model_line
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
LABELS = {
    "lpips": "LPIPS (VGG16)",
    "akd_per_coordinate": "AKD, mean of x and y (px at 256)",
    "head_angle": "head angle (degrees)",
    "csim": "CSIM",
    "face_l1": "face, L1 (0-255)",
    "face_psnr": "face, PSNR (dB)",
    "face_ssim": "face, SSIM",
    "face_ms_ssim": "face, MS-SSIM",
    "face_lpips": "face, LPIPS (VGG16)",
}
STREAMS = (
    "Bytes a frame under the same static coder, each of {} clips under tables of the others (the "
    "paper's table 6: 512x512, other data):"
)
PAPER_FID = (69.13, 52.08)
DIFFERENCE = (
    "The paper's figures are of other people (VoxCeleb2, TalkingHead-1KH), by other landmark "
    "networks, and of networks of twenty times the arithmetic of `lite-256`, trained on far more "
    "footage for days on GPUs; the weights that ship were trained for hours on two CPU cores. "
    "They say where the method can get to, not which model is better; AKD depends on the landmark "
    "network, and FID falls with the number of pictures."
)
TASKS = (
    "reconstruct",
    "reconstruct-videos",
    "compress",
    "redirect",
    "transfer",
    "transfer-relative",
    "recognise",
    "ablate",
)
PLOT, PLOT_FILE = "plot-lpips.svg", "{}-lpips.svg"
SETS = {"shards": "pairs of frames", "videos": "clips at full rate"}


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
    models = {one["model"]["fingerprint"] for one in known.values() if "model" in one}
    if len(models) > 1:
        raise ConfappError(
            "results-mixed", f"The results in {work} are of several models; measure them anew."
        )
    texts = {out: results_document(known, PLOT_FILE.format(out.stem))}
    if (plot := work / "compress" / PLOT).is_file():
        texts[out.with_name(PLOT_FILE.format(out.stem))] = plot.read_text()
    try:
        for path, text in texts.items():
            with whole_file(path) as part:
                part.write_text(text)
    except OSError as error:
        raise ConfappError(
            "results-unwritable", f"{out} cannot be written ({error.strerror})."
        ) from error


def results_document(facts: Mapping[str, Mapping[str, Any]], plot: str) -> str:
    """The document.

    Args:
        facts: results.json by task, one at least.
        plot: the rate-distortion plot's file beside the document.
    """
    lines = ["# Results", "", *_summary(facts)]
    for task, one in facts.items():
        lines += SECTIONS[task](one)
        if task == "compress" and one["clips"]:
            lines += ["", f"![LPIPS over kbit/s, mean over the clips]({plot})"]
    return "\n".join([*lines, *_networks(facts)]) + "\n"


def _summary(facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Whose figures these are, and how they stand to the paper's."""
    of_model = [one for one in facts.values() if "model" in one]
    whose = f"{model_line(of_model[0])} " if of_model else ""
    return [
        f"{whose}Made by `scripts/results`. All renderings are synthesised, of people not seen in "
        "training. Every line says on how many clips, pairs or people it stands.",
        "",
        DIFFERENCE,
    ]


def _networks(facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Every network that measured, once."""
    known = {
        (option, one["name"], one["file"], one["bytes"], one["sha256"])
        for task in facts.values()
        for option, one in task.get("networks", {}).items()
    }
    if not known:
        return []
    lines = ["", "## Networks that measured", ""]
    lines += ["| for | network | file | bytes | SHA-256 |", "|---|---|---|---:|---|"]
    return [
        *lines,
        *(
            f"| {option} | {name} | {file} | {size} | {sha256[:16]}... |"
            for option, name, file, size, sha256 in sorted(known)
        ),
    ]


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        facts = json.loads(path.read_text())
        named = facts["variants"][0] if facts.get("task") == "ablate" else facts["model"]
        if not isinstance(named["fingerprint"], str) or not facts.get("complete", True):
            raise ValueError("the run was interrupted")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ConfappError(
            "results-unreadable", f"{path} is no whole result ({error}); run its task again."
        ) from error
    return dict(facts)


def _reconstruct(facts: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, summary in facts["sets"].items():
        figures = summary["all"]
        if not figures["pairs"]:
            continue
        rendering, frozen = figures["metrics"]["rendering"], figures["metrics"]["frozen"]
        lines += ["", f"## Reconstruction, {SETS[name]}", ""]
        lines += [
            f"{figures['pairs']} pairs of {figures['people']} people; mean over a person's pairs, "
            "then median over people; the source is the first frame's pixels as given.",
            *calibration_lines(facts),
            "",
            "| | ours | frozen source | paper, VoxCeleb2 | paper, TalkingHead-1KH |",
            "|---|---:|---:|---:|---:|",
        ]
        for metric, value in rendering.items():
            label, *paper = PAPER_TABLE_1.get(metric, (LABELS.get(metric, metric), "", ""))
            cells = " | ".join(f"{cell}" for cell in paper)
            lines.append(f"| {label} | {value:.4g} | {frozen[metric]:.4g} | {cells} |")
        fid = summary.get("fid", {})
        if "rendering" in fid:
            values = f"{fid['rendering']:.4g} | {fid['frozen']:.4g}"
            lines.append(
                f"| FID, {fid['pictures']} pictures | {values} | {PAPER_FID[0]} | {PAPER_FID[1]} |"
            )
        expression = summary.get("expression")
        if expression and expression["mouth"]["correlation"] is not None:
            mouth, eyes = expression["mouth"], expression["eyes_of_blinkers"]
            follows = (
                f"The mouth's opening follows the driver's with a correlation of "
                f"{mouth['correlation']:.2f} (median of {mouth['people']} people)"
            )
            if eyes["correlation"] is not None:
                follows += (
                    f", the eyes' of those who blink with {eyes['correlation']:.2f} "
                    f"({eyes['people']} people)"
                )
            lines += ["", f"{follows}."]
        smoothness = summary.get("smoothness")
        if smoothness and smoothness["ratio"] is not None:
            lines += [
                "",
                f"Change from frame to frame inside a still face, rendering over driver: "
                f"{smoothness['ratio']:.2f} (median of {smoothness['people']} people; 1 is as "
                "filmed, more would be jitter).",
            ]
    return lines


def _compress(facts: Mapping[str, Any]) -> list[str]:
    lines = ["", "## Rate and distortion", ""]
    lines += [f"- {line}" for line in headlines(facts)]
    lines += ["", "How it is counted:", "", *(f"- {rule}." for rule in facts["rules"])]
    lines += [
        "",
        "The paper reports 10.37 times fewer payload bits than H.264 where people prefer both as "
        "often, 512x512, the source picture not counted; that is not equal LPIPS.",
    ]
    if facts["bd_rate"]:
        lines += ["", "BD-rate by LPIPS: per cent of bits more (+) or less (-) than the anchor at "]
        lines[-1] += (
            "equal LPIPS, first picture counted, median over the clips where both reach it, of "
            "streams with several rates:"
        )
        lines += ["", "| | anchor | wire | payload | clips |", "|---|---|---:|---:|---:|"]
        for row in facts["bd_rate"]:
            if row["wire"]["clips"] == 0:
                continue
            cells = [
                "-" if row[layer]["median"] is None else f"{row[layer]['median']:+.1f}"
                for layer in ("wire", "payload")
            ]
            known = f"{row['wire']['clips']} of {row['clips']}"
            lines.append(f"| {row['test']} | {row['anchor']} | {' | '.join(cells)} | {known} |")
    if facts["stream_bytes"]:
        lines += [
            "",
            STREAMS.format(len(next(iter(facts["stream_bytes"].values()))["clips"])),
            "",
        ]
        lines += ["| stream | here | paper |", "|---|---:|---:|"]
        for stream, figures in facts["stream_bytes"].items():
            lines.append(f"| {stream} | {figures['mean']:.1f} | {figures['paper']:.2f} |")
    return lines


def _ablate(facts: Mapping[str, Any]) -> list[str]:
    return ["", "## Ablations", "", *ablation_lines(facts)]


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
    "reconstruct-videos": _reconstruct,
    "compress": _compress,
    "redirect": _remarks,
    "transfer": _transfer,
    "transfer-relative": _transfer,
    "recognise": _recognise,
    "ablate": _ablate,
}
