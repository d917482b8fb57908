"""What members write as Markdown, made safe: no HTML from anybody, and links that lead out are marked."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup

from lti_app import maths

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h4", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
    *maths.TAGS,
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}} | {tag: set(maths.ATTRIBUTES) for tag in maths.TAGS}
ATTRIBUTES["math"] |= {"tabindex"}
MENTION = "mention"
SCHEMES = {"http", "https", "mailto"}

# Pictures are left out on purpose: one from elsewhere tells its owner who read the post, and when.
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
maths.add_maths(_parser)


def _name(state: StateInline, silent: bool) -> bool:
    """Read ``@Anna N.`` where Anna is among those whom the post names; other @ stay as they are."""
    start = state.pos
    if state.src[start] != "@" or (start > 0 and state.src[start - 1].isalnum()):
        return False
    names: tuple[str, ...] = state.env.get("names", ())
    after = state.src[start + 1 :]
    way = max((one for one in names if after.casefold().startswith(one.casefold())), key=len, default="")
    if not way or after[len(way) : len(way) + 1].isalnum():
        return False
    if not silent:
        opening = state.push("name_open", "strong", 1)
        opening.attrs = {"class": MENTION}
        state.push("text", "", 0).content = state.src[start : start + 1 + len(way)]
        state.push("name_close", "strong", -1)
    state.pos = start + 1 + len(way)
    return True


_parser.inline.ruler.before("emphasis", "name", _name)


def _lower_headings(tokens: list[Token]) -> None:
    # A post stands inside a page that has its own headings.
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h4"


# The same words are read far more often than they are written.
@lru_cache(maxsize=4096)
def markdown(text: str, names: tuple[str, ...] = ()) -> Markup:
    """Return ``text`` as safe HTML; links open in a new tab and tell the other site nothing about us.

    ``names`` are those of people who are named in it: after an @ they stand out. Formulas stand between dollar signs.
    """
    env: dict[str, object] = {"names": names}
    tokens = _parser.parse(text, env)
    _lower_headings(tokens)
    html = _parser.renderer.render(tokens, _parser.options, env)
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes={"strong": {MENTION}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow ugc",
        # A block of code scrolls sideways, so the keyboard must be able to reach it.
        set_tag_attribute_values={"a": {"target": "_blank"}, "pre": {"tabindex": "0"}},
    )
    return Markup(clean)  # noqa: S704 - this is the one place where markup is made, and nh3 has just cleaned it


def _said(token: Token) -> str:
    # A formula is no reading matter in a line of words; a break is a space, and nothing else is.
    if token.type == "maths":
        return "…" if "\\" in token.content else token.content
    return " " if token.type in ("softbreak", "hardbreak") else token.content


@lru_cache(maxsize=4096)
def plain(text: str, most: int = 160) -> str:
    """Return the words of ``text`` without marks in one line, cut at a word after ``most`` characters."""
    words = " ".join("".join(map(_said, token.children or [token])) for token in _parser.parse(text))
    words = " ".join(words.split())
    if len(words) <= most:
        return words
    return words[:most].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
