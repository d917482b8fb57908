"""Questions to look at: answered and confirmed, waiting, shared, one without a name."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Post
from lti_app.store import ask_acts, ask_signs
from lti_app.store.ask_acts import Asked
from lti_app.store.ask_rows import Viewer
from tests.panels.lively import DICTIONARY, HIDDEN_VALUE, LOOK_FIRST
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    def who(member: int, staff: bool = False) -> Viewer:
        return Viewer(course.context, member, staff)

    def ask(member: int, title: str, body: str, hours: float, anonymous: bool = False) -> int:
        asked = Asked(title, body, course.quiz_2, anonymous=anonymous)
        return ask_acts.ask(session, who(member), asked, NOW - timedelta(hours=hours))

    def answer(member: int, thread: int, body: str, hours: float) -> int:
        ask_acts.answer_question(session, who(member), thread, body, NOW - timedelta(hours=hours))
        return session.scalars(select(Post.id).where(Post.thread_id == thread).order_by(Post.id.desc())).first() or 0

    luca, mara, nino, olga = course.others[4:8]
    gaia = ids["gaia"]
    solved = ask(luca, *HIDDEN_VALUE, 74)
    best = answer(gaia, solved, LOOK_FIRST, 70)
    answer(mara, solved, DICTIONARY, 50)
    for member in (mara, nino, olga, course.ada, course.bruno):
        ask_signs.same_question(session, who(member), solved, NOW - timedelta(hours=60))
        ask_signs.thank(session, who(member), solved, best, NOW - timedelta(hours=40))
    ask_signs.endorse(session, who(course.clara, staff=True), solved, best, NOW - timedelta(hours=30))
    lost = ask(nino, "Perché il quiz conta sette duplicati e io solo tre?", "", 30, anonymous=True)
    ask_signs.same_question(session, who(olga), lost, NOW - timedelta(hours=20))
    helped = ask(course.ada, "Che differenza c’è tra media e mediana quando mancano valori?", "", 26)
    answer(course.bruno, helped, "La mediana si sposta meno: prova a togliere i cinque valori più grandi.", 25)
    return [
        ("ask-ada", course.ada, "ask"),
        ("ask-bruno", course.bruno, f"ask?about={course.quiz_2}"),
        ("ask-clara", course.clara, "ask"),
        ("ask-empty", empty, "ask"),
        ("ask-ada-open", course.ada, "ask"),
        ("question", course.ada, f"ask/{solved}"),
        ("question-clara", course.clara, f"ask/{solved}"),
        ("question-mine", course.ada, f"ask/{helped}"),
        ("question-lost", course.bruno, f"ask/{lost}"),
        ("ask-desk", course.clara, "desk"),
    ]
