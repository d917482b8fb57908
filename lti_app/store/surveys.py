"""Short surveys: the staff asks, the course answers, and from five answers up everybody may learn something."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import Membership, Survey, SurveyAnswer, SurveyDone, SurveyQuestion
from lti_app.store import people
from lti_app.store.course_facts import active_membership, active_staff
from lti_app.store.hearing import hear
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.views import Face

KINDS = ("scale", "choice", "words")
SCALE = ("1", "2", "3", "4", "5")
MOST_QUESTIONS = 5
OPTIONS = (2, 8)
MAX_TITLE, MAX_WORDS, MAX_ANSWER = 200, 1000, 1000
#: Fewer answers could be guessed by those who know each other.
FEW = 5
PAGE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to put."""

    kind: str
    title: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question; ``id`` names it in the form."""

    id: int
    kind: str
    title: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SurveyLine:
    """A survey in a list; ``answers`` is set for staff only."""

    id: int
    title: str
    anonymous: bool
    closes_at: datetime
    is_open: bool
    done: bool
    answers: int


@dataclass(frozen=True, slots=True)
class SurveyPage:
    """A survey with its questions."""

    line: SurveyLine
    words: str
    questions: tuple[QuestionView, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came in for one question: ``counts`` by answer, a scale's ``mean``, ``said`` in words."""

    question: QuestionView
    answers: int
    counts: Mapping[str, int]
    mean: float | None
    said: tuple[tuple[str, Face | None], ...]


def make_survey(
    session: Session, context_id: int, by_id: int, title: str, words: str, questions: Sequence[Asked], now: datetime, *,
    anonymous: bool, closes_at: datetime, form_key: str | None = None,
) -> int:  # fmt: skip
    """Ask the course and tell its members; the same form again asks once. Raises NotYours, and ValueError."""
    active_staff(session, by_id, context_id)
    if not 1 <= len(questions) <= MOST_QUESTIONS or closes_at <= now or any(not _is_sane(one) for one in questions):
        raise ValueError("questions")
    survey_id = insert_new(
        session, Survey, context_id=context_id, by_id=by_id, title=title, words=words, anonymous=anonymous,
        form_key=form_key, made_at=now, closes_at=closes_at,
    )  # fmt: skip
    if survey_id is None:
        mine = (Survey.by_id == by_id, Survey.form_key == form_key, Survey.context_id == context_id)
        return session.scalars(select(Survey.id).where(*mine)).one()
    for position, one in enumerate(questions):
        session.add(
            SurveyQuestion(
                survey_id=survey_id, position=position, kind=one.kind, title=one.title, options=list(one.options)
            )
        )
    session.flush()
    learners = session.scalars(
        select(Membership.id).where(
            Membership.context_id == context_id, Membership.role == "learner", Membership.state == "active"
        )
    )
    facts = {"title": title, "survey_id": survey_id}
    notify(session, learners, "survey_new", f"survey:{survey_id}", now, by_id=by_id, facts=facts)
    return survey_id


def _is_sane(one: Asked) -> bool:
    if one.kind not in KINDS or not one.title or len(one.title) > MAX_TITLE:
        return False
    return one.kind != "choice" or OPTIONS[0] <= len(set(one.options)) <= OPTIONS[1]


def list_surveys(
    session: Session, context_id: int, membership_id: int, now: datetime, *, to_staff: bool = False
) -> tuple[SurveyLine, ...]:
    """Return the surveys of a course, open ones first; members see those that they answered or still can."""
    done = SurveyDone.membership_id == membership_id
    count = func.count(SurveyDone.membership_id)
    rows = session.execute(
        select(Survey, count, count.filter(done))
        .outerjoin(SurveyDone, SurveyDone.survey_id == Survey.id)
        .where(Survey.context_id == context_id)
        .group_by(Survey.id)
        .order_by(Survey.made_at.desc(), Survey.id.desc())
        .limit(PAGE)
    ).all()
    lines = [_line(row[0], row[1] if to_staff else 0, row[2] > 0, now) for row in rows]
    shown = [one for one in lines if to_staff or one.is_open or one.done]
    return tuple(sorted(shown, key=lambda one: (not one.is_open, one.done)))


def _line(row: Survey, answers: int, done: bool, now: datetime) -> SurveyLine:
    is_open = row.closed_at is None and row.closes_at > now
    return SurveyLine(row.id, row.title, row.anonymous, row.closes_at, is_open, done, answers)


def _survey(session: Session, context_id: int, survey_id: int) -> Survey:
    row = session.get(Survey, survey_id)
    if row is None or row.context_id != context_id:
        raise NotYours
    return row


