"""How it goes, for a learner with heavy weeks, for staff, for an empty course; an idea and a survey."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from lti_app.store import changes, ideas, moods, pulse, remarks, surveys
from lti_app.store.surveys import Asked
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course

ASKED = (
    Asked("scale", "Quanto ti è chiaro dove stiamo andando?"),
    Asked("choice", "Quando ti va di trovarci?", ("la sera", "a pranzo", "il sabato")),
    Asked("words", "Che cosa toglieresti?"),
)


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Ten people said how Quiz 2 felt, six how they are; Ada three times that it is heavy."""
    fabio, gaia, hugo, irene, luca, mara, nino, olga = course.others
    for who, said, words in (
        (fabio, "too_hard", "I duplicati non li ho capiti."), (gaia, "just_right", ""), (hugo, "too_hard", ""),
        (irene, "just_right", ""), (luca, "too_easy", ""), (mara, "no_time", "Esame all’università."),
    ):  # fmt: skip
        pulse.say_feeling(session, who, course.quiz_2, said, words, NOW - timedelta(days=2))
    pulse.say_feeling(session, nino, course.quiz_1, "just_right", "", NOW)
    for days in (12, 6, 0):
        moods.say_mood(session, course.ada, "low" if days else "tired", "", False, NOW - timedelta(days=days))
    for who, said in ((fabio, "well"), (gaia, "bright"), (hugo, "so_so"), (irene, "well"), (luca, "tired")):
        moods.say_mood(session, who, said, "", False, NOW - timedelta(hours=2))
    moods.say_mood(session, olga, "low", "Non riesco a stare al passo con il lavoro.", True, NOW)
    moods.ask_for_a_person(session, olga, NOW)
    idea = remarks.start(
        session, course.context, fabio, "idea", "Un esempio svolto prima del Quiz 2",
        "Anche solo **una riga**: così si vede com’è fatto un duplicato.", NOW - timedelta(days=3), form_key="i",
    )  # fmt: skip
    for who in (gaia, hugo, course.ada):
        ideas.lend_voice(session, course.context, idea, who, NOW)
    ideas.set_status(session, course.context, idea, course.clara, "planned", "Arriva lunedì, grazie Fabio.", NOW)
    remarks.start(
        session, course.context, mara, "idea", "Scadenze di venerdì e non di domenica", "La domenica si respira.",
        NOW - timedelta(days=1), form_key="j",
    )  # fmt: skip
    survey = surveys.make_survey(
        session, course.context, course.clara, "A metà strada", "Due minuti, per aggiustare il tiro.", ASKED,
        NOW - timedelta(days=1), anonymous=True, closes_at=NOW + timedelta(days=6), form_key="s",
    )  # fmt: skip
    scale, choice, words = (
        one.id for one in surveys.read_survey(session, course.context, survey, course.ada, NOW).questions
    )
    for number, who in enumerate((gaia, hugo, irene, luca, mara, nino)):
        said_ = {scale: str(2 + number % 4), choice: ASKED[1].options[number % 3], words: "Il secondo video."}
        surveys.answer_survey(session, course.context, survey, who, said_, NOW)
    changes.write_change(
        session, course.context, course.clara, "Le istruzioni del Quiz 2 sono più corte",
        "Da due pagine a mezza.", [("activity", course.quiz_2)], NOW - timedelta(hours=4), form_key="c",
    )  # fmt: skip
    return [
        ("pulse", course.ada, "pulse"),
        ("pulse-bruno", course.bruno, "pulse"),
        ("pulse-tutor", course.clara, "pulse"),
        ("pulse-tutor-open", course.clara, "pulse"),
        ("pulse-empty", empty, "pulse"),
        ("idea", course.bruno, f"pulse/idea/{idea}"),
        ("idea-tutor", course.clara, f"pulse/idea/{idea}"),
        ("survey", course.bruno, f"pulse/survey/{survey}"),
        ("survey-tutor", course.clara, f"pulse/survey/{survey}"),
    ]
