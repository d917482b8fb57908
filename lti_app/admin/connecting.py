"""Connect a platform by hand, where neither dynamic registration nor a file will do."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Response, g, make_response, request
from flask_babel import gettext as _

from lti_app.admin import blueprint
from lti_app.admin.frame import render_admin
from lti_app.admin.views import Said, page
from lti_app.fields import Field, read_text
from lti_app.house import house
from lti_app.store.registrations import BadPlatform, add_platform

ADDRESSES = ("issuer", "auth_login_url", "auth_token_url", "jwks_url")
NAMES = (*ADDRESSES, "client_id", "name", "deployment", "auth_audience")
OPTIONAL = ("name", "deployment", "auth_audience")


@dataclass(frozen=True, slots=True)
class Sent:
    """The form as it was sent, with what is wrong beside each field and above all."""

    fields: dict[str, Field] = field(default_factory=dict)
    product: str = ""
    accepts_new: bool = False
    faults: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """Return what was written into a field."""
        return self.fields.get(name, Field()).value

    def fault(self, name: str) -> str:
        """Return what is wrong with a field."""
        return self.fields.get(name, Field()).fault


def _page(sent: Sent | None = None) -> str:
    with house().db.reading() as session:
        url = house().settings.public_url
        return render_admin(session, "admin/connect.html", sent=sent or Sent(), public_url=url)


@blueprint.route("/connect", methods=["GET", "POST"], endpoint="connect")
def connect() -> str:
    """Show the form."""
    return _page()


def _read() -> Sent:
    fields = {}
    for name in NAMES:
        one = read_text(name, most=2000 if name in ADDRESSES else 255, needed=name not in OPTIONAL, lines=False)
        plain = name in ADDRESSES and not one.fault and not one.value.startswith("https://")
        if plain and not house().settings.allow_private_addresses:
            one = Field(one.value, _("It must begin with https://"))
        fields[name] = one
    product = request.form.get("product", "")[:40].lower()
    return Sent(fields, product if product.isalnum() else "", request.form.get("accepts_new") == "yes")


@blueprint.post("/connect/save")
def save_connection() -> Response:
    """Connect the platform, or say what is wrong beside each field."""
    sent = _read()
    if any(one.fault for one in sent.fields.values()):
        return make_response(_page(sent), 422)
    try:
        with house().db.writing() as session:
            add_platform(
                session,
                academy_name=g.academy.name,
                academy_id=g.academy.id,
                name=sent.value("name"),
                issuer=sent.value("issuer"),
                client_id=sent.value("client_id"),
                auth_login_url=sent.value("auth_login_url"),
                auth_token_url=sent.value("auth_token_url"),
                jwks_url=sent.value("jwks_url"),
                deployment_ids=[sent.value("deployment")] if sent.value("deployment") else [],
                auth_audience=sent.value("auth_audience") or None,
                product=sent.product,
                accepts_new_deployments=sent.accepts_new,
                now=house().clock.now(),
            )
    except BadPlatform as e:
        return make_response(_page(Sent(sent.fields, sent.product, sent.accepts_new, tuple(e.faults))), 422)
    said = Said(_("%(issuer)s is connected. Try it with “Check everything”.", issuer=sent.value("issuer")))
    return make_response(page(said=said))
