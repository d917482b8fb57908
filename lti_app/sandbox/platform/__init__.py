"""The LTI 1.3 platform: launches, keys, tokens, names and roles, grades, deep linking, registration."""

from flask import Blueprint

import lti_app.sandbox.platform.deep_linking as deep_linking
import lti_app.sandbox.platform.registration as registration
from lti_app.sandbox.platform import ags, nrps, oidc, tokens

blueprint = Blueprint("practice_platform", __name__)
for part in (oidc, tokens, nrps, ags, deep_linking, registration):
    blueprint.register_blueprint(part.blueprint)

__all__ = ["blueprint"]
