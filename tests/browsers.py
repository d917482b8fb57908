"""One real Chromium a test process, in which everybody has a context of their own and third-party cookies are blocked.

A browser takes longer to start than most stories take; contexts share nothing but the program and its preferences.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Playwright

# The address bar's list of suggestions is two pages of its own for every window, loaded whether anybody types there or
# not: two thirds of all that a window cost. Whatever is switched off has to be said in one switch, so that what the
# driver switches off is said here too; only the partition of what third parties store stays on, as people have it.
OFF = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "AvoidCorsURLLoaderRestartOnRedirect"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
)
ARGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", f"--disable-features={','.join(OFF)}"),
)
BLOCKED = {"block_third_party_cookies": True, "cookie_controls_mode": 1}


@contextmanager
def started(
    playwright: Playwright, path: str, folder: Path, no_cookies_in: tuple[str, str] | None = None, **more: Any
) -> Iterator[BrowserContext]:
    """Start the Chromium at ``path`` with its profile in ``folder`` and give the context that comes with it.

    ``no_cookies_in`` is a pair of hosts: in pages of the second the first may keep no cookie at all.
    """
    wishes: dict[str, Any] = dict(BLOCKED)
    if no_cookies_in:
        wishes["content_settings"] = {"exceptions": {"cookies": {",".join(no_cookies_in): {"setting": 2}}}}
    (folder / "Default").mkdir(parents=True)
    (folder / "Default" / "Preferences").write_text(json.dumps({"profile": wishes}))
    context = playwright.chromium.launch_persistent_context(str(folder), executable_path=path, args=list(ARGS), **more)
    try:
        yield context
    finally:
        context.close()
