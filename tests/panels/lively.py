"""A lively course for looking at: the small course of tests/sweep with talk, an ask, a match, milestones and offers."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_app.house import House
from lti_app.models import Academy, Context, Deployment, Membership, Milestone, Person
from lti_app.store import matches, posting
from lti_app.visit import Visit, seal
from tests.sweep.course import NOW, Course, offers_help, stalls

HUGO_ASKS = "Ciao Gaia! Mi blocco sui **duplicati**: ne trovo tre, ma il quiz dice sette."
GAIA_ANSWERS = """Ciao Hugo, guarda se confronti anche maiuscole e spazi:

```
df.nome.str.strip().str.lower()
```"""
HIDDEN_VALUE = (
    "Come si riconosce un valore mancante “nascosto”?",
    "La colonna non ha celle vuote, eppure la media non torna. Qualcuno mi ha detto che **-999** può voler dire "
    "“manca”. Come faccio a saperlo?",
)
HELLO = (
    "Ciao da Trieste",
    "Mi chiamo Irene, lavoro in un laboratorio e vorrei smettere di avere paura dei fogli di calcolo.",
)
TUESDAY = (
    "Martedì alle 18:30 rifacciamo insieme il Quiz 2",
    "Mezz’ora, senza voti: portate il vostro errore preferito.",
)
LOOK_FIRST = """Guarda prima il valore più piccolo e il più grande. Se un numero torna troppo spesso e sta fuori dal \
possibile, è un codice, non una misura.

```
df["eta"].value_counts().head()
# -999    41   ← quarantuno persone di -999 anni?
```"""
DICTIONARY = "E controllate il dizionario dei dati: il nostro cita -999 a [pagina 2](https://example.org/dizionario)."


def visit_of(app: Flask, membership_id: int, *, locale: str = "it", role: str | None = None, ref: str = "r1") -> Visit:
    """Return the visit of one member, as a launch would have made it."""
    house: House = app.extensions["regista"]
    with house.db.reading() as session:
        member, context, deployment = session.execute(
            select(Membership, Context, Deployment)
            .join(Context, Context.id == Membership.context_id)
            .join(Deployment, Deployment.id == Context.deployment_id)
            .where(Membership.id == membership_id)
        ).one()
        return Visit(
            ref=ref,
            registration_id=deployment.registration_id,
            deployment_id=deployment.id,
            academy_id=deployment.academy_id,
            person_id=member.person_id,
            context_id=context.id,
            membership_id=member.id,
            resource_link_id=None,
            role=role or member.role,
            locale=locale,
            launch_id="launch-1",
        )


def token_of(app: Flask, visit: Visit) -> str:
    return seal(visit, app.extensions["regista"].settings)


def ask_bruno(session: Session, course: Course) -> int:
    """Ada has stalled at Quiz 2, Bruno and Bice offer, and Ada has asked Bruno; returns the match."""
    offers_help(session, course.bruno, course.quiz_2, shows_attempts=True)
    offers_help(session, course.bice, course.quiz_2)
    first = stalls(session, course, course.ada, course.bruno, course.bice)[0]
    matches.choose(session, first, course.ada, NOW)
    return first


def lively(session: Session, course: Course) -> dict[str, int]:
    """Fill the course with life and return the ids of what can be opened."""
    offers_help(session, course.bruno, course.quiz_2, shows_attempts=True)
    offers_help(session, course.bice, course.quiz_2)
    stalls(session, course, course.ada, course.bruno, course.bice)
    fabio, gaia, hugo, irene = course.others[:4]
    asked = stalls(session, course, fabio, course.bruno)[0]
    matches.choose(session, asked, fabio, NOW - timedelta(hours=1))
    offers_help(session, gaia, course.quiz_2)
    met = stalls(session, course, hugo, gaia)[0]
    matches.choose(session, met, hugo, NOW - timedelta(days=4))
    matches.answer(session, met, gaia, True, NOW - timedelta(days=4))
    posting.reply_private(session, met, hugo, HUGO_ASKS, NOW - timedelta(days=3))
    posting.reply_private(session, met, gaia, GAIA_ANSWERS, NOW - timedelta(days=2, hours=3))
    session.execute(
        update(Person)
        .where(Person.id.in_(select(Membership.person_id).where(Membership.id.in_((course.bice, gaia, irene)))))
        .values(seen_at=NOW - timedelta(minutes=2))
    )
    session.execute(
        update(Membership)
        .where(Membership.id.in_((course.bice, gaia, irene)))
        .values(launched_at=NOW - timedelta(minutes=9))
    )
    threads = [
        (fabio, *HIDDEN_VALUE, course.quiz_2, 30),
        (irene, *HELLO, None, 80),
        (course.clara, *TUESDAY, course.quiz_2, 6),
    ]
    ids = [
        posting.start_thread(session, course.context, who, title, body, NOW - timedelta(hours=hours), activity_id=at)
        for who, title, body, at, hours in threads
    ]
    for who, body, hours in (
        (gaia, LOOK_FIRST, 20),
        (course.clara, DICTIONARY, 2),
        (course.ada, "Trovato, grazie!", 1),
    ):
        posting.reply(session, course.context, ids[0], who, body, NOW - timedelta(hours=hours))
    for number, (who, kind, activity, days) in enumerate(
        [
            (gaia, "passed_after_failing", course.quiz_2, 1),
            (irene, "passed", course.quiz_2, 2),
            (course.bice, "passed", course.quiz_2, 3),
            (gaia, "thanked", course.quiz_2, 0.2),
            (course.ada, "passed", course.quiz_1, 4),
        ]
    ):
        session.add(
            Milestone(
                context_id=course.context, membership_id=who, key=f"k{number}", kind=kind, activity_id=activity,
                facts={}, reached_at=NOW - timedelta(days=days),
            )
        )  # fmt: skip
    for member_id in (gaia, irene):
        member = session.get_one(Membership, member_id)
        member.settings = {**member.settings, "shows_milestones": True}
    session.flush()
    return {"thread": ids[0], "met": met, "asked": asked, "hugo": hugo, "gaia": gaia, "fabio": fabio}


def accent(session: Session, colour: str) -> None:
    session.execute(update(Academy).values(accent=colour))
