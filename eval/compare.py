"""Two runs over the same questions: what moved, by how much, whether that is noise, and which questions flipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eval.metrics import METRICS, Metric
from eval.record import differences
from eval.statistics import SAME, Paired, paired
from eval.summary import Summary, scores_of, stand_ins
from rag.errors import CallerMistake

Scores = Mapping[str, Mapping[str, float]]  # by metric, by question


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

    @property
    def questions_lost(self) -> float:
        """The loss as so many whole questions: of a rate, how many more are worse than are better."""
        widest = 1 if self.metric.unit else 2  # what one question can lose: -1 to 1 where the scores are not in 0..1
        return self.loss * self.paired.n / widest


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


def changes(first: Summary, second: Summary, kind: str | None = None) -> list[Change]:
    """Every metric that both have scores of, over a kind of questions or all. Raises CallerMistake as `comparable`."""
    comparable(first, second)
    asked = {key: entry for key, entry in first["questions"].items() if kind in (None, entry["kind"])}
    clusters = {key: str(entry["cluster"]) for key, entry in asked.items()}
    one, other = ({key: s for key, s in scores_of(run).items() if key in asked} for run in (first, second))
    return [change for metric in METRICS if metric.paired and (change := _change(metric, one, other, clusters))]


def _change(metric: Metric, first: Scores, second: Scores, cluster: Mapping[str, str]) -> Change | None:
    one, other = ({key: s[metric.name] for key, s in run.items() if metric.name in s} for run in (first, second))
    both = [key for key in one if key in other]
    if not both:
        return None
    before, after = [one[key] for key in both], [other[key] for key in both]
    found = paired(before, after, [cluster[key] for key in both], metric.rate, metric.up)
    return Change(metric, sum(before) / len(both), sum(after) / len(both), len({*one, *other}), found)


def one_sided(first: Summary, second: Summary, names: tuple[str, str] = ("A", "B")) -> Iterator[str]:
    """A line for each metric that a summary lacks, or of which only the other has a score."""
    scores = [scores_of(run).values() for run in (first, second)]
    for metric in METRICS:
        scored = [any(metric.name in found for found in run) for run in scores]
        for name, run, has in zip(names, (first, second), scored, strict=True):
            if metric.name not in run["metrics"]:
                yield f"{metric.name} is missing in {name}"
            elif any(scored) and not has:
                yield f"{metric.name} was scored on no question of {name}"


def asides(first: Summary, second: Summary) -> list[str]:
    """What to know beside the figures: how the runs differ, what one lacks, how often a model was stood in for."""
    made_of = (f"Differs in {line}" for line in differences(first["run"], second["run"]))
    stood_in = (f"{name}: {line}" for name, run in (("A", first), ("B", second)) if (line := stand_ins(run)))
    return [*made_of, *one_sided(first, second), *stood_in]


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
