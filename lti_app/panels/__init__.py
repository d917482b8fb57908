"""The panels learners see in their course page: one folder each, the same file names in each."""

from typing import cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from lti_app import wording
from lti_app.panels import (
    ask,
    bundle,
    circle,
    events,
    files,
    gallery,
    home,
    letters,
    library,
    live,
    me,
    news,
    peer,
    pulse,
    safety,
    search,
    talk,
    welcome,
    wins,
)
from lti_app.panels.events import feed
from lti_app.panels.events import words as event_words
from lti_app.panels.peer.forms import Offer, offer_of
from lti_app.panels.search import marking
from lti_app.panels.welcome import starters

blueprint = Blueprint("panels", __name__)
ROOMS = (
    ask,
    bundle,
    circle,
    events,
    files,
    gallery,
    home,
    letters,
    library,
    live,
    me,
    news,
    peer,
    pulse,
    safety,
    search,
    talk,
    welcome,
    wins,
)
for room in ROOMS:
    blueprint.register_blueprint(room.blueprint)
blueprint.register_blueprint(letters.stop_blueprint)
blueprint.register_blueprint(files.acts_blueprint)
blueprint.register_blueprint(feed.blueprint)
blueprint.register_blueprint(live.posts_blueprint)


@blueprint.record_once
def _teach(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    wording.install(app)
    event_words.install(app)
    app.jinja_env.filters.update(marked=marking.marked, snippet=marking.snippet)
    app.jinja_env.globals.update(file_address=files.file_address, post_base=talk.post_base, post_stamp=talk.post_stamp)
    app.jinja_env.globals.update(empty_offer=Offer, offer_form=offer_of, starters=starters)
    app.jinja_env.globals.update(
        style_address=bundle.style_address, script_address=bundle.script_address, font_address=bundle.font_address
    )
