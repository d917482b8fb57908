"""Words found without asking what has not changed, and what else the application's templates are made with."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask, g
from flask_babel import Domain, get_locale
from flask_babel import get_translations as translations_of_babel
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from lti_app.macros import QuickContext, QuickTemplate, shown


class QuickDomain(Domain):
    """Flask-Babel's words, which it looks up by the name of a language: as much work as a small macro, each word."""

    def get_translations(self) -> Any:
        """Return the words of the request's language; they are looked up anew when the language changes."""
        held = getattr(g, "_flask_babel", None) if g else None
        locale = getattr(held, "babel_locale", None)
        kept = getattr(held, "regista_words", None)
        if kept is not None and kept[0] is locale:
            return kept[1]
        found = super().get_translations()  # type: ignore[no-untyped-call]
        if g:
            g._flask_babel.regista_words = (get_locale(), found)
        return found


def _translations() -> Any:
    # As QuickDomain does it, without the way there.
    try:
        held = g._get_current_object()._flask_babel
        locale, found = held.regista_words
        if locale is held.babel_locale:
            return found
    except (AttributeError, RuntimeError):
        pass
    return translations_of_babel()


@lru_cache(maxsize=8192)
def _said(translations: Any, words: str, autoescape: bool) -> str:
    said: str = translations.ugettext(words)
    return Markup(said) if autoescape else said  # noqa: S704 - words of ours; what is filled in is escaped


@lru_cache(maxsize=8192)
def _counted(translations: Any, one: str, many: str, num: int, autoescape: bool) -> str:
    said: str = translations.ungettext(one, many, num)
    return Markup(said) if autoescape else said  # noqa: S704 - as above


def _filled(said: str, facts: dict[str, Any]) -> str:
    if type(said) is not Markup:
        return said % facts
    # As Markup does it, without a helper around each fact; numbers stay numbers for the words that count.
    safe = {name: fact if isinstance(fact, (int, float)) else shown(fact) for name, fact in facts.items()}
    return Markup(str.__mod__(said, safe))  # noqa: S704 - escaped just above


# Jinja's own would make a new context for every word, and fill in words that have no place for it.
@pass_eval_context
def _gettext(context: EvalContext, words: str, /, **facts: Any) -> str:
    said = _said(_translations(), words, context.autoescape)
    return _filled(said, facts) if "%" in said else said


@pass_eval_context
def _ngettext(context: EvalContext, one: str, many: str, num: int, /, **facts: Any) -> str:
    return _filled(_counted(_translations(), one, many, num, context.autoescape), {"num": num, **facts})


def install(app: Flask) -> None:
    """Teach the app's templates, and everything that speaks through Flask-Babel, to find words quickly."""
    app.jinja_env.template_class, app.jinja_env.context_class = QuickTemplate, QuickContext
    app.extensions["babel"].instance.domain_instance = QuickDomain()  # type: ignore[no-untyped-call]
    app.jinja_env.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext)
