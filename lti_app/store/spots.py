"""The panels of a course as its tutors see them: where each stands, and how to show it in the course page itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_app.models import Context, Deployment, PlacedPanel, Registration, ResourceLink
from lti_app.store.refusals import NotYours

USUAL_HEIGHT = 640


@dataclass(frozen=True, slots=True)
class Spot:
    """One panel; ``link_id`` is None before anybody opened it, ``address`` None where its number is not known."""

    link_id: int | None
    panel: str
    title: str
    height: int
    address: str | None
    opened_at: datetime | None

    @property
    def snippet(self) -> str:
        """The HTML that shows the panel inside a page of the course; empty where its address is not known."""
        if self.address is None:
            return ""
        return (
            f'<iframe src="{escape(self.address)}" title="{escape(self.title)}" width="100%" '
            f'height="{self.height}" style="border:0" loading="lazy"></iframe>'
        )


@dataclass(frozen=True, slots=True)
class Spots:
    """A course's panels on a platform of one product (moodle, canvas, ... or empty)."""

    product: str
    found: tuple[Spot, ...]


def launch_address(product: str, issuer: str, number: str | None) -> str | None:
    """Return the address under which a page of the course can show a panel (seen in Moodle 4.5), where it is known."""
    if product != "moodle" or not number:
        return None
    return f"{issuer.rstrip('/')}/mod/lti/launch.php?id={number}"


def spots_of(session: Session, context_id: int) -> Spots:
    """Return the panels of a course: those that were opened, then those that were only placed."""
    platform = session.execute(
        select(Registration.product, Registration.issuer)
        .join(Deployment, Deployment.registration_id == Registration.id)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == context_id)
    ).one()
    links = session.scalars(
        select(ResourceLink).where(ResourceLink.context_id == context_id).order_by(ResourceLink.id)
    ).all()
    opened = [
        Spot(
            link.id,
            link.panel,
            link.title,
            int((link.settings or {}).get("height") or USUAL_HEIGHT),
            launch_address(platform.product, platform.issuer, link.api_id),
            link.launched_at,
        )
        for link in links
    ]
    placed = session.scalars(
        select(PlacedPanel).where(PlacedPanel.context_id == context_id).order_by(PlacedPanel.placed_at)
    )
    marks = {link.mark for link in links}
    waiting = [
        Spot(None, row.panel, row.title, int((row.settings or {}).get("height") or USUAL_HEIGHT), None, None)
        for row in placed
        if row.mark not in marks
    ]
    return Spots(platform.product, (*opened, *waiting))


def number_spot(session: Session, context_id: int, link_id: int, number: str) -> None:
    """Keep the LMS's own number of a panel as a tutor read it in the address bar; raises NotYours."""
    mine = (ResourceLink.id == link_id, ResourceLink.context_id == context_id)
    found = session.execute(update(ResourceLink).where(*mine).values(api_id=number).returning(ResourceLink.id))
    if found.scalar_one_or_none() is None:
        raise NotYours
