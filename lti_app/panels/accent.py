"""An academy's accent, kept readable: one colour gives the shades that both schemes need (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

DEFAULT = "1d6b57"
HEX = re.compile(r"#?([0-9a-fA-F]{6})")
READABLE = 4.6

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
INK: Colour = (13, 18, 22)
DARK_PAPER: Colour = (21, 24, 30)
# The lightest and darkest grounds on which accent-coloured words stand.
WASH: Colour = (243, 241, 236)
DARK_RAISED: Colour = (36, 41, 50)


def accent_name(colour: str | None) -> str:
    """Return six lower-case hex digits; the default for anything that is no colour."""
    found = HEX.fullmatch((colour or "").strip())
    return found.group(1).lower() if found else DEFAULT


def _rgb(name: str) -> Colour:
    return int(name[0:2], 16), int(name[2:4], 16), int(name[4:6], 16)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _until_readable(colour: Colour, towards: Colour, *grounds: Colour) -> Colour:
    for step in range(101):
        shade = _mix(colour, towards, step / 100)
        if all(contrast(shade, ground) >= READABLE for ground in grounds):
            return shade
    return towards


def _css(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def shades(name: str) -> dict[str, tuple[Colour, Colour]]:
    """Return each accent token with its colour in the light and in the dark scheme."""
    own = _rgb(name)
    wash, dark_wash = _mix(WHITE, own, 0.11), _mix(DARK_PAPER, own, 0.2)
    fill = _until_readable(own, INK, WHITE)
    words = _until_readable(own, INK, WHITE, WASH, wash)
    light = _until_readable(own, WHITE, DARK_PAPER, DARK_RAISED, dark_wash)
    return {
        "accent": (fill, light),
        "on-accent": (WHITE, INK),
        "accent-ink": (words, light),
        "accent-wash": (wash, dark_wash),
        "accent-line": (_mix(WHITE, own, 0.26), _mix(DARK_PAPER, own, 0.5)),
    }


def accent_css(name: str) -> str:
    """Return the rule that replaces the default accent; empty for the default itself."""
    if name == DEFAULT:
        return ""
    rules = (f"--{token}:light-dark({_css(light)},{_css(dark)})" for token, (light, dark) in shades(name).items())
    return ":root{" + ";".join(rules) + "}"
