"""How the community of this course works: panels, questions without a name, first posts, starters, help contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.catalogue import panels
from lti_app.fields import Field, read_number, read_text
from lti_app.house import house
from lti_app.moderation import blueprint
from lti_app.moderation.views import may_decide
from lti_app.shell import render_panel
from lti_app.store import apart
from lti_app.store.community_settings import (
    LONGEST_HELP,
    LONGEST_STARTER,
    MOST_HELD,
    MOST_HOURS,
    MOST_STARTERS,
    OPTIONAL_PANELS,
    CommunitySettings,
    community_of,
    save_community,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """The form as it was sent, to be shown again; ``rules`` holds what could be taken of it."""

    rules: CommunitySettings
    starters: Field
    help_contacts: Field

    @property
    def fault(self) -> bool:
        """Whether anything could not be taken."""
        return bool(self.starters.fault or self.help_contacts.fault)


def _shown(rules: CommunitySettings) -> Sent:
    return Sent(rules, Field("\n".join(rules.starters)), Field(rules.help_contacts))


def _read() -> Sent:
    starters = read_text("starters", most=MOST_STARTERS * (LONGEST_STARTER + 1), needed=False)
    lines = tuple(dict.fromkeys(" ".join(line.split()) for line in starters.value.split("\n") if line.strip()))
    if not starters.fault and (len(lines) > MOST_STARTERS or any(len(line) > LONGEST_STARTER for line in lines)):
        fault = _("At most %(lines)s lines of %(most)s characters each.", lines=MOST_STARTERS, most=LONGEST_STARTER)
        starters = Field(starters.value, fault)
    contacts = read_text("help_contacts", most=LONGEST_HELP, needed=False)
    on = set(request.form.getlist("panels"))
    return Sent(
        CommunitySettings(
            panels_off=tuple(key for key in OPTIONAL_PANELS if key not in on),
            anonymous=request.form.get("anonymous") == "yes",
            answer_within_hours=_within(),
            hold_first=read_number("hold_first", low=0, high=MOST_HELD) or 0,
            hold_links=request.form.get("hold_links") == "yes",
            groups_apart=request.form.get("groups_apart") == "yes",
            starters=lines,
            help_contacts=contacts.value,
        ),
        starters,
        contacts,
    )


def _within() -> int:
    hours = read_number("answer_within_hours", low=0, high=MOST_HOURS)
    return CommunitySettings().answer_within_hours if hours is None else hours


def _page(sent: Sent | None = None, said: str = "") -> str:
    context_id = g.membership.context_id
    with house().db.reading() as session:
        shown: dict[str, Any] = {key: kind for key, kind in panels().items() if key in OPTIONAL_PANELS}
        return render_panel(
            session,
            "moderation/rules.html",
            tab="moderation",
            sent=sent or _shown(community_of(session, context_id)),
            kinds=shown,
            has_groups=apart.has_groups(session, context_id),
            said=said,
            may_save=g.membership.role in ("tutor", "manager"),
        )


@blueprint.route("/rules", methods=["GET", "POST"], endpoint="rules")
def rules() -> str:
    """Show how the community works."""
    return _page(said=_("Kept. It holds from the next page on.") if request.args.get("kept") else "")


@blueprint.post("/rules/save")
def save_rules() -> Response:
    """Keep how the community works."""
    may_decide()
    sent = _read()
    if sent.fault:
        return answer(fragment=lambda: _page(sent), page=lambda: _page(sent), to="", status=422)
    with house().db.writing() as session:
        save_community(session, g.membership.context_id, sent.rules, g.membership.id, house().clock.now())
    said = _("Kept. It holds from the next page on.")
    return answer(
        fragment=lambda: _page(said=said), page=lambda: _page(said=said), to=url_for("moderation.rules", kept=1)
    )
