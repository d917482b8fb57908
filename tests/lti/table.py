"""The launch checks and their tests, as a page: ``python -m tests.lti.table > docs/launch-checks.md``.

A test is named after its case (``test_b25_...`` proves B25, ``test_d_...`` the login); nothing here is kept by hand but
what each case asks for.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "docs" / "launch-checks.md"
# Tests elsewhere that prove what comes after a launch.
BESIDE = (HERE.parent / "panels" / "test_door.py",)
CASE = re.compile(r"test_([a-g])(\d\d)?_(.+)")

CASES = {
    "A1": "No kid in the token's header",
    "A2": "An unknown kid",
    "A3": "A wrong LTI version",
    "A4": "No LTI version",
    "A5": "A token that is no LTI message",
    "A6": "A missing required claim",
    "A7": "Wrong, missing or absurd times",
    "A8": "A missing or wrong message type",
    "A9": "No roles claim",
    "A10": "No deployment",
    "A11": "No id of the resource link",
    "A12": "No sub: refused, unless the academy lets the nameless look",
    "B13": "The signature, with the platform's own key",
    "B14": "The issuer, to the letter",
    "B15": "Our client id is in the audience",
    "B16": "No audience that nobody here trusts",
    "B17": "Our client id may stand anywhere in the audience",
    "B18": "Several audiences need an authorised party",
    "B19": "The authorised party is us",
    "B20": "RS256 alone, whatever token or key set say",
    "B21": "A few seconds of clock skew are forgiven",
    "B22": "An old token is refused although it has not expired",
    "B23": "There is a nonce",
    "B24": "The nonce is ours",
    "B25": "A nonce is good once",
    "B26": "The nonce belongs to this very login",
    "B27": "There is a state, and it is ours",
    "B28": "A state is good once, over all processes, and in no other browser",
    "B29": "No launch lands in a browser that began none",
    "B30": "Login and launch agree on registration and deployment",
    "B31": "Keys that a token brings along are ignored",
    "B32": "TLS everywhere, 1.2 at least, certificates that are trusted",
    "B33": "The platform's keys: kept by its headers, renewed once for a new kid, asked for rarely",
    "C34": "The target is ours and the one of the login",
    "C35": "The deployment is known, waits, or is let in by policy",
    "C36": "Ids are texts of at most 255 ASCII characters",
    "C37": "Roles are a list; unknown, short and no roles raise nobody",
    "C38": "No course works; a course without id does not",
    "C39": "No name, no e-mail, neither: all work",
    "C40": "Unknown claims and unfilled variables are passed over",
    "C41": "A mentor's list opens nothing private",
    "C42": "A claim of a wrong type gives a clean page, never a 500",
    "D": "The login",
    "E": "Deep linking",
    "F": "Other messages and notices",
    "G": "After the launch",
}


def proofs() -> dict[str, list[str]]:
    """Return the tests of each case, in the order of the files."""
    found: dict[str, list[str]] = {case: [] for case in CASES}
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (match := CASE.fullmatch(node.name)):
                number = str(int(match[2])) if match[2] else ""
                # "test_a_..." is mostly an article; case A always has a number.
                if (case := f"{match[1].upper()}{number}") in found:
                    found[case].append(f"`{file.stem}::{node.name}`")
    for file in BESIDE:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found["G"].append(f"`{file.parent.name}/{file.stem}::{node.name}`")
    return found


def document() -> str:
    """Return the whole page."""
    lines = [
        "# Every check of a launch, and the test that proves it",
        "",
        "A to C are checks of the token (certification suite, security framework 1.0, core 1.3), D to G what stands",
        "around it. What must be refused is refused with a page of its own before any session or row exists; the tests",
        "sign with real keys and ask the running application, on SQLite and on PostgreSQL. This page is made by",
        "`python -m tests.lti.table`.",
        "",
        "| case | what | tests |",
        "|---|---|---|",
    ]
    lines += [f"| {case} | {CASES[case]} | {'<br>'.join(tests)} |" for case, tests in proofs().items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(document(), end="")