def _questions(session: Session, survey_id: int) -> tuple[QuestionView, ...]:
    query = select(SurveyQuestion).where(SurveyQuestion.survey_id == survey_id).order_by(SurveyQuestion.position)
    return tuple(QuestionView(row.id, row.kind, row.title, tuple(row.options)) for row in session.scalars(query))


def read_survey(session: Session, context_id: int, survey_id: int, membership_id: int, now: datetime) -> SurveyPage:
    """Return a survey of this course; raises NotYours."""
    row = _survey(session, context_id, survey_id)
    count = session.scalar(select(func.count()).select_from(SurveyDone).where(SurveyDone.survey_id == survey_id)) or 0
    done = session.get(SurveyDone, (survey_id, membership_id)) is not None
    return SurveyPage(_line(row, count, done, now), row.words, _questions(session, survey_id))


def answer_survey(
    session: Session, context_id: int, survey_id: int, membership_id: int, said: Mapping[int, str], now: datetime
) -> bool:
    """Keep a member's answers, once; returns whether these were kept. Raises NotYours, TooLate, ValueError."""
    member = active_membership(session, membership_id)
    row = _survey(session, context_id, survey_id)
    if member.context_id != context_id:
        raise NotYours
    if row.closed_at is not None or row.closes_at <= now:
        raise TooLate
    questions = {one.id: one for one in _questions(session, survey_id)}
    kept = {number: words.strip() for number, words in said.items() if number in questions and words.strip()}
    if not kept or any(not _fits(questions[number], words) for number, words in kept.items()):
        raise ValueError("answers")
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    mark = make(SurveyDone).values(survey_id=survey_id, membership_id=membership_id).on_conflict_do_nothing()
    # Told by what came back: PostgreSQL's driver counts no rows of an INSERT.
    if session.scalar(mark.returning(SurveyDone.membership_id)) is None:
        return False
    who = None if row.anonymous else membership_id
    for number, words in kept.items():
        session.add(SurveyAnswer(key=secrets.token_hex(16), question_id=number, membership_id=who, value=words))
        if questions[number].kind == "words":
            hear(session, context_id, who, words, now)
    session.flush()
    return True


def _fits(question: QuestionView, words: str) -> bool:
    if question.kind == "scale":
        return words in SCALE
    return words in question.options if question.kind == "choice" else len(words) <= MAX_ANSWER


def outcomes(session: Session, context_id: int, survey_id: int, *, to_staff: bool) -> tuple[Outcome, ...] | None:
    """Return what came in, None while fewer than five have answered; what was said in words is for staff.

    Raises NotYours.
    """
    row = _survey(session, context_id, survey_id)
    count = session.scalar(select(func.count()).select_from(SurveyDone).where(SurveyDone.survey_id == survey_id)) or 0
    if count < FEW:
        return None
    questions = _questions(session, survey_id)
    # By the key drawn by lot: nobody reads who came first.
    answers = session.scalars(
        select(SurveyAnswer)
        .where(SurveyAnswer.question_id.in_([one.id for one in questions]))
        .order_by(SurveyAnswer.key)
    ).all()
    faces = people.faces(session, [one.membership_id for one in answers], to_staff=True) if not row.anonymous else {}
    return tuple(_outcome(one, [a for a in answers if a.question_id == one.id], faces, to_staff) for one in questions)


def _outcome(
    question: QuestionView, answers: Sequence[SurveyAnswer], faces: Mapping[int, Face], to_staff: bool
) -> Outcome:
    counted = Counter(one.value for one in answers) if question.kind != "words" else Counter[str]()
    order = SCALE if question.kind == "scale" else question.options
    mean = sum(int(one.value) for one in answers) / len(answers) if question.kind == "scale" and answers else None
    said = (
        tuple((one.value, faces.get(one.membership_id or 0)) for one in answers)
        if question.kind == "words" and to_staff
        else ()
    )
    counts = {one: counted.get(one, 0) for one in order} if question.kind != "words" else {}
    return Outcome(question, len(answers), counts, mean, said)


def close_survey(session: Session, context_id: int, survey_id: int, by_id: int, now: datetime) -> None:
    """End a survey before its time; raises NotYours."""
    active_staff(session, by_id, context_id)
    mine = update(Survey).where(Survey.id == survey_id, Survey.context_id == context_id)
    if not changed_rows(session, mine.where(Survey.closed_at.is_(None)).values(closed_at=now)):
        _survey(session, context_id, survey_id)
