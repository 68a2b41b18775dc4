"""Other detectors of changed levels, to be scored on the same series (detection_scores.py).

perfherder   Mozilla's t-test, by our own reading of treeherder's `perfalert`: 12 to 24 builds
             before, 12 after, nearer ones weigh more; t above a threshold and both neighbours
otava        Apache Otava (E-divisive, then a t-test); scored where the package `apache-otava` is
             installed, which needs numpy and scipy
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.util import find_spec

BACK_BUILDS = (12, 24)
FORE_BUILDS = 12
WINDOW_BUILDS = 200
SAME_ROWS = 10
"""Claims so close to an earlier one are that claim again."""
Claims = list[tuple[int, int]]
"""Row of the change, and the row after which it was known."""
Detector = Callable[[Sequence[float]], Iterable[int]]


def known() -> dict[str, Detector]:
    """Name -> detector over a whole series."""
    found: dict[str, Detector] = {
        f"Perfherder t > {threshold}": partial(perfherder, threshold=threshold)
        for threshold in (7, 5)
    }
    if find_spec("otava"):
        found["Otava p=.001, 5 %"] = partial(otava, most_p=1e-3, least_share=0.05)
        found["Otava p=1e-5, 3 %"] = partial(otava, most_p=1e-5, least_share=0.03)
    return found


def offline(detector: Detector, values: Sequence[float]) -> Claims:
    """What it says of the whole series."""
    return [(row, len(values) - 1) for row in detector(values)]


def per_commit(detector: Detector, values: Sequence[float]) -> Claims:
    """What it says when asked again after each build about the last 200; first claims count."""
    claims: Claims = []
    for end in range(2 * FORE_BUILDS, len(values) + 1):
        start = max(0, end - WINDOW_BUILDS)
        for row in detector(values[start:end]):
            at = start + row
            if all(abs(at - said) > SAME_ROWS for said, _ in claims):
                claims.append((at, end - 1))
    return claims


def perfherder(values: Sequence[float], *, threshold: float) -> list[int]:
    """Rows at which t is above the threshold and no less than at both neighbours."""
    scores = [_t(values, row) for row in range(len(values))]
    last = len(values) - FORE_BUILDS
    return [
        row
        for row in range(BACK_BUILDS[0], last + 1)
        if scores[row] > threshold
        and scores[row] >= scores[row - 1]
        and (row + 1 >= len(scores) or scores[row] >= scores[row + 1])
    ]


def _t(values: Sequence[float], row: int) -> float:
    before, after = values[max(0, row - BACK_BUILDS[1]) : row], values[row : row + FORE_BUILDS]
    if len(before) < BACK_BUILDS[0] or len(after) < FORE_BUILDS:
        return 0.0
    low, high = _weighed(before[::-1]), _weighed(after)
    spread = math.sqrt(low[1] / len(before) + high[1] / len(after))
    return abs(high[0] - low[0]) / spread if spread else math.inf * (high[0] != low[0])


def _weighed(values: Sequence[float]) -> tuple[float, float]:
    """Mean, to which the first, nearest value gives most, and variance around it."""
    weights = [(len(values) - place) / len(values) for place in range(len(values))]
    whole = sum(weights)
    mean = sum(w * v for w, v in zip(weights, values, strict=True)) / whole
    return mean, sum((value - mean) ** 2 for value in values) / (len(values) - 1)


def otava(values: Sequence[float], *, most_p: float, least_share: float) -> list[int]:
    """Change points of the package."""
    from otava.analysis import compute_change_points

    found, _ = compute_change_points(
        list(values), window_len=50, max_pvalue=most_p, min_magnitude=least_share
    )
    return [point.index for point in found]
