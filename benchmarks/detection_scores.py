"""Scores the detectors on a folder of labelled series, beside the bars they should clear.

python benchmarks/detection_scores.py FOLDER               everything, as Markdown tables
python benchmarks/detection_scores.py FOLDER --only ops    families whose name begins so
python benchmarks/detection_scores.py FOLDER --rivals      beside others' detectors (rivals.py)
python benchmarks/detection_scores.py FOLDER --inject 4    steps of our own in the unchanged series

FOLDER holds `labels.json` and `data/NAME.csv` (`timestamp,value`). For each name the labels have
`family` and `kind`; for `changepoint`, `annotators` (name -> first rows of new levels); for
`anomaly`, `warmup` (rows that are not scored) and `windows` (first and last row of each).

How it counts: a change is found if a claim lies within 5 rows, one claim a label; claims that
are left over are false. An incident is found if a claim lies in its window; claims outside,
joined where 10 rows or fewer apart, are false. Series by several annotators are left out here.
`even` and `odd` are two halves of the series, by their place in the list of names: constants that
were chosen on the one should do on the other.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Literal

import rivals

from monitor_plugins.baseline.series_file import Row, read_series
from monitor_plugins.baseline.verdicts import Verdict, judge

MARGIN_ROWS = 5
JOIN_ROWS = 10
DAY_S = 86400

Way = Literal["offline", "per commit", "samples"]
Ask = Callable[[rivals.Detector, Sequence[float]], rivals.Claims]

HEADER = """\
| way | series | precision | recall | F1 | false per 1,000 rows | false a day | delay | ms a row |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""

BARS = """\
Bars: CI offline F1 ≥ .80, precision ≥ .90; per commit precision ≥ .85, recall ≥ .60, delay ≤ 8
builds; unchanged series ≤ 0.3 false per 1,000 builds. Operations: precision ≥ .90, recall ≥ .80,
≤ .25 false a day, delay ≤ 5 samples; ≤ 0.05 ms a sample, ≤ 5 ms a build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A series and what is known of it."""

    name: str
    family: str
    labels: dict[str, Any]  # Any: JSON
    rows: list[Row]
    half: Literal["even", "odd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one detector did on one series."""

    found: int
    missed: int
    false: int
    delays: tuple[int, ...]
    rows: int
    days: float
    took_s: float


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="families whose name begins so")
    parser.add_argument("--rivals", action="store_true", help="score others' detectors too")
    parser.add_argument(
        "--inject", type=int, default=0, help="copies of each unchanged series, with steps put in"
    )
    options = parser.parse_args()
    print(HEADER)
    everything = _load(options.folder, options.only)
    if options.inject:
        everything = [copy for one in everything for copy in stepped(one, options.inject)]
    if options.rivals:
        print_rivals(everything)
    for way, families in _plan(everything).items():
        scores = defaultdict(list)
        for series in families:
            score = score_series(series, way)
            for group in _groups(series):
                scores[group].append(score)
        for group in sorted(scores):
            print(row(way, group, scores[group]), flush=True)
    print(f"\n{BARS}")


def print_rivals(everything: Sequence[Labelled]) -> None:
    """The families of CI series pooled, a line a detector."""
    series = [one for one in everything if one.family.startswith("ci")]
    ways: dict[Way, Ask] = {"offline": rivals.offline, "per commit": rivals.per_commit}
    for way, ask in ways.items():
        for name, detector in rivals.known().items():
            scores = [score_rival(one, partial(ask, detector)) for one in series]
            print(row(way, f"ci: all, {name}", scores), flush=True)


def score_rival(series: Labelled, ask: Callable[[Sequence[float]], rivals.Claims]) -> Score:
    """What another detector says of one series, beside the labels."""
    values = [row.value for row in series.rows]
    started_s = time.process_time()
    claims = dict(ask(values))
    took_s = time.process_time() - started_s
    (labels,) = series.labels["annotators"].values()
    return _score_changes(labels, claims, rows=len(values), took_s=took_s)


def score_series(series: Labelled, way: Way) -> Score:
    """Run the detector over one series and compare what it says with the labels."""
    times_s = [row.time_s for row in series.rows]
    values = [row.value for row in series.rows]
    started_s = time.process_time()
    kind: Literal["anomaly", "changepoint"] = "anomaly" if way == "samples" else "changepoint"
    verdicts = judge(kind, times_s, values, online=way == "per commit")
    took_s = time.process_time() - started_s
    if kind == "anomaly":
        return _score_incidents(series, verdicts, took_s)
    (labels,) = series.labels["annotators"].values()
    known = {verdict.index: verdict.detected_at for verdict in verdicts}
    return _score_changes(labels, known, rows=len(values), took_s=took_s)


def match(labels: Iterable[int], claims: Sequence[int]) -> dict[int, int]:
    """Label -> claim, nearest pairs first, each used once."""
    near = sorted(
        (abs(label - claim), label, claim)
        for label in labels
        for claim in claims
        if abs(label - claim) <= MARGIN_ROWS
    )
    matched: dict[int, int] = {}
    for _, label, claim in near:
        if label not in matched and claim not in matched.values():
            matched[label] = claim
    return matched


