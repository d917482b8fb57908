"""``python -m training.cross_validate --data FOLDER``: each presentation foretold from all others, full data.

The card of those present is fitted again without each presentation in turn, as for shipping but with one boosted half
and without the levelling slope; this is how features and tables were chosen.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from engagement.detector.card import HEADS
from training.binning import Binned
from training.data import Past
from training.figures import Figures
from training.fit import PRESENT_DAYS, logits, outcomes, plain_card
from training.report import FIRST_DAY, HEAD


def main() -> None:
    """Print a row for each head and presentation, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    past = Past.read(parser.parse_args().data)
    binned = Binned(past.table())
    table = binned.table
    print(f"question | left out | {HEAD}\n---|---|" + "---:|" * 6)
    for head in HEADS:
        rows = table.usable(head) & (table.of("silent_days") < PRESENT_DAYS)
        happened = outcomes(table, head)
        chance = np.zeros(len(rows))
        asked = rows & (table.day >= FIRST_DAY)
        week = table.group.astype(np.int64) * 1000 + table.day
        for group, one in enumerate(past.presentations):
            here = table.group == group
            chance[here] = 1 / (1 + np.exp(-logits(binned, plain_card(binned, rows & ~here, head))))[here]
            some = asked & here
            figures = Figures.of(happened[some], chance[some], week[some])
            print(f"{head} | {one.module} {one.name} | {figures.cells()}", flush=True)
        figures = Figures.of(happened[asked], chance[asked], week[asked])
        print(f"{head} | each in turn | {figures.cells()}", flush=True)


if __name__ == "__main__":
    main()
