"""The pointer of a test waits, as people do, until the page under it has come to rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, Locator

# A frame asks its page for more height whenever something opens in it; until it has it, what is in it can still move.
# Out of sight a frame of another site is not even told its new height: it is brought into sight first.
_FRAME_FITS = """async (element) => {
  const page = element.ownerDocument, view = page.defaultView;
  const until = Date.now() + 5000;
  if (view.parent !== view) element.scrollIntoView({ block: "nearest", inline: "nearest" });
  while (view.parent !== view && page.scrollingElement.scrollHeight > view.innerHeight + 4 && Date.now() < until)
    await new Promise((go) => setTimeout(go, 20));
}"""
# And what stands above a frame can push it down.
_FRAMES_STAND_STILL = """async () => {
  const places = () => [...document.querySelectorAll('iframe')].map((one) => {
    const box = one.getBoundingClientRect();
    return [box.top + scrollY, box.left, box.height];
  }).join();
  const until = Date.now() + 5000;
  let seen = places(), since = Date.now();
  while (Date.now() - since < 120 && Date.now() < until) {
    await new Promise((go) => setTimeout(go, 20));
    if (places() !== seen) { seen = places(); since = Date.now(); }
  }
}"""


def _wait(place: Locator) -> None:
    try:
        place.evaluate(_FRAME_FITS)
        if len(place.page.frames) > 1:
            place.page.evaluate(_FRAMES_STAND_STILL)
    except Error as error:
        # The page went elsewhere meanwhile: the click itself will wait for the new one.
        if "context" not in error.message and "navigat" not in error.message:
            raise


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
