"""Formulas in what people write."""

from __future__ import annotations

import re

import pytest

from lti_app.markup import markdown, plain
from lti_app.maths import BadTex, mathml


def test_formulas_become_mathml_and_bad_ones_are_shown_as_written() -> None:
    assert "<msup>" in markdown("So $x^2$ it is")
    assert 'display="block"' in markdown("$$\\frac{1}{2}$$")
    assert "<mtable>" in markdown("$\\begin{matrix}a&b\\\\c&d\\end{matrix}$")
    assert "<math" not in markdown("It costs $5, or $10.")
    assert "<math" not in markdown("`$x$` and \\$x\\$ and $ x $")
    assert "<code>$\\frac{$</code>" in markdown("$\\frac{$")
    assert "<code>$\\nonsense{x}$</code>" in markdown("$\\nonsense{x}$")
    assert plain("So $x^2$ it is") == "So x^2 it is"
    for hostile in (
        "$\\text{<script>alert(1)</script>}$",
        "$\\text{<img src=x onerror=alert(1)>}$",
        "$\\href{javascript:alert(1)}{x}$",
        "$\\class{x}{y}\\style{color:red}{z}$",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    ):
        html = str(markdown(hostile))
        assert not re.search(r"<(script|img|style|a)\b|href=|style=|class=", html), html
    for bad in ("{" * 3000, "x" * 1001, "\\left(" * 40, "", " "):
        with pytest.raises(BadTex):
            mathml(bad, False)
    assert str(markdown("$x$ " * 100)).count("<math") == 80
