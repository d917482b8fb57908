"""What we wrote into a course's participation column, where its tutors switched one on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, parent


class ParticipationScore(Base):
    """The last score sent for one member; ``stamped_at`` is its time stamp, which must grow with each sending.

    ``state``: sent, or refused (the platform does not take scores for this person).
    """

    __tablename__ = "participation_score"

    membership_id: Mapped[int] = parent("membership.id", index=False)
    weeks: Mapped[int]
    needed: Mapped[int]
    state: Mapped[Code] = mapped_column(default="sent")
    stamped_at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("membership_id"),)
