"""The room lti."""

from flask import Blueprint

blueprint = Blueprint("lti", __name__)
