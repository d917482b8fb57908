"""The detector's decision against a bare numpy pass that only sums the same arrays; growth and memory.

``python -m benchmarks.sweep`` prints, for 1,000 to 1,000,000 learners times 50 activities and 28 days of rhythm, the
best of a few runs in processor seconds, the ratio to the bare pass and the memory held. One process, one core.
"""

from __future__ import annotations

import resource
import sys
from time import process_time

import numpy as np

from engagement.detector import Columns, assess
from engagement.detector.columns import NEVER_CAME, NO_DAY, NO_SCORE

ACTIVITIES, RHYTHM, DAY, LENGTH = 50, 28, 120, 240
#: Bigger courses are decided in pieces of as many, so that memory stays bounded.
PIECE = 100_000


def invented(learners: int, seed: int = 1) -> Columns:
    draw = np.random.default_rng(seed)
    due = np.linspace(5, LENGTH, ACTIVITIES).astype(np.int16)[:, None]
    active = draw.random((RHYTHM, learners), np.float32) < draw.random(learners, np.float32) * 0.6
    submitted = (due + draw.integers(-6, 3, (ACTIVITIES, learners), np.int16)).astype(np.int16)
    done = (submitted <= DAY) & (draw.random((ACTIVITIES, learners), np.float32) < 0.8)
    came = active.any(0)
    yes = np.ones(learners, bool)
    return Columns(
        ids=np.arange(learners),
        day=DAY,
        length=LENGTH,
        due=due,
        submitted=np.where(done, submitted, np.int16(NO_DAY)),
        score=np.where(done, draw.integers(30, 100, (ACTIVITIES, learners), np.int8), np.int8(NO_SCORE)),
        active=active,
        days_known=np.full(learners, RHYTHM, np.int16),
        seen=np.where(came, DAY - np.argmax(active[::-1], 0), NEVER_CAME).astype(np.int16),
        enrolled=np.full(learners, -20, np.int16),
        access_known=yes,
        submissions_known=yes,
        due_known=yes,
        scores_known=yes,
        activity_ids=np.arange(ACTIVITIES),
    )


def bare(columns: Columns) -> float:
    """Only sums: each learner's days, submissions, due days and scores."""
    total = columns.active.sum(0).sum() + columns.submitted.sum(0, dtype=np.int64).sum()
    total += np.broadcast_to(columns.due, columns.submitted.shape).sum(0, dtype=np.int64).sum()
    return float(total + columns.score.sum(0, dtype=np.int64).sum() + columns.seen.sum() + columns.enrolled.sum())


def best(work, columns: Columns, pieces: int, times: int) -> float:
    found = []
    for _ in range(times):
        start = process_time()
        for _ in range(pieces):
            work(columns)
        found.append(process_time() - start)
    return min(found)


def main() -> int:
    print(f"{'learners':>10} {'bare s':>9} {'decision s':>11} {'ratio':>6} {'us/learner':>11} {'peak MB':>8}")
    ratios = {}
    for learners in (1_000, 10_000, 100_000, 1_000_000):
        pieces = [min(PIECE, learners - start) for start in range(0, learners, PIECE)]
        columns = invented(pieces[0])
        times = 5 if learners <= 100_000 else 2
        plain = best(bare, columns, len(pieces), times)
        decided = best(assess, columns, len(pieces), times)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ratios[learners] = decided / plain
        print(
            f"{learners:>10,} {plain:>9.4f} {decided:>11.4f} {ratios[learners]:>6.1f} "
            f"{1e6 * decided / learners:>11.2f} {peak:>8.0f}"
        )
    good = ratios[100_000] <= 10
    print(
        "at 100,000 learners the decision takes",
        f"{ratios[100_000]:.1f} times the bare pass:",
        "good" if good else "TOO SLOW",
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
