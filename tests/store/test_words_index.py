"""What was said is found again by its words, in Italian and in English, and never by another course."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lti_app.db import Database
from lti_app.models import Context, Post, Thread, WordUse
from lti_app.store import posting, words_index
from lti_app.store.stems import asked_stems, stems_of
from tests.sweep.course import NOW, Course


def says(session: Session, course: Course, title: str, body: str = "Parole.", *, by: int | None = None) -> int:
    return posting.start_thread(session, course.context, by or course.ada, title, body, NOW)


def found(session: Session, context_id: int, text: str, at_least: float = 0.0) -> list[int]:
    ranks = words_index.ranked(session, context_id, words_index.THREAD, text, at_least=at_least)
    if ranks is None:
        return []
    return list(session.scalars(select(ranks.c.item_id).order_by(ranks.c.score.desc(), ranks.c.item_id)))


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Come si riconosce un valore mancante nella colonna?", "valori mancanti nelle colonne"),
        ("How do I spot a hidden missing value in the columns?", "Spotting hidden values in one column"),
        ("Perché la MEDIA è sbagliata?", "media sbagliate"),
        ("Dataset duplicato", "i duplicati del dataset"),
        ("Codes and cleaning", "cleaned code"),
        ("L'indice dell'errore -999", "indice 999"),
    ],
)
def test_one_form_of_a_word_finds_the_other(db: Database, course: Course, written: str, asked: str) -> None:
    with db.writing() as session:
        thread = says(session, course, written)
        says(session, course, "Ciao da Trieste", "Mi presento.")
        assert found(session, course.context, asked) == [thread]


def test_small_words_find_nothing_and_digits_do() -> None:
    assert asked_stems("how do I do it, come si fa?") == ()
    assert [set(stems) for stems in asked_stems("quiz 2")] == [{"quiz"}, {"2"}]
    assert stems_of("") == {}
    assert all(len(stem) <= 40 for stem in stems_of("x" * 500))


def test_rare_words_and_titles_come_first(db: Database, course: Course) -> None:
    with db.writing() as session:
        for number in range(6):
            says(session, course, f"Quiz numero {number}", "Il quiz di oggi.")
        in_body = says(session, course, "Una cosa strana", "Il quiz parla di istogrammi.")
        in_title = says(session, course, "Istogramma", "Come si legge?")
        assert found(session, course.context, "istogrammi") == [in_title, in_body]
        assert found(session, course.context, "istogrammi del quiz")[0] in (in_title, in_body)
        assert found(session, course.context, "istogramma di frequenza assoluta cumulata", at_least=0.5) == []


def test_another_course_finds_nothing_and_private_words_are_in_no_index(db: Database, course: Course) -> None:
    with db.writing() as session:
        says(session, course, "Valori nascosti")
        assert found(session, course.dario_context, "valori nascosti") == []
        session.execute(update(Thread).values(kind="match", indexed_at=None))
        assert words_index.index_changed(session, NOW) == 1
        assert session.scalar(select(func.count()).select_from(WordUse)) == 0


def test_a_reply_is_found_and_a_hidden_one_is_not_once_the_tick_has_passed(db: Database, course: Course) -> None:
    with db.writing() as session:
        thread = says(session, course, "Una domanda")
        posting.reply(session, course.context, thread, course.bruno, "Prova con pandas.", NOW + timedelta(hours=1))
        assert found(session, course.context, "pandas") == [thread]
        session.execute(update(Post).where(Post.body.contains("pandas")).values(hidden_at=NOW))
        words_index.words_changed(session, thread)
        assert words_index.anything_changed(session)
        assert words_index.index_changed(session, NOW) == 1
        assert not words_index.anything_changed(session)
        assert found(session, course.context, "pandas") == []
        assert found(session, course.context, "domande") == [thread]


def test_indexing_twice_changes_nothing(db: Database, course: Course) -> None:
    with db.writing() as session:
        thread = says(session, course, "Due volte lo stesso", "Lo stesso, due volte.")
        before = sorted(tuple(row) for row in session.execute(select(WordUse.stem, WordUse.weight)))
        words_index.index_thread(session, thread, NOW)
        assert sorted(tuple(row) for row in session.execute(select(WordUse.stem, WordUse.weight))) == before


def test_other_things_than_threads_are_indexed_too_and_go_with_their_course(db: Database, course: Course) -> None:
    with db.writing() as session:
        words_index.index_item(session, course.context, "material", 7, "Dizionario dei dati", "Un PDF.")
        ranks = words_index.ranked(session, course.context, "material", "dizionari")
        assert ranks is not None
        assert session.scalars(select(ranks.c.item_id)).all() == [7]
        assert found(session, course.context, "dizionari") == []
        words_index.forget_item(session, "material", 7)
        assert words_index.ranked(session, course.context, "material", "dizionari") is None
        says(session, course, "Resta")
        session.delete(session.get_one(Context, course.context))
        session.flush()
        assert session.scalar(select(func.count()).select_from(WordUse)) == 0


@pytest.mark.parametrize("text", ["", "  ", "'; DROP TABLE thread; --", "%_%", "\u202e\x00", "😀😀", "a" * 9000])
def test_whatever_is_typed_is_only_words(db: Database, course: Course, text: str) -> None:
    with db.writing() as session:
        says(session, course, "Una cosa")
        assert found(session, course.context, text) == []
