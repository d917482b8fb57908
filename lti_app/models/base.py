"""What every table shares: the base, short types and small mixins."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import mapped_column

from lti_app.db import Base, UtcDateTime

# SQLite only autoincrements a column whose type is exactly INTEGER.
Id = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)]
# LTI core 1.3, 2.1: an id is at most 255 ASCII characters.
PlatformId = Annotated[str, mapped_column(String(255))]
Url = Annotated[str, mapped_column(String(2000))]
Words = Annotated[str, mapped_column(Text)]
Code = Annotated[str, mapped_column(String(40))]
Title = Annotated[str, mapped_column(String(500))]
Facts = Annotated[dict[str, Any], mapped_column(JSON)]
FactList = Annotated[list[Any], mapped_column(JSON)]


def parent(target: str, *, cascade: bool = True, index: bool = True, nullable: bool = False) -> Any:
    """Return a foreign-key column to ``target``; rows go with their parent unless told otherwise."""
    return mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey(target, ondelete="CASCADE" if cascade else "SET NULL"),
        index=index,
        nullable=nullable,
    )


__all__ = ["Base", "Code", "FactList", "Facts", "Id", "PlatformId", "Title", "Url", "UtcDateTime", "Words", "parent"]
