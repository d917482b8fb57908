"""The pointer of a test waits, as people do, until the page under it has come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, Locator

PATIENCE = 5.0
# Nothing may have moved for so long; where the frame is not as tall as its page, it may still be about to grow.
STILL, STILL_SHORT = 0.1, 0.6
# A frame asks its page for more height whenever something opens in it; until it has it, what is in it can still move.
# Out of sight a frame of another site is not even told its new height: it is brought into sight first.
_IN_FRAME = """(element) => {
  const page = element.ownerDocument, view = page.defaultView;
  if (view.parent === view) return 0;
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
  return page.scrollingElement.scrollHeight - view.innerHeight;
}"""
# And what stands above a frame can push it down.
_AROUND = """() => [...document.querySelectorAll("iframe")].map((one) => {
  const box = one.getBoundingClientRect();
  return [box.top + scrollY, box.left, box.height];
}).join()"""


def _wait(place: Locator) -> None:
    try:
        _until_rest(place)
    except Error as error:
        # The page went elsewhere meanwhile: the click itself will wait for the new one.
        if "context" not in error.message and "navigat" not in error.message:
            raise


def _until_rest(place: Locator) -> None:
    # The page is asked again and again from here: where its scripts are switched off it has no timers to wait with.
    page, began = place.page, time.monotonic()
    seen: object = None
    since = began
    while time.monotonic() - began < PATIENCE:
        hidden = place.evaluate(_IN_FRAME)
        if len(page.frames) == 1:
            return
        found = hidden, page.evaluate(_AROUND)
        if found != seen:
            seen, since = found, time.monotonic()
        elif time.monotonic() - since > (STILL if hidden <= 4 else STILL_SHORT):
            return
        page.wait_for_timeout(20)


def steady() -> None:
    """Let every click and tick of this process wait for rest first.

    A click aims at a place on the screen. While a frame still grows around what has just opened, its page scrolls back
    under the pointer, and the click falls beside its button; the driver looks at the frame only, not at what is around
    it. People are slower than that, a test is not.
    """
    for name in ("click", "check", "uncheck"):
        setattr(Locator, name, _after_rest(getattr(Locator, name)))


def _after_rest(act: Callable[..., Any]) -> Callable[..., Any]:
    if getattr(act, "waits_for_rest", False):
        return act

    def patient(self: Locator, **how: Any) -> None:
        _wait(self)
        act(self, **how)

    patient.waits_for_rest = True  # type: ignore[attr-defined]
    return patient
