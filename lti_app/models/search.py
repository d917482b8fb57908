"""Which words are said where, so that what was said can be found again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, parent


class WordUse(Base):
    """One stem in one thing of a course; ``weight`` counts its uses, those in the title more.

    ``kind`` says what ``item_id`` is the id of (thread, and whatever else can be searched). Every indexed thing has one
    row with an empty stem: they are counted to know how rare a word is.
    """

    __tablename__ = "word_use"

    context_id: Mapped[int] = parent("context.id", index=False)
    kind: Mapped[Code]
    stem: Mapped[str] = mapped_column(String(40))
    item_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    weight: Mapped[int]

    __table_args__ = (
        PrimaryKeyConstraint("context_id", "kind", "stem", "item_id"),
        Index("ix_word_use_item_id_kind", "item_id", "kind"),
        # The key is nearly the whole row: kept once, not beside a second copy.
        {"sqlite_with_rowid": False},
    )
