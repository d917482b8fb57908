"""The front door: login, launch, our keys, deep linking and dynamic registration."""

from __future__ import annotations

from flask import Blueprint

from lti_app.lti.canvas import blueprint as canvas
from lti_app.lti.enrolment import blueprint as enrolment
from lti_app.lti.launch import blueprint as launch
from lti_app.lti.login import blueprint as login
from lti_app.lti.notices import blueprint as notices
from lti_app.lti.our_keys import blueprint as our_keys
from lti_app.lti.placing import blueprint as placing

blueprint = Blueprint("lti", __name__)
for part in (login, launch, our_keys, placing, enrolment, notices, canvas):
    blueprint.register_blueprint(part)
