"""What was said at somebody's last launch, so that whoever comes back with the same words costs little."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, parent


class Arrival(Base):
    """One person at one place: ``words`` is a digest of all that the launch said, ``weighed_at`` when it was kept.

    ``day`` is the day, in the course's own time zone, on which this person was last noted as active here.
    """

    __tablename__ = "arrival"
    __table_args__ = (UniqueConstraint("membership_id", "resource_link_id"),)

    words: Mapped[str] = mapped_column(String(64), primary_key=True)
    membership_id: Mapped[int] = parent("membership.id", index=False)
    resource_link_id: Mapped[int] = parent("resource_link.id")
    day: Mapped[date]
    weighed_at: Mapped[datetime]
