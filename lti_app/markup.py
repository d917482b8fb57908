"""What members write as Markdown, made safe: no HTML from anybody, and links that lead out are marked."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h4", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}

# Pictures are left out on purpose: one from elsewhere tells its owner who read the post, and when.
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")


def _lower_headings(tokens: list[Token]) -> None:
    # A post stands inside a page that has its own headings.
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h4"


def markdown(text: str) -> Markup:
    """Return ``text`` as safe HTML; links open in a new tab and tell the other site nothing about us."""
    tokens = _parser.parse(text)
    _lower_headings(tokens)
    html = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow ugc",
        # A block of code scrolls sideways, so the keyboard must be able to reach it.
        set_tag_attribute_values={"a": {"target": "_blank"}, "pre": {"tabindex": "0"}},
    )
    return Markup(clean)  # noqa: S704 - this is the one place where markup is made, and nh3 has just cleaned it


def plain(text: str, most: int = 160) -> str:
    """Return the words of ``text`` without marks in one line, cut at a word after ``most`` characters."""
    words = " ".join(
        child.content
        for token in _parser.parse(text)
        for child in (token.children or ([token] if token.content else []))
        if child.content
    )
    words = " ".join(words.split())
    if len(words) <= most:
        return words
    return words[:most].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
