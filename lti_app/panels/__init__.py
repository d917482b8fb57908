"""The room panels."""

from flask import Blueprint

blueprint = Blueprint("panels", __name__)