def count_episodes(rows: Iterable[int]) -> int:
    """Groups of rows that lie at most `JOIN_ROWS` apart."""
    count, last = 0, -JOIN_ROWS - 1
    for at in sorted(rows):
        count += at - last > JOIN_ROWS
        last = at
    return count


def row(way: Way, group: str, scores: Sequence[Score]) -> str:
    """One line of the table: sums over the series of a group."""
    found, missed, false = (
        sum(getattr(score, name) for score in scores) for name in ("found", "missed", "false")
    )
    rows, days = sum(score.rows for score in scores), sum(score.days for score in scores)
    delays = [delay for score in scores for delay in score.delays]
    cells = (
        f"{way}, {group}",
        str(len(scores)),
        _share(found, found + false),
        _share(found, found + missed),
        _share(2 * found, 2 * found + false + missed),
        f"{1000 * false / rows:.2f}",
        f"{false / days:.2f}" if way == "samples" else "–",
        f"{statistics.median(delays):.3g}" if delays and way != "offline" else "–",
        f"{1000 * sum(score.took_s for score in scores) / rows:.3f}",
    )
    return f"| {' | '.join(cells)} |"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f} ({part}/{whole})" if whole else "–"


def _score_changes(
    labels: Sequence[int], known: Mapping[int, int], *, rows: int, took_s: float
) -> Score:
    """`known`: row of each claim -> the row after which it was made."""
    matched = match(labels, list(known))
    return Score(
        found=len(matched),
        missed=len(labels) - len(matched),
        false=len(known) - len(matched),
        delays=tuple(known[claim] - label for label, claim in matched.items()),
        rows=rows,
        days=0.0,
        took_s=took_s,
    )


def _score_incidents(series: Labelled, verdicts: Sequence[Verdict], took_s: float) -> Score:
    first = series.labels["warmup"]
    windows = [window for window in series.labels["windows"] if window[1] >= first]
    known = [verdict.detected_at for verdict in verdicts if verdict.detected_at >= first]
    hits = [[at for at in known if start <= at <= end] for start, end in windows]
    outside = [at for at in known if not any(start <= at <= end for start, end in windows)]
    scored = series.rows[first:]
    return Score(
        found=sum(map(bool, hits)),
        missed=len(hits) - sum(map(bool, hits)),
        false=count_episodes(outside),
        delays=tuple(hit[0] - window[0] for hit, window in zip(hits, windows, strict=True) if hit),
        rows=len(series.rows),
        days=(scored[-1].time_s - scored[0].time_s) / DAY_S,
        took_s=took_s,
    )


def _load(folder: Path, only: str) -> list[Labelled]:
    everything = json.loads((folder / "labels.json").read_text())
    names = sorted(name for name in everything if everything[name]["family"].startswith(only))
    return [
        Labelled(
            name=name,
            family=everything[name]["family"],
            labels=everything[name],
            rows=read_series(str(folder / "data" / f"{name}.csv")),
            half="odd" if place // 2 % 2 else "even",
        )
        for place, name in enumerate(names)
    ]


def stepped(series: Labelled, copies: int) -> list[Labelled]:
    """Copies of a series without a change, with one to four steps each; none of another series."""
    if list(series.labels.get("annotators", {}).values()) != [[]]:
        return []
    return [_with_steps(series, f"{series.name} {number}") for number in range(copies)]


def _with_steps(series: Labelled, seed: str) -> Labelled:
    random = Random(seed)
    places: list[int] = []
    for _ in range(random.randint(1, 4)):
        place = random.randint(LEAST_FROM_ENDS, len(series.rows) - LEAST_FROM_ENDS - 1)
        if all(abs(place - other) >= LEAST_APART for other in places):
            places.append(place)
    levels = [
        math.log(1 + random.choice(STEPS)) * (1 if random.random() < 0.65 else -1) for _ in places
    ]
    rows = [
        row._replace(value=row.value * math.exp(sum(
            level for place, level in zip(places, levels, strict=True) if at >= place
        )))
        for at, row in enumerate(series.rows)
    ]  # fmt: skip
    labels = {**series.labels, "annotators": {"injected": sorted(places)}}
    return replace(series, family="ci-injected", labels=labels, rows=rows)


STEPS = (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)
LEAST_APART, LEAST_FROM_ENDS = 35, 30


def _plan(everything: Sequence[Labelled]) -> dict[Way, list[Labelled]]:
    single = [one for one in everything if len(one.labels.get("annotators") or ()) == 1]
    anomalies = [one for one in everything if one.labels["kind"] == "anomaly"]
    return {"offline": single, "per commit": single, "samples": anomalies}


def _groups(series: Labelled) -> tuple[str, ...]:
    """The groups a series is counted in: its family, all that begin alike, and a half of these."""
    kin = series.family.partition("-")[0]
    return series.family, f"{kin}: all", f"{kin}: {series.half}"


if __name__ == "__main__":
    main()
