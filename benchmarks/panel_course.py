"""A large course to open panels in: 5,000 members, 2,000 threads, 50,000 posts, and what comes with them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lti_app.db import Database
from lti_app.models import (
    Academy,
    Activity,
    Context,
    Deployment,
    Membership,
    Milestone,
    Notification,
    Person,
    Post,
    Registration,
    Thread,
    ThreadSeen,
)
from lti_app.store.words_index import index_thread

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
# fmt: off
WORDS = [
    "dato", "dati", "valore", "valori", "mancante", "duplicato", "duplicati", "colonna", "riga", "tabella", "media",
    "mediana", "varianza", "grafico", "funzione", "codice", "errore", "quiz", "esercizio", "modulo", "lezione",
    "domanda", "risposta", "esempio", "file", "importare", "filtrare", "ordinare", "contare", "somma", "differenza",
    "indice", "chiave", "unione", "raggruppare", "pulire", "controllare", "capire", "provare", "leggere", "scrivere",
    "spiegare", "trovare", "persona", "tempo", "giorno", "settimana", "gruppo", "progetto", "lavoro", "studio", "idea",
    "problema", "soluzione", "metodo", "passo", "regola", "caso", "numero", "testo", "parola", "frase", "pagina",
    "libro", "fonte", "modello", "ipotesi", "campione", "intervallo", "probabilità", "distribuzione", "correlazione",
]
SMALL = ["il", "la", "di", "che", "e", "un", "in", "per", "con", "non", "si", "come", "ma", "più", "anche", "questo"]
# fmt: on


def prose(lots: random.Random, words: int) -> str:
    """Return some words that look like a sentence: few are common, most are rare, small ones between."""
    said = []
    for _ in range(words):
        rank = min(int(lots.paretovariate(0.9)) - 1, len(WORDS) * 12)
        word = WORDS[rank % len(WORDS)] + ("" if rank < len(WORDS) else f"{rank // len(WORDS)}")
        said.append(lots.choice(SMALL) if lots.random() < 0.45 else word)
    return " ".join(said).capitalize() + "."


def _many(session: Session, model: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 2000):
        session.execute(insert(model), rows[start : start + 2000])


def _frame(session: Session) -> tuple[int, int]:
    academy = Academy(name="Accademia", locale="it", created_at=NOW)
    session.add(academy)
    session.flush()
    registration = Registration(academy_id=academy.id, name="LMS", issuer="https://lms.example", client_id="c",
                                auth_login_url="https://lms.example/a", auth_token_url="https://lms.example/t",
                                jwks_url="https://lms.example/j", created_at=NOW)  # fmt: skip
    session.add(registration)
    session.flush()
    deployment = Deployment(registration_id=registration.id, academy_id=academy.id, id_on_platform="1", created_at=NOW)
    session.add(deployment)
    session.flush()
    context = Context(deployment_id=deployment.id, id_on_platform="1", title="Fondamenti di Data Analysis",
                      created_at=NOW, synced_at=NOW)  # fmt: skip
    session.add(context)
    session.flush()
    return registration.id, context.id


def build(database: Database, *, members: int, threads: int, posts: int) -> tuple[int, int, int]:
    """Fill the database; returns the ids of a learner, of a tutor and of a long thread."""
    lots = random.Random(7)
    with database.writing() as session:
        registration, context = _frame(session)
        people = [
            {"registration_id": registration, "id_on_platform": f"p{n}", "name": f"Nome{n} Cognome{n}",
             "given_name": f"Nome{n}", "family_name": f"Cognome{n}", "locale": "it", "created_at": NOW,
             "seen_at": NOW - timedelta(seconds=20 if n % 125 == 0 else 86_400)}
            for n in range(members)
        ]  # fmt: skip
        _many(session, Person, people)
        person_ids = session.scalars(select(Person.id).order_by(Person.id)).all()
        seats = [
            {"context_id": context, "person_id": person, "role": "tutor" if n < 10 else "learner", "created_at": NOW,
             "settings": {"shows_milestones": n % 10 == 0},
             "launched_at": NOW - timedelta(minutes=9 if n % 125 == 0 else 3000)}
            for n, person in enumerate(person_ids)
        ]  # fmt: skip
        _many(session, Membership, seats)
        ids = session.scalars(select(Membership.id).order_by(Membership.id)).all()
        activities = [
            {"context_id": context, "api_id": f"a{n}", "kind": "quiz", "raw_kind": "quiz", "title": f"Quiz {n}",
             "position": n, "visible": True, "required": True, "section": f"Modulo {n // 6}"}
            for n in range(60)
        ]  # fmt: skip
        _many(session, Activity, activities)
        places = session.scalars(select(Activity.id)).all()
        kinds = ["talk"] * 14 + ["ask"] * 5 + ["idea"]
        begun = [NOW - timedelta(hours=lots.random() * 2000) for _ in range(threads)]
        _many(session, Thread, [
            {"context_id": context, "kind": kinds[n % 20], "title": prose(lots, 7), "author_id": lots.choice(ids),
             "activity_id": lots.choice([None, *places]), "created_at": at, "moved_at": at}
            for n, at in enumerate(begun)
        ])  # fmt: skip
        thread_ids = session.scalars(select(Thread.id).order_by(Thread.id)).all()
        # The first of each thread, then some threads far longer than others.
        chosen = [*range(threads), *(int(threads * lots.random() ** 2) for _ in range(posts - threads))]
        said = [
            {"thread_id": thread_ids[n], "author_id": lots.choice(ids), "body": prose(lots, 30), "voice": "member",
             "created_at": begun[n] + timedelta(minutes=number / 60)}
            for number, n in enumerate(chosen)
        ]  # fmt: skip
        _many(session, Post, said)
        me, tutor = ids[min(500, members // 2)], ids[3]
        _many(session, ThreadSeen, [
            {"thread_id": one, "membership_id": who, "seen_at": NOW}
            for one in thread_ids[: max(threads - 40, threads // 2)] for who in (me, tutor)
        ])  # fmt: skip
        _many(session, Notification, [
            {"membership_id": who, "key": f"n{n}", "kind": "reply", "by_id": lots.choice(ids), "facts": {},
             "thread_id": thread_ids[n], "made_at": NOW - timedelta(hours=n), "seen_at": NOW if n > 20 else None}
            for n in range(min(300, threads)) for who in (me, tutor)
        ])  # fmt: skip
        _many(session, Milestone, [
            {"context_id": context, "membership_id": lots.choice(ids), "key": f"m{n}", "kind": "passed",
             "activity_id": lots.choice(places), "facts": {}, "reached_at": NOW - timedelta(hours=n * 125 / members)}
            for n in range(members * 4)
        ])  # fmt: skip
    for start in range(0, threads, 100):
        with database.writing() as session:
            for thread_id in thread_ids[start : start + 100]:
                index_thread(session, thread_id, NOW)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    return me, tutor, thread_ids[0]
