"""Formulas: TeX between dollar signs becomes MathML, which browsers draw and read out by themselves."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from xml.etree import ElementTree

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

MAX_TEX = 1000
MAX_DEPTH = 25
MOST = 80
TAGS = frozenset(
    {"math", "mrow", "mi", "mn", "mo", "mtext", "ms", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup"}
    | {"munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose"}
)
ATTRIBUTES = frozenset(
    {"display", "mathvariant", "stretchy", "fence", "form", "accent", "displaystyle", "scriptlevel", "linethickness"}
    | {"columnalign", "rowspacing", "columnspacing", "width", "height", "depth", "lspace", "rspace", "notation"}
    | {"linebreak", "minsize", "maxsize", "separator", "movablelimits"}
)
_SPACE = "{http://www.w3.org/1998/Math/MathML}"
_COMMAND_LEFT = re.compile(r"\\[A-Za-z]+")


class BadTex(Exception):
    """It cannot be drawn; it is shown as it was written."""


@lru_cache(maxsize=1024)
def mathml(tex: str, display: bool) -> str:
    """Return MathML made of no more than TAGS and ATTRIBUTES; raises BadTex."""
    # Only those who read posts with formulas carry the library.
    from latex2mathml import converter

    if not tex.strip() or len(tex) > MAX_TEX or _depth(tex) > MAX_DEPTH:
        raise BadTex
    try:
        made = converter.convert(tex, display="block" if display else "inline")
        # The library puts words into its XML as they are: what is then no XML, or other XML, is not drawn.
        root = ElementTree.fromstring(made)  # noqa: S314 - made by the library; there is no document type in it
    except Exception as e:
        # Its own errors have no common family, and it stumbles over bad TeX with those of Python as well.
        raise BadTex from e
    _tidy(root)
    if display:
        # A long one scrolls sideways, so the keyboard must be able to reach it.
        root.set("tabindex", "0")
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _depth(tex: str) -> int:
    depth = most = 0
    for letter in tex:
        depth += (letter == "{") - (letter == "}")
        most = max(most, depth)
    # An environment, a fraction without braces or a root may nest as well.
    return max(most, tex.count("\\begin"), tex.count("\\left"))


def _tidy(root: ElementTree.Element) -> None:
    for part in root.iter():
        name = part.tag.removeprefix(_SPACE)
        # A command that it does not know comes back as a letter.
        if name not in TAGS or _COMMAND_LEFT.search(part.text or ""):
            raise BadTex
        part.tag = name
        part.attrib = {key: value for key, value in part.attrib.items() if key in ATTRIBUTES}


def _maths(state: StateInline, silent: bool) -> bool:
    """Read ``$...$`` or ``$$...$$``; a price such as $5 is none: no space inside the signs, no digit after them."""
    start, text = state.pos, state.src
    if text[start] != "$":
        return False
    sign = "$$" if text.startswith("$$", start) else "$"
    begin = start + len(sign)
    end = text.find(sign, begin)
    while end > 0 and text[end - 1] == "\\":
        end = text.find(sign, end + 1)
    if end <= begin or end + len(sign) > state.posMax:
        return False
    inside = text[begin:end]
    if sign == "$" and (inside[0].isspace() or inside[-1].isspace() or text[end + 1 : end + 2].isdigit()):
        return False
    if not silent:
        token = state.push("maths", "math", 0)
        token.content, token.markup = inside.strip(), sign
    state.pos = end + len(sign)
    return True


def add_maths(parser: MarkdownIt) -> None:
    """Teach a parser formulas."""

    def draw(_renderer: object, tokens: list[object], index: int, _options: object, env: dict[str, int]) -> str:
        token = tokens[index]
        tex, sign = token.content, token.markup  # type: ignore[attr-defined]
        env["formulas"] = env.get("formulas", 0) + 1
        try:
            if env["formulas"] > MOST:
                raise BadTex
            return mathml(tex, sign == "$$")
        except BadTex:
            return f"<code>{escape(sign + tex + sign)}</code>"

    parser.inline.ruler.before("emphasis", "maths", _maths)
    parser.add_render_rule("maths", draw)
