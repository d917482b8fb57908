"""Files that members add to what they say; the bytes lie outside the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Id, Title, Words, parent


class Upload(Base):
    """One file: ``kind`` is image, file, audio or video; ``key`` names its bytes and is not to be guessed.

    It belongs to a post, or to nothing yet (a draft's, a picture of a person, a piece of the library's).
    ``feedback`` is what its author would like to hear about. Sizes are bytes and pixels.
    """

    __tablename__ = "upload"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id")
    membership_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    post_id: Mapped[int | None] = parent("post.id", cascade=False, nullable=True)
    key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[Code]
    media_type: Mapped[str] = mapped_column(String(120))
    name: Mapped[Title]
    words: Mapped[Words] = mapped_column(default="")
    feedback: Mapped[Words] = mapped_column(default="")
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
