"""The stall detector: the chance of silence and of leaving, as a sum of readable contributions.

``columns_of`` reads a cohort, ``assess`` decides, ``explain`` says why; ``estimates`` does all three.
"""

from engagement.detector.assess import Assessment, assess
from engagement.detector.calibration import Calibration, Recalibration, recalibrate, reliability
from engagement.detector.card import Weights, shipped
from engagement.detector.columns import Columns
from engagement.detector.explain import estimates, explain
from engagement.detector.hiding import hide
from engagement.detector.reading import columns_of

__all__ = [
    "Assessment",
    "Calibration",
    "Columns",
    "Recalibration",
    "Weights",
    "assess",
    "columns_of",
    "estimates",
    "explain",
    "hide",
    "recalibrate",
    "reliability",
    "shipped",
]
