"""Who did what that others may need to know of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, validates

from lti_app.models.base import Base, Code, Facts, Id, parent

#: What staff do about somebody: the person concerned reads it, so each has words (templates/words/moderation.html).
ABOUT_SOMEBODY = (
    *("moderation_show", "moderation_hide", "moderation_warn", "moderation_mute", "moderation_dismiss"),
    *("moderation_restore", "moderation_lift", "community_role", "mood_seen_to"),
    *("thread_pin", "thread_unpin", "thread_lock", "thread_unlock", "thread_archive", "thread_unarchive"),
    *("thread_move", "thread_merge", "thread_retitle"),
    *("answer_accepted", "answer_not_accepted", "answer_endorsed", "answer_not_endorsed"),
    *("event_cancelled", "event_approved", "event_declined"),
    *("material_shown", "material_declined", "material_edited", "material_archived", "material_restored"),
    *("left_out", "let_in"),
)
#: Written down but read by nobody as their record: what one member says about another would tell who said it, and whom
#: words of harm were about hears of it from a person.
IN_CONFIDENCE = ("match_reported", "moderation_taken")
#: What staff and operators do to the house itself.
ABOUT_THE_HOUSE = (
    *("community_settings", "course_settings", "norms", "participation_on", "participation_off"),
    *("escalation_settled", "lms_connected", "invitation_made", "installation_allowed", "installation_blocked"),
    *("nameless_may_look", "nameless_refused", "words_changed", "words_taken_back", "left_out_changed"),
    *("holdout_on", "holdout_off", "calibration_applied", "calibration_undone"),
)
ACTS = frozenset({*ABOUT_SOMEBODY, *IN_CONFIDENCE, *ABOUT_THE_HOUSE})


class AuditEntry(Base):
    """One act by staff or by an operator; the person concerned may see the part about them."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_academy_id_at", "academy_id", "at"),)

    id: Mapped[Id]
    academy_id: Mapped[int] = parent("academy.id", index=False)
    context_id: Mapped[int | None] = parent("context.id", cascade=False, nullable=True)
    actor_id: Mapped[int | None] = parent("person.id", cascade=False, nullable=True)
    about_id: Mapped[int | None] = parent("person.id", cascade=False, nullable=True)
    what: Mapped[Code]
    facts: Mapped[Facts] = mapped_column(default=dict)
    at: Mapped[datetime]

    @validates("what")
    def _known(self, _name: str, what: str) -> str:
        """Nothing is written down under a code that nobody would find words for."""
        if what not in ACTS:
            raise ValueError(f"audit act {what!r} is not in lti_app.models.audit")
        return what
