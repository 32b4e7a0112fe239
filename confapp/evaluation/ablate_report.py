"""The report of `confapp evaluate ablate`; the same bytes for the same scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from confapp.evaluation.report import RULE, SOURCE_NOTE, network_lines

# In the order of `models.config.ablations`; the last one is there where the generator blends.
TITLES = (
    "the configuration as it is",
    "keypoints straight from each picture",
    "2-D warp",
    "15 keypoints",
    "10 keypoints",
    "the paper's generator, without blending",
)
PAPER_METRICS = ("l1", "psnr", "ssim", "ms_ssim", "fid", "akd")
# TalkingHead-1KH, in the same order; the paper does not blend.
PAPER_TABLE_5 = (
    (10.67, 24.20, 0.81, 0.84, 52.08, 3.74),
    (10.84, 24.00, 0.80, 0.83, 58.55, 4.26),
    (11.64, 23.38, 0.79, 0.82, 58.75, 4.20),
    (11.35, 23.53, 0.79, 0.82, 54.36, 4.50),
    (11.49, 23.36, 0.79, 0.82, 56.27, 4.31),
)
FROZEN = "frozen"
SHOWN = {
    "l1": "L1",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "ms_ssim": "MS-SSIM",
    "face_l1": "face L1",
    "lpips": "LPIPS",
    "face_lpips": "face LPIPS",
    "akd": "AKD",
    "csim": "CSIM",
    "head_angle": "head angle",
    "fid": "FID",
}
CAUTION = (
    "Networks trained for minutes have hardly begun: such a table shows that each variant trains, "
    "renders and is measured, and what is learned first, not which is better in the end. The "
    "paper's variants were trained for days, and lie closer together than runs of minutes with "
    "another seed do."
)


def ablation_facts(
    names: Sequence[str], measured: Sequence[Mapping[str, Any]], budget: str
) -> dict[str, Any]:
    """Everything, ready for JSON.

    Args:
        names: of the variants, the whole configuration first.
        measured: the report of `confapp evaluate reconstruct` of each.
        budget: how much they were trained.
    """
    summaries = [facts["sets"]["shards"] for facts in measured]
    first = summaries[0]["all"]
    return {
        "task": "ablate",
        "config": names[0],
        "budget": budget,
        "caution": CAUTION,
        "source": SOURCE_NOTE,
        "rule": RULE,
        "networks": measured[0]["networks"],
        "left_out": measured[0]["left_out"],
        "complete": True,
        "pairs": first["pairs"],
        "people": first["people"],
        "variants": [
            {
                "name": name,
                "title": title,
                "fingerprint": facts["model"]["fingerprint"],
                "metrics": _metrics(summary, "rendering"),
            }
            | ({"paper": dict(zip(PAPER_METRICS, paper, strict=True))} if paper else {})
            for name, title, paper, facts, summary in zip(
                names, TITLES, (*PAPER_TABLE_5, None), measured, summaries, strict=False
            )
        ],
        FROZEN: _metrics(summaries[0], FROZEN),
    }


def ablation_markdown(facts: Mapping[str, Any]) -> str:
    """The table."""
    lines = ["# Ablations", "", *ablation_lines(facts)]
    lines += ["", "| variant | name | fingerprint |", "|---|---|---|"]
    lines += [
        f"| {one['title']} | {one['name']} | {one['fingerprint']} |" for one in facts["variants"]
    ]
    return "\n".join([*lines, *network_lines(facts)]) + "\n"


def ablation_lines(facts: Mapping[str, Any]) -> list[str]:
    """What was trained, ours, and the paper's."""
    shown = {name: label for name, label in SHOWN.items() if name in facts[FROZEN]}
    lines = [
        f"Variants of {facts['config']}, {facts['pairs']} pairs of {facts['people']} people not "
        f"seen in training. {facts['budget']} Figures: {facts['rule']}.",
        "",
        f"{facts['caution']}",
        "",
        f"| | {' | '.join(shown.values())} |",
        "|---|" + "---:|" * len(shown),
    ]
    for one in facts["variants"]:
        cells = [f"{one['metrics'][name]:.4g}" for name in shown]
        lines.append(f"| {one['title']} | {' | '.join(cells)} |")
    lines.append(f"| frozen source | {' | '.join(f'{facts[FROZEN][n]:.4g}' for n in shown)} |")
    lines += ["", "The paper's table 5 (TalkingHead-1KH, its networks and landmark network):", ""]
    lines += [
        f"| | {' | '.join(SHOWN[name] for name in PAPER_METRICS)} |",
        "|---|" + "---:|" * len(PAPER_METRICS),
    ]
    for one in facts["variants"]:
        if "paper" not in one:
            continue
        cells = [f"{one['paper'][name]:g}" for name in PAPER_METRICS]
        lines.append(f"| {one['title']} | {' | '.join(cells)} |")
    return lines


def _metrics(summary: Mapping[str, Any], method: str) -> dict[str, float]:
    fid = summary.get("fid", {})
    return {
        **summary["all"]["metrics"][method],
        **({"fid": fid[method]} if method in fid else {}),
    }
