"""Where panels stand: what a tutor placed, and the links from which people launch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Facts, Id, PlatformId, Title, parent


class ResourceLink(Base):
    """The place in the course from which we are launched, and which panel stands there.

    ``api_id`` is the LMS's own number of the place (Moodle: the course module), ``mark`` our id of the placed panel,
    which stays with the link when the course is copied.
    """

    __tablename__ = "resource_link"
    __table_args__ = (UniqueConstraint("context_id", "id_on_platform"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    id_on_platform: Mapped[PlatformId]
    api_id: Mapped[str | None] = mapped_column(String(255))
    mark: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[Title] = mapped_column(default="")
    panel: Mapped[Code] = mapped_column(default="home")
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    settings: Mapped[Facts] = mapped_column(default=dict)
    return_url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    launched_at: Mapped[datetime | None]


class PlacedPanel(Base):
    """A panel as a tutor chose it by deep linking; ``settings`` are its own and go along when the course is copied."""

    __tablename__ = "placed_panel"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    context_id: Mapped[int] = parent("context.id")
    panel: Mapped[Code]
    title: Mapped[Title]
    settings: Mapped[Facts] = mapped_column(default=dict)
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    placed_at: Mapped[datetime]
