"""Files that members add to what they say; the bytes lie outside the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Id, Title, Words, parent


class Upload(Base):
    """One file: ``kind`` is image, file, audio or video; ``key`` names its bytes and is not to be guessed.

    ``place`` says to what it belongs: draft (a form that was not sent yet; gone after a day), post, or a word that
    another room has chosen for its own files (see store/uploads.py).
    ``feedback`` is what its author would like to hear about. Sizes are bytes and pixels.
    """

    __tablename__ = "upload"
    __table_args__ = (UniqueConstraint("key"), Index("ix_upload_place_created_at", "place", "created_at"))

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id")
    membership_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    post_id: Mapped[int | None] = parent("post.id", cascade=False, nullable=True)
    place: Mapped[Code] = mapped_column(default="draft", server_default="draft")
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
