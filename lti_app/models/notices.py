"""What platforms tell us without anybody's launch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Facts, Id, PlatformId, parent


class PlatformNotice(Base):
    """A notice that a platform sent; its id makes a second arrival harmless. ``state``: new, done or nothing_to_do."""

    __tablename__ = "platform_notice"
    __table_args__ = (UniqueConstraint("registration_id", "id_on_platform"),)

    id: Mapped[Id]
    registration_id: Mapped[int] = parent("registration.id", index=False)
    id_on_platform: Mapped[PlatformId]
    kind: Mapped[Code]
    facts: Mapped[Facts] = mapped_column(default=dict)
    state: Mapped[Code] = mapped_column(default="new")
    received_at: Mapped[datetime]
