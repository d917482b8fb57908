"""The detector's decision against a bare numpy pass that only sums the same arrays; growth and memory.

``python -m benchmarks.sweep`` prints, for 1,000 to 1,000,000 learners times 50 activities and 28 days of rhythm, the
median of some rounds in processor seconds and the memory held. Each round's decision is held against the bare pass of
the same round (the best of three), so that a slow moment of the machine slows both; the ratio is the median of the
rounds', and beside it stand the least and the most. One process, one core.
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
#: Bare passes a round, of which the best counts: the decision gains nothing from what it leaves in the caches.
BARE = 3


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


def taken(work, columns: Columns, pieces: int) -> float:
    start = process_time()
    for _ in range(pieces):
        work(columns)
    return process_time() - start


def rounds(learners: int, times: int) -> np.ndarray:
    """Seconds of the bare pass, with the arrays at hand from just before, and of the decision, round by round."""
    pieces = -(-learners // PIECE)
    columns = invented(min(learners, PIECE))
    assess(columns)
    found = []
    for _ in range(times):
        plain = min(taken(bare, columns, pieces) for _ in range(BARE))
        found.append((plain, taken(assess, columns, pieces)))
    return np.array(found)


def main() -> int:
    print(
        f"{'learners':>10} {'bare s':>9} {'decision s':>11} {'ratio':>6} {'from':>5} {'to':>5} "
        f"{'us/learner':>11} {'peak MB':>8}"
    )
    ratios = {}
    for learners, times in ((1_000, 51), (10_000, 51), (100_000, 21), (1_000_000, 5)):
        found = rounds(learners, times)
        ratio = found[:, 1] / found[:, 0]
        plain, decided = np.median(found, 0)
        ratios[learners] = float(np.median(ratio))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{learners:>10,} {plain:>9.4f} {decided:>11.4f} {ratios[learners]:>6.1f} {ratio.min():>5.1f} "
            f"{ratio.max():>5.1f} {1e6 * decided / learners:>11.2f} {peak:>8.0f}"
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
