"""The LTI 1.3 platform: launches, keys, tokens, names and roles, grades, deep linking, registration."""

from flask import Blueprint

from lti_app.sandbox.platform import ags, deep_linking, nrps, oidc, registration, tokens

blueprint = Blueprint("practice_platform", __name__)
for part in (oidc, tokens, nrps, ags, deep_linking, registration):
    blueprint.register_blueprint(part.blueprint)

__all__ = ["blueprint"]
