"""Two runs over the same questions: what moved, by how much, whether that is noise, and which questions flipped."""

from __future__ import annotations

from dataclasses import dataclass

from eval.metrics import METRICS, Metric
from eval.statistics import SAME, Paired, paired
from eval.summary import Summary, scores_of
from rag.errors import CallerMistake


@dataclass(frozen=True, slots=True)
class Change:
    """A metric over the questions scored in both runs, of those scored in at least one."""

    metric: Metric
    first: float
    second: float
    of: int
    paired: Paired

    @property
    def loss(self) -> float:
        """How much worse the second run is; negative where it is better."""
        return -self.paired.difference if self.metric.up else self.paired.difference


@dataclass(frozen=True, slots=True)
class Flip:
    """A question that one run got right and the other didn't, or of another status."""

    id: str
    kind: str
    before: str
    after: str
    gain: float  # of `right`: above 0 the second run is better


def comparable(first: Summary, second: Summary) -> None:
    """Raises CallerMistake where the runs were asked different questions."""
    one, other = (summary["run"]["questions"] for summary in (first, second))
    if one["sha256"] != other["sha256"]:
        sets = " and ".join(f"{entry['count']} questions of hash {entry['sha256'][:8]}" for entry in (one, other))
        raise CallerMistake(f"Two different question sets can't be compared: {sets}. Run both on the same questions.")
    if first["questions"].keys() != second["questions"].keys():
        raise CallerMistake("The two summaries are not of the questions that they name. Make both runs again.")


def changes(first: Summary, second: Summary) -> list[Change]:
    """Every metric that both have scores of. Raises CallerMistake as `comparable` does."""
    comparable(first, second)
    return [change for metric in METRICS if metric.paired and (change := _change(metric, first, second))]


def _change(metric: Metric, first: Summary, second: Summary) -> Change | None:
    one, other = ({key: s[metric.name] for key, s in scores_of(run).items() if metric.name in s}
                  for run in (first, second))  # fmt: skip
    both = [key for key in one if key in other]
    if not both:
        return None
    clusters = [str(first["questions"][key]["cluster"]) for key in both]
    before, after = [one[key] for key in both], [other[key] for key in both]
    found = paired(before, after, clusters, metric.rate, metric.up)
    return Change(metric, sum(before) / len(both), sum(after) / len(both), len({*one, *other}), found)


def flips(first: Summary, second: Summary) -> list[Flip]:
    """Losses first, then gains, then what changed its status only; in the questions' order."""
    one, other = scores_of(first), scores_of(second)
    found = []
    for key, entry in first["questions"].items():
        before, after = entry["status"], second["questions"][key]["status"]
        gain = other[key].get("right", 0.0) - one[key].get("right", 0.0)
        if abs(gain) > SAME or before != after:
            found.append(Flip(key, entry["kind"], before, after, gain))
    return sorted(found, key=lambda flip: (abs(flip.gain) < SAME, flip.gain))
