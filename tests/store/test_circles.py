"""Circles in rows: asked for, proposed, accepted, filled again, ended; and what nobody outside may see or do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs.circles import tend_company
from lti_app.models import Circle, CircleMember, CircleWish, Context, Membership, Post, Prompt, Thread
from lti_app.store import bound_threads, channels, circle_acts, circle_view, letters, meetings, outbox, posting, talk
from lti_app.store.refusals import NotYours, Taken, TooLate
from tests.sweep.course import NOW, Course

DAY = timedelta(days=1)
INVITED = "circle_invited"


@pytest.fixture
def house(app: Flask) -> House:
    found: House = app.extensions["regista"]
    return found


def wishes(db: Database, *people: int, at: timedelta = timedelta()) -> None:
    with db.writing() as session:
        for one in people:
            circle_acts.wish(session, one, True, ("evenings",), NOW + at)


def invited(db: Database) -> dict[int, str]:
    with db.reading() as session:
        return {row[0]: row[1] for row in session.execute(select(CircleMember.membership_id, CircleMember.state))}


def circle_of(db: Database, member: int) -> int:
    with db.reading() as session:
        mine = select(CircleMember.circle_id).where(CircleMember.membership_id == member)
        return session.scalars(mine.order_by(CircleMember.id.desc())).first() or 0


def says_yes(db: Database, circle: int, *people: int, at: timedelta = timedelta()) -> None:
    for one in people:
        with db.writing() as session:
            circle_acts.accept(session, circle, one, NOW + at, opening_words="Benvenuti.")


def test_fabio_asks_and_people_at_his_pace_are_invited_with_him(house: House, db: Database, course: Course) -> None:
    fabio = course.others[0]
    wishes(db, fabio)
    tended = tend_company(house, course.context, NOW)
    assert tended.invited == 4
    people = invited(db)
    assert people[fabio] == "invited"
    # He has passed Quiz 1 only, so have the three others; nobody of the other course, no tutor.
    assert set(people) <= {course.ada, *course.others}
    # A second look changes nothing, and neither does somebody who has not asked for one.
    assert tend_company(house, course.context, NOW).invited == 0
    assert tend_company(house, course.dario_context, NOW).invited == 0


def test_an_invitation_leaves_as_a_message_unless_it_was_seen_answered_or_not_wanted(
    house: House, db: Database, course: Course
) -> None:
    fabio = course.others[0]
    wishes(db, fabio)
    tend_company(house, course.context, NOW)
    circle = circle_of(db, fabio)
    saw, said_no, quiet = (one for one in sorted(invited(db)) if one != fabio)
    with db.writing() as session:
        found = {one.membership_id: one for one in session.scalars(select(Prompt).where(Prompt.kind == INVITED))}
        assert set(found) == set(invited(db))
        assert all(outbox.is_wanted(session, one, NOW) for one in found.values())
        circle_view.saw_invitation(session, saw, NOW)
        circle_acts.decline(session, circle, said_no, NOW)
        letters.stop_letters(session, quiet, "peer", NOW)
        assert {who for who, one in found.items() if outbox.is_wanted(session, one, NOW)} == {fabio, quiet}
        assert channels.ways_of(session.get_one(Membership, quiet).settings, INVITED) == ()
        assert channels.ways_of(session.get_one(Membership, fabio).settings, INVITED) == ("lms", "email")
    # A second look invites nobody twice.
    tend_company(house, course.context, NOW)
    with db.reading() as session:
        assert len(session.scalars(select(Prompt).where(Prompt.kind == INVITED)).all()) == len(found)


def test_an_invitation_names_nobody_and_the_second_yes_opens_the_circle(
    house: House, db: Database, course: Course
) -> None:
    fabio = course.others[0]
    wishes(db, fabio)
    tend_company(house, course.context, NOW)
    first, second, *_rest = sorted(invited(db))
    circle = circle_of(db, first)
    with db.reading() as session:
        seen = circle_view.circles_for(session, session.get_one(Membership, first), NOW)
        assert seen.circle is None
        assert seen.invitation is not None
        assert (seen.invitation.people, seen.invitation.yes) == (4, 0)
        assert not any(name in repr(seen.invitation) for name in ("Fabio", "Hugo", "Luca", "Rossi"))
        assert session.scalar(select(circle_view.circle_news(first))) == 1
    says_yes(db, circle, first)
    with db.reading() as session:
        mine = circle_view.circles_for(session, session.get_one(Membership, first), NOW).circle
        assert mine is not None
        assert (mine.is_open, len(mine.others), mine.invited, mine.thread) == (False, 0, 3, None)
    says_yes(db, circle, second, second)
    with db.reading() as session:
        mine = circle_view.circles_for(session, session.get_one(Membership, first), NOW).circle
        assert mine is not None
        assert mine.thread is not None
        assert [mate.face.membership_id for mate in mine.others] == [second]
        assert [post.body for post in mine.thread.posts] == ["Benvenuti."]
        assert session.scalars(select(Thread.kind).where(Thread.circle_id == circle)).all() == ["circle"]
        # It is no discussion of the course.
        assert talk.list_threads(session, course.context, first) == ()


def test_the_circle_plans_says_how_it_goes_and_talks_and_nobody_else_reads_it(
    house: House, db: Database, course: Course
) -> None:
    wishes(db, course.others[0])
    tend_company(house, course.context, NOW)
    first, second, third, *_rest = sorted(invited(db))
    circle = circle_of(db, first)
    says_yes(db, circle, first, second)
    with db.writing() as session:
        circle_acts.add_item(session, circle, first, "Quiz 2 insieme", NOW + 2 * DAY, NOW, form_key="k")
        circle_acts.add_item(session, circle, first, "Quiz 2 insieme", NOW + 2 * DAY, NOW, form_key="k")
        circle_acts.add_item(session, circle, second, "Leggere il capitolo 3", None, NOW)
        circle_acts.check_in(session, circle, first, "slowly", "poco tempo", NOW)
        circle_acts.check_in(session, circle, first, "stuck", "i duplicati", NOW + timedelta(hours=1))
        posting.reply_circle(session, circle, second, "Eccomi!", NOW + timedelta(hours=1))
    with db.reading() as session:
        mine = circle_view.circles_for(session, session.get_one(Membership, second), NOW).circle
        assert mine is not None
        assert [(item.words, item.starts_at) for item in mine.items] == [
            ("Quiz 2 insieme", NOW + 2 * DAY),
            ("Leggere il capitolo 3", None),
        ]
        assert [(mate.said, mate.words) for mate in mine.others] == [("stuck", "i duplicati")]
        assert session.scalar(select(circle_view.circle_news(first))) == 1
        item = mine.items[1].id
    with db.writing() as session:
        circle_acts.tick_item(session, circle, first, item, True, NOW)
    # Next week the check-in begins anew.
    with db.reading() as session:
        later = circle_view.circles_for(session, session.get_one(Membership, first), NOW + 7 * DAY).circle
        assert later is not None
        assert later.me is not None
        assert later.me.said is None
        assert [one.words for one in later.done] == ["Leggere il capitolo 3"]
    # Whoever is only invited, tutors, and people of other courses are not let in.
    for other in (third, course.clara, course.bruno, course.dario, course.eva):
        for act in (
            lambda session, who: bound_threads.read_circle(session, circle, who),
            lambda session, who: posting.reply_circle(session, circle, who, "Me too", NOW),
            lambda session, who: circle_acts.add_item(session, circle, who, "x", None, NOW),
            lambda session, who: circle_acts.tick_item(session, circle, who, item, True, NOW),
            lambda session, who: circle_acts.check_in(session, circle, who, "stuck", "", NOW),
            lambda session, who: circle_acts.report(session, circle, who, first, "x", NOW),
        ):
            with pytest.raises(NotYours), db.writing() as session:
                act(session, other)


def test_when_people_leave_others_are_invited_and_the_last_one_out_closes_it(
    house: House, db: Database, course: Course
) -> None:
    wishes(db, course.others[0])
    tend_company(house, course.context, NOW)
    first, second, third, fourth = sorted(invited(db))
    circle = circle_of(db, first)
    says_yes(db, circle, first, second)
    with db.writing() as session:
        circle_acts.decline(session, circle, third, NOW)
        circle_acts.decline(session, circle, third, NOW)
        circle_acts.leave(session, circle, second, NOW)
    assert invited(db)[second] == "left"
    # The rest do not answer: a week later their invitation is over, and others are looked for.
    later = NOW + 8 * DAY
    with db.writing() as session:
        for member in session.scalars(select(Membership).where(Membership.context_id == course.context)):
            member.last_access_at = later - timedelta(hours=3)
    tended = tend_company(house, course.context, later)
    assert invited(db)[fourth] == "lapsed"
    assert tended.invited >= 1
    assert third not in {who for who, state in invited(db).items() if state == "invited"}
    with pytest.raises(TooLate), db.writing() as session:
        circle_acts.accept(session, circle, fourth, later)
    with db.writing() as session:
        circle_acts.leave(session, circle, first, later)
        for who in [who for who, state in invited(db).items() if state == "invited"]:
            circle_acts.decline(session, circle, who, later)
    tend_company(house, course.context, later)
    with db.reading() as session:
        ended = session.get_one(Circle, circle)
        assert (ended.state, ended.ended_why) == ("ended", "emptied")
        assert session.scalars(select(Thread.closed_at).where(Thread.circle_id == circle)).one() is not None


def test_whoever_is_left_alone_gets_another_circle(house: House, db: Database, course: Course) -> None:
    fabio = course.others[0]
    wishes(db, fabio)
    tend_company(house, course.context, NOW)
    circle = circle_of(db, fabio)
    says_yes(db, circle, fabio)
    with db.writing() as session:
        # Everybody else has said that they want to be left alone.
        for other in (course.ada, course.bruno, course.bice, *course.others[1:]):
            circle_acts.wish(session, other, False, (), NOW)
    tend_company(house, course.context, NOW + 8 * DAY)
    tend_company(house, course.context, NOW + 30 * DAY)
    with db.reading() as session:
        assert session.get_one(Circle, circle).ended_why == "never_began"
        wish = session.scalars(select(CircleWish).where(CircleWish.membership_id == fabio)).one()
        assert wish.wants


def test_the_last_seat_goes_to_one_and_the_other_is_told(db: Database, course: Course) -> None:
    with db.writing() as session:
        circle = Circle(context_id=course.context, state="open", made_at=NOW, times=[], reasons=[])
        session.add(circle)
        session.flush()
        for number, who in enumerate(course.others[:6]):
            state = "in" if number < 4 else "invited"
            session.add(CircleMember(circle_id=circle.id, membership_id=who, state=state, invited_at=NOW))
        circle_id = circle.id
    says_yes(db, circle_id, course.others[4])
    with pytest.raises(Taken), db.writing() as session:
        circle_acts.accept(session, circle_id, course.others[5], NOW)


def test_a_report_reaches_a_person_and_the_two_are_kept_apart(house: House, db: Database, course: Course) -> None:
    wishes(db, course.others[0])
    tend_company(house, course.context, NOW)
    first, second, *_rest = sorted(invited(db))
    circle = circle_of(db, first)
    says_yes(db, circle, first, second)
    with db.writing() as session:
        circle_acts.report(session, circle, first, second, "Mi ha scritto cose brutte.", NOW)
    with db.reading() as session:
        prompt = session.scalars(select(Prompt).where(Prompt.kind == "report")).one()
        assert prompt.membership_id is None
        assert (prompt.facts["by_id"], prompt.facts["about_id"]) == (first, second)
        assert {(first, second), (second, first)} <= meetings.blocked_pairs(session, course.context)
    assert invited(db)[first] == "left"
    wishes(db, first, at=3 * DAY)
    tend_company(house, course.context, NOW + 3 * DAY)
    with db.reading() as session:
        mine = select(CircleMember.circle_id).where(
            CircleMember.membership_id == first, CircleMember.state == "invited"
        )
        there = select(CircleMember.membership_id).where(CircleMember.circle_id.in_(mine))
        assert second not in session.scalars(there).all()


def test_whom_the_academy_leaves_out_is_not_invited_and_cannot_ask(house: House, db: Database, course: Course) -> None:
    hugo = course.others[2]
    with db.writing() as session:
        context = session.get_one(Context, course.context)
        context.settings = {"policy": {"excluded_roles": ["Minor"]}}
        session.get_one(Membership, hugo).raw_roles = ["https://academy.example/roles#Minor"]
    wishes(db, course.others[0])
    tend_company(house, course.context, NOW)
    assert hugo not in invited(db)
    with pytest.raises(NotYours), db.writing() as session:
        circle_acts.wish(session, hugo, True, (), NOW)
    with db.reading() as session:
        assert not circle_view.circles_for(session, session.get_one(Membership, hugo), NOW).may


def test_somebody_who_leaves_the_course_leaves_the_circle(house: House, db: Database, course: Course) -> None:
    wishes(db, course.others[0])
    tend_company(house, course.context, NOW)
    first, second, *_rest = sorted(invited(db))
    circle = circle_of(db, first)
    says_yes(db, circle, first, second)
    with db.writing() as session:
        posting.reply_circle(session, circle, second, "A domani!", NOW)
        session.get_one(Membership, second).state = "gone"
    tend_company(house, course.context, NOW + DAY)
    with db.reading() as session:
        mine = circle_view.circles_for(session, session.get_one(Membership, first), NOW + DAY).circle
        assert mine is not None
        assert mine.others == ()
        assert mine.thread is not None
        assert "A domani!" in session.scalars(select(Post.body)).all()
