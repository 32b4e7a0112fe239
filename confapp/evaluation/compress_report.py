"""The report of `confapp evaluate compress`; the same bytes for the same scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from confapp.evaluation.comparison_stream import FOMM, FS_VID2VID, OURS
from confapp.evaluation.compression_summary import BOUND_RULE, COUNT_RULE, CompressionSummary
from confapp.evaluation.folder_clip import ClipNote
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.report import model_facts, model_line, network_lines, note_lines
from confapp.evaluation.stream_mode import BUNDLE_MS
from confapp.evaluation.stream_rate import FirstPicture, Layer, RateRule
from confapp.evaluation.wire_rate import DATA_CHANNEL_RULE, MESSAGE_OVERHEAD, RTP_RULE
from models.talking_head import TalkingHead

PAPER_SIZES = {OURS: 84.44, FOMM: 171.09, FS_VID2VID: 231.42}  # table 6, 512x512, other data
STREAM_NOTES = {
    OURS: "this model's 3K + 6 numbers",
    FOMM: "20 keypoints and Jacobians, from a face mesh in place of its own network",
    FS_VID2VID: "126 landmarks of a face mesh",
}


def compress_facts(
    head: TalkingHead,
    metrics: PictureMetrics,
    summary: CompressionSummary,
    sizes: Mapping[str, Mapping[str, float]],
    notes: Sequence[ClipNote],
    *,
    tables: str,
    bundle: int | None,
    missing: Sequence[str],
    complete: bool,
) -> dict[str, Any]:
    """Everything, ready for JSON.

    Args:
        sizes: mean bytes a frame by comparison stream and clip; empty where one clip was measured.
        tables: fingerprint of the codec's tables.
        bundle: frames a message; None: as a call bundles them.
        missing: encoders that this machine does not have.
        complete: False where the run was interrupted.
    """
    return {
        "task": "compress",
        "model": model_facts(head),
        "tables": tables,
        "rules": _rules(summary.rule, bundle),
        "networks": {option: network.facts() for option, network in metrics.networks.items()},
        "left_out": [*metrics.left_out, *(f"{name}: this PyAV has no encoder" for name in missing)],
        "complete": complete,
        "notes": [note.facts() for note in notes],
        **summary.facts(),
        "stream_bytes": {
            stream: {
                "mean": round(sum(by_clip.values()) / len(by_clip), 2),
                "paper": PAPER_SIZES[stream],
                "clips": {clip: round(size, 2) for clip, size in by_clip.items()},
            }
            for stream, by_clip in sizes.items()
        },
        "clips": [summary.clip_facts(clip) for clip in summary.clips],
    }


def headlines(facts: Mapping[str, Any]) -> list[str]:
    """A sentence for the best mode of each family against each codec."""
    lines = []
    seen: set[str] = set()
    for mode in facts["modes"]:
        if mode["family"] in seen:
            continue
        seen.add(mode["family"])
        of_clips = f"{len(mode['counted'])} of {mode['clips']} clips count"
        for codec, by_distortion in mode["fewer_bits"].items():
            figures = by_distortion["lpips"]
            wire, payload = (figures[layer]["both"]["median"] for layer in ("wire", "payload"))
            what = f"{mode['name']}, against {codec}"
            if wire is None:
                lines.append(f"{what}: no figure, as {of_clips}.")
                continue
            later_wire, later = (
                figures[layer]["neither"]["median"] for layer in ("wire", "payload")
            )
            lines.append(
                f"{what}: {wire:.2f} times fewer bits at equal LPIPS on the forward wire with "
                f"headers on both sides ({payload:.2f} in payload); without the first picture of "
                f"either, {later_wire:.2f} ({later:.2f} in payload); median, {of_clips}."
            )
    return lines


def compress_markdown(facts: Mapping[str, Any]) -> str:
    """Tables of a report."""
    lines = ["# Compression", "", f"{model_line(facts)} All renderings are synthesised."]
    if not facts["complete"]:
        lines += ["", "**Interrupted: only the clips measured until then.**"]
    lines += ["", *(f"- **{line}**" for line in headlines(facts))]
    lines += ["", "How it is counted:", "", *(f"- {rule}." for rule in facts["rules"])]
    lines += _modes(facts)
    lines += _fewer_bits(facts)
    lines += _clips(facts)
    lines += _bd_rates(facts)
    lines += _stream_bytes(facts)
    return "\n".join([*lines, *note_lines(facts), *network_lines(facts)]) + "\n"


def _rules(rule: RateRule, bundle: int | None) -> list[str]:
    overhead = (
        f"; here {rule.overhead} bytes a datagram, as captured, in place of the formula's"
        if rule.overhead != MESSAGE_OVERHEAD
        else ""
    )
    return [
        COUNT_RULE,
        BOUND_RULE,
        RTP_RULE,
        f"{DATA_CHANNEL_RULE}{overhead}",
        _bundle_rule(bundle),
        "first picture: our source still, once, and the codec's intra picture; counted on both "
        "sides unless said otherwise",
        "an attentive sender renders what the other side sees twice a second, tells where it shows "
        "things beside their place, and sends another photo where the first explains too little, "
        "as a call does with time to spare; all of it is counted",
        "the codecs run at low delay: no B-frames, no look-ahead, one intra picture, full-scale, "
        "half-scale and quarter-scale encodes over a sweep of CRFs; the rate at equal quality is "
        "interpolated in log rate along the best of them",
    ]


def _bundle_rule(bundle: int | None) -> str:
    if bundle is None:
        return (
            f"predictive mode bundles as a call does on a good link: a frame waits {BUNDLE_MS} ms "
            "at most for others to travel with; in paper mode each travels alone"
        )
    return f"{bundle} frames a message; each more than one delays the picture by a frame"


def _modes(facts: Mapping[str, Any]) -> list[str]:
    lines = ["", "## Our modes", "", "Medians over all clips, whether they count or not.", ""]
    lines.append(
        "| mode | bytes a frame | payload kbit/s without source | payload | wire without source | "
        "wire | LPIPS | AKD | AKD / frozen's | clips that count |"
    )
    lines.append("|---|" + "---:|" * 9)
    for mode in facts["modes"]:
        payload, wire = mode["kbps"]["payload"], mode["kbps"]["wire"]
        numbers = [payload["neither"], payload["both"], wire["neither"], wire["both"]]
        cells = [f"{mode['bytes_per_frame']:.1f}", *(f"{number:.2f}" for number in numbers)]
        scores = [mode["scores"]["lpips"], mode["scores"]["akd"], mode["akd_share"]]
        cells += [
            *(f"{score:.3f}" for score in scores),
            f"{len(mode['counted'])} of {mode['clips']}",
        ]
        lines.append(f"| {mode['name']} | {' | '.join(cells)} |")
    return lines


def _fewer_bits(facts: Mapping[str, Any]) -> list[str]:
    lines = ["", "## How many times fewer bits at equal quality", ""]
    lines.append("Medians over the clips that count.")
    for mode in facts["modes"]:
        if not mode["counted"]:
            continue
        lines += ["", f"### {mode['name']}: {len(mode['counted'])} of {mode['clips']} clips", ""]
        lines.append("| codec | at equal | first picture | wire | payload |")
        lines.append("|---|---|---|---:|---:|")
        for codec, by_distortion in mode["fewer_bits"].items():
            for distortion, figures in by_distortion.items():
                for first in FirstPicture if distortion == "lpips" else [FirstPicture.BOTH]:
                    cells = [_ratio(figures[layer.value][first.name.lower()]) for layer in Layer]
                    lines.append(
                        f"| {codec} | {distortion.upper()} | {first.value} | {' | '.join(cells)} |"
                    )
    return lines


def _clips(facts: Mapping[str, Any]) -> list[str]:
    name = facts["modes"][0]["name"]
    lines = ["", f"## Clips, {name}", ""]
    lines.append("| clip | LPIPS | AKD | frozen's LPIPS | frozen's AKD | AKD / frozen's | counts |")
    lines.append("|---|" + "---:|" * 5 + "---|")
    for clip in facts["clips"]:
        mode, frozen = clip["streams"][0], clip["frozen"]
        numbers = [mode["scores"]["lpips"], mode["scores"]["akd"], frozen["lpips"], frozen["akd"]]
        cells = [f"{number:.3f}" for number in [*numbers, mode["akd_share"]]]
        counts = "yes" if mode["counts"] else "no"
        lines.append(f"| {clip['name']} | {' | '.join(cells)} | {counts} |")
    return lines


def _bd_rates(facts: Mapping[str, Any]) -> list[str]:
    lines = ["", "## BD-rate by LPIPS", ""]
    lines.append("Per cent of bits more (+) or less (-) than the anchor; median over clips.")
    lines += ["", "| | anchor | wire | payload | clips |", "|---|---|---:|---:|---:|"]
    for row in facts["bd_rate"]:
        cells = [_percent(row[layer.value]["median"]) for layer in Layer]
        known = row[Layer.WIRE.value]["clips"]
        lines.append(f"| {row['test']} | {row['anchor']} | {' | '.join(cells)} | {known} |")
    return lines


def _stream_bytes(facts: Mapping[str, Any]) -> list[str]:
    if not facts["stream_bytes"]:
        return []
    lines = ["", "## Bytes a frame under the same coder (the paper's table 6)", ""]
    lines.append("Each clip under static tables of all other clips; the paper's are of other data.")
    lines += ["", "| stream | here | paper | what |", "|---|---:|---:|---|"]
    for stream, figures in facts["stream_bytes"].items():
        cells = f"{figures['mean']:.1f} | {figures['paper']:.2f}"
        lines.append(f"| {stream} | {cells} | {STREAM_NOTES[stream]} |")
    return lines


def _ratio(figure: Mapping[str, Any]) -> str:
    if figure["median"] is None:
        return "-"
    bounds = [
        f"{figure[name]} {text}"
        for name, text in (("at_most", "taken as none"), ("at_least", "at least"))
        if figure[name]
    ]
    return f"{figure['median']:.2f}" + (f" ({', '.join(bounds)})" if bounds else "")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1f}"
