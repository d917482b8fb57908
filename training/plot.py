"""A calibration plot as a small SVG: what was foretold against what happened."""

from __future__ import annotations

from collections.abc import Sequence

from engagement.detector.calibration import Bin

SIDE, EDGE = 260, 44


def plot(bins: Sequence[Bin], title: str) -> str:
    """Points as large as the rows behind them, the diagonal, and both axes in percent."""

    def x(share: float) -> float:
        return round(EDGE + share * SIDE, 1)

    def y(share: float) -> float:
        return round(EDGE + (1 - share) * SIDE, 1)

    most = max(bin.rows for bin in bins)
    marks = "".join(
        f'<circle cx="{x(bin.expected)}" cy="{y(bin.happened)}" r="{3 + 7 * (bin.rows / most) ** 0.5:.1f}">'
        f"<title>{bin.rows:,} rows: foretold {bin.expected:.1%}, happened {bin.happened:.1%}</title></circle>"
        for bin in bins
    )
    ticks = "".join(
        f'<text x="{x(share)}" y="{EDGE + SIDE + 16}" text-anchor="middle">{share:.0%}</text>'
        f'<text x="{EDGE - 6}" y="{y(share) + 4}" text-anchor="end">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    width = SIDE + 2 * EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {width}" width="{width}" height="{width}" '
        f'role="img" font-family="sans-serif" font-size="11"><title>Calibration of {title}</title>'
        f'<rect width="{width}" height="{width}" fill="#fff"/>'
        f'<rect x="{EDGE}" y="{EDGE}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>'
        f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="#999" stroke-dasharray="4"/>'
        f'<g fill="#2457a6" fill-opacity="0.8">{marks}</g><g fill="#333">{ticks}'
        f'<text x="{width / 2}" y="22" text-anchor="middle" font-size="13">{title}</text>'
        f'<text x="{width / 2}" y="{width - 8}" text-anchor="middle">foretold</text>'
        f'<text transform="translate(12 {width / 2}) rotate(-90)" text-anchor="middle">happened</text></g></svg>\n'
    )
