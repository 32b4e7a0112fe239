"""How many times fewer bits our modes need at equal quality, and where that may be said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from confapp.evaluation.compression import ClipCompression, StreamScores
from confapp.evaluation.rate_distortion import Bound, RatePoint, bd_rate, rate_at
from confapp.evaluation.stream_rate import COUNTINGS, Counting, FirstPicture, Layer, RateRule
from confapp.evaluation.summary import DIGITS

# A clip counts for a mode where the rendering is good and follows the face: a frozen source looks
# good too as long as nobody moves.
MOST_LPIPS = 0.25
MOST_AKD_SHARE = 0.3  # of the frozen source's
DISTORTIONS = ("lpips", "dists", "akd")
HEADLINE = Counting(Layer.WIRE, FirstPicture.BOTH)
COUNT_RULE = (
    f"a clip counts for a mode where its LPIPS (VGG) is at most {MOST_LPIPS} and its AKD at most "
    f"{MOST_AKD_SHARE} of the frozen source's"
)
BOUND_RULE = (
    "where even a codec's cheapest encode is better than ours, its bits at equal quality are taken "
    "as none; where its dearest is worse, as that one's"
)


@dataclass(frozen=True, slots=True)
class CompressionSummary:
    """Figures over the clips measured.

    Attributes:
        clips: one at least, all with the same modes and codecs.
        rule: how rates are counted.
    """

    clips: Sequence[ClipCompression]
    rule: RateRule

    def facts(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        first = self.clips[0]
        return {
            "modes": [self._mode(index) for index in range(len(first.modes))],
            "bd_rate": self._bd_rates(),
        }

    def clip_facts(self, clip: ClipCompression) -> dict[str, Any]:
        """One clip, ready for JSON."""
        return {
            "name": clip.name,
            "person": clip.person,
            "seconds": clip.seconds,
            "sampled": clip.sampled,
            "source_bytes": clip.source_bytes,
            "frozen": clip.frozen,
            "streams": [self._stream(clip, one) for one in [*clip.modes, *clip.encodes]],
        }

    def curve(
        self,
        clip: ClipCompression,
        family: str,
        distortion: str,
        counting: Counting = HEADLINE,
    ) -> list[RatePoint]:
        """The points of one family of streams."""
        return [
            RatePoint(self.rule.kbps(clip, one, counting), one.scores[distortion])
            for one in [*clip.modes, *clip.encodes]
            if one.family == family
        ]

    def counts(self, clip: ClipCompression, mode: StreamScores) -> bool:
        """Whether a clip may be counted for a mode."""
        return mode.scores["lpips"] <= MOST_LPIPS and _share(mode, clip) <= MOST_AKD_SHARE

    @property
    def codecs(self) -> list[str]:
        """Their names."""
        return list(dict.fromkeys(one.family for one in self.clips[0].encodes))

    @property
    def distortions(self) -> list[str]:
        """Those measured."""
        return [name for name in DISTORTIONS if name in self.clips[0].frozen]

    def _mode(self, index: int) -> dict[str, Any]:
        mode = self.clips[0].modes[index]
        counted = [clip for clip in self.clips if self.counts(clip, clip.modes[index])]

        def kbps(counting: Counting) -> float:
            rates = [self.rule.kbps(clip, clip.modes[index], counting) for clip in self.clips]
            return round(median(rates), DIGITS)

        return {
            "name": mode.name,
            "family": mode.family,
            "clips": len(self.clips),
            "counted": [clip.name for clip in counted],
            "kbps": _by_rule(kbps),
            "bytes_per_frame": round(
                median(sum(clip.modes[index].sizes) / clip.frames for clip in self.clips), 2
            ),
            "scores": {
                name: round(median(clip.modes[index].scores[name] for clip in self.clips), DIGITS)
                for name in mode.scores
            },
            "akd_share": round(
                median(_share(clip.modes[index], clip) for clip in self.clips), DIGITS
            ),
            "fewer_bits": {
                codec: {
                    distortion: self._fewer_bits(counted, index, codec, distortion)
                    for distortion in self.distortions
                }
                for codec in self.codecs
            },
        }

    def _fewer_bits(
        self, clips: Sequence[ClipCompression], index: int, codec: str, distortion: str
    ) -> dict[str, Any]:
        """Medians over clips of the codec's rate over ours, at our distortion."""

        def figure(counting: Counting) -> dict[str, Any]:
            found = [
                self.fewer_bits(clip, clip.modes[index], codec, distortion, counting=counting)
                for clip in clips
            ]
            ratios = [0.0 if bound is Bound.AT_MOST else ratio for ratio, bound in found]
            bounds = [bound for _, bound in found]
            return {
                "median": round(median(ratios), DIGITS) if ratios else None,
                "at_most": bounds.count(Bound.AT_MOST),
                "at_least": bounds.count(Bound.AT_LEAST),
            }

        return _by_rule(figure)

    def fewer_bits(
        self,
        clip: ClipCompression,
        mode: StreamScores,
        codec: str,
        distortion: str = "lpips",
        *,
        counting: Counting = HEADLINE,
    ) -> tuple[float, Bound]:
        """How many times a mode's bits a codec needs to be as good, on one clip."""
        curve = self.curve(clip, codec, distortion, counting)
        theirs = rate_at(curve, mode.scores[distortion])
        return theirs.rate / self.rule.kbps(clip, mode, counting), theirs.bound

    def _bd_rates(self) -> list[dict[str, Any]]:
        """Codecs against the first of them over all clips; our families over those that count."""
        lead = self.codecs[0]
        rows = [self._bd_rate(lead, codec, self.clips) for codec in self.codecs[1:]]
        leaders: dict[str, int] = {}
        for index, mode in enumerate(self.clips[0].modes):
            leaders.setdefault(mode.family, index)
        for family, index in leaders.items():
            counted = [clip for clip in self.clips if self.counts(clip, clip.modes[index])]
            rows += [self._bd_rate(codec, family, counted) for codec in self.codecs]
        return rows

    def _bd_rate(self, anchor: str, test: str, clips: Sequence[ClipCompression]) -> dict[str, Any]:
        figures = {}
        for layer in Layer:
            counting = Counting(layer, FirstPicture.BOTH)
            found = [
                bd_rate(
                    self.curve(clip, anchor, "lpips", counting),
                    self.curve(clip, test, "lpips", counting),
                )
                for clip in clips
            ]
            known = [one for one in found if one is not None]
            figures[layer.value] = {
                "clips": len(known),
                "median": round(median(known), DIGITS) if known else None,
            }
        return {"anchor": anchor, "test": test, "clips": len(clips), **figures}

    def _stream(self, clip: ClipCompression, stream: StreamScores) -> dict[str, Any]:
        facts: dict[str, Any] = {"name": stream.name, "family": stream.family}
        if stream.ours:
            facts["counts"] = self.counts(clip, stream)
            facts["akd_share"] = round(_share(stream, clip), DIGITS)
        else:
            facts |= {"crf": stream.crf, "smaller": stream.smaller}
        facts["kbps"] = _by_rule(
            lambda counting: round(self.rule.kbps(clip, stream, counting), DIGITS)
        )
        return facts | {"scores": stream.scores}


def _by_rule(figure: Callable[[Counting], Any]) -> dict[str, dict[str, Any]]:
    facts: dict[str, dict[str, Any]] = {layer.value: {} for layer in Layer}
    for counting in COUNTINGS:
        facts[counting.layer.value][counting.first.name.lower()] = figure(counting)
    return facts


def _share(mode: StreamScores, clip: ClipCompression) -> float:
    """AKD over the frozen source's; 1 where that one is perfect and so leaves nothing to gain."""
    return mode.scores["akd"] / clip.frozen["akd"] if clip.frozen["akd"] > 0 else 1.0
