"""The discussions in full life: formulas, a poll, names, files, signs, what was changed and taken back."""

from __future__ import annotations

import io
import wave
from datetime import timedelta

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from lti_app.config import Settings
from lti_app.models import Activity, CourseGroup, GroupMember, Post, Thread
from lti_app.store import post_acts, posting, thread_acts, uploads
from lti_app.store.polls import Asked
from lti_app.uploads import Shelf, shelf_of
from tests.panels.scenes import Page, data_dir
from tests.sweep.course import NOW, Course

FORMULA = """@Gaia S. mi chiede perché togliamo i valori estremi **prima** di standardizzare. Perché con

$$z_i = \\frac{x_i - \\bar{x}}{s}, \\qquad s = \\sqrt{\\frac{1}{n-1}\\sum_{i=1}^{n}(x_i-\\bar{x})^2}$$

un solo $x_i=-999$ sposta $\\bar{x}$ e gonfia $s$: tutti gli altri sembrano uguali."""


def chart() -> bytes:
    image = Image.new("RGB", (900, 520), (250, 248, 244))
    draw = ImageDraw.Draw(image)
    for number, height in enumerate((120, 210, 340, 300, 180, 90)):
        draw.rectangle((90 + number * 130, 460 - height, 170 + number * 130, 460), fill=(29, 107, 87))
    draw.line((60, 460, 860, 460), fill=(30, 36, 48), width=4)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def voice() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 16000)
    return out.getvalue()


def adds(
    session: Session, course: Course, who: int, shelf: Shelf, data: bytes, name: str, words: str = "", wish: str = ""
) -> str:
    stored = shelf.take(FileStorage(io.BytesIO(data), name))
    return uploads.keep(session, course.context, who, stored, NOW, words=words, feedback=wish).key


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Add life and name what is to be looked at."""
    shelf = shelf_of(Settings("", "", "", "", data_dir=data_dir()))
    gaia, fabio, irene = ids["gaia"], ids["fabio"], course.others[3]
    at = [NOW - timedelta(hours=hours) for hours in (50, 40, 30, 8, 5, 3)]
    thread = posting.start_thread(
        session, course.context, course.clara, "Perché prima gli estremi, poi la scala?", FORMULA, at[0],
        activity_id=course.task_2,
    )  # fmt: skip
    picture = adds(
        session, course, fabio, shelf, chart(), "grafico.png", "Sei colonne, la terza è la più alta",
        "Si capisce che la terza colonna pesa troppo?",
    )  # fmt: skip
    paper = adds(session, course, fabio, shelf, b"%PDF-1.4 quaderno", "Quaderno di Fabio, esercizio 3.pdf")
    posting.reply(session, course.context, thread, fabio, "Ho provato a disegnarlo.", at[1], files=(picture, paper))
    said = adds(session, course, gaia, shelf, voice(), "nota.wav", "Due parole a voce sul mio dubbio")
    posting.reply(session, course.context, thread, gaia, "Ve lo dico a voce, @Fabio G.:", at[2], files=(said,))
    posting.reply(session, course.context, thread, irene, "Lasciate stare.", at[3])
    posting.reply(session, course.context, thread, course.ada, "Adesso ho capito, grazie!", at[4])
    posts = list(session.scalars(select(Post.id).where(Post.thread_id == thread).order_by(Post.id)))
    post_acts.edit(
        session, course.context, posts[4], course.ada, "Adesso ho capito: **prima** si guarda, poi si scala.", at[5]
    )
    post_acts.take_back(session, course.context, posts[3], irene, at[5])
    for who in (course.ada, gaia, irene):
        post_acts.react(session, course.context, posts[1], who, "heart", at[5], to_staff=False)
    post_acts.react(session, course.context, posts[0], course.ada, "thanks", at[5], to_staff=False)
    poll = posting.start_thread(
        session, course.context, irene, "Quando ci vediamo per il ripasso?",
        "Mezz’ora, tutti insieme, prima del Compito 2.", at[2],
        section=session.get_one(Activity, course.quiz_2).section or "",
        poll=Asked(("Martedì alle 18:30", "Giovedì alle 20", "Sabato mattina"), True, NOW + timedelta(days=3)),
    )  # fmt: skip
    first = session.scalars(select(Post.id).where(Post.thread_id == poll)).one()
    options = [one.id for one in post_acts.read_post(session, course.context, first, gaia)[0].poll.options]  # type: ignore[union-attr]
    for who, chosen in ((gaia, options[:1]), (fabio, options[:2]), (course.bruno, options[1:2])):
        post_acts.vote(session, course.context, first, who, chosen, at[5])
    thread_acts.mark(session, course.context, poll, course.clara, "pin", at[5])
    old = posting.start_thread(session, course.context, fabio, "Dove trovo le dispense?", "Non le vedo.", at[0])
    thread_acts.mark(session, course.context, old, course.clara, "lock", at[5])
    group = CourseGroup(context_id=course.context, api_id="g-1", name="Gruppo del giovedì")
    session.add(group)
    session.flush()
    session.add(GroupMember(group_id=group.id, membership_id=course.ada))
    ours = posting.start_thread(
        session,
        course.context,
        course.ada,
        "Noi del giovedì",
        "Ci troviamo **dopo** lezione?",
        NOW - timedelta(hours=1),
    )
    session.get_one(Thread, ours).group_key = group.api_id
    begun = session.scalars(select(Post.id).where(Post.thread_id == ours)).one()
    session.flush()
    return [
        ("talk-group", course.ada, f"talk/{ours}"),
        ("talk-edit", course.ada, f"talk/post/{begun}/edit"),
        ("talk-group-clara-open", course.clara, f"talk/{ours}"),
        ("talk-rich", course.ada, "talk"),
        ("talk-thread-rich", course.ada, f"talk/{thread}"),
        ("talk-thread-staff-open", course.clara, f"talk/{thread}"),
        ("talk-poll-unvoted", course.ada, f"talk/{poll}"),
        ("talk-poll-voted", gaia, f"talk/{poll}"),
        ("talk-history", course.ada, f"talk/post/{posts[4]}/history"),
        ("talk-start-open", course.ada, "talk"),
        ("talk-closed", course.ada, f"talk/{old}"),
    ]
