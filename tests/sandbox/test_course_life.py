"""What happens in the practice LMS is seen everywhere at once, survives a restart, and goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from lti_app.sandbox import PracticeLms
from lti_app.sandbox.life import catch_up
from lti_app.sandbox.recorded import RECORDED_AT
from tests.conftest import StillClock
from tests.sandbox.conftest import be

Ask = Callable[..., Any]
MARCO, NICOLO, GIULIA, ANNA = 4, 28, 3, 43
DAY = 86_400


def _do(browser: FlaskClient, person: int, kind: str, cmid: int) -> None:
    browser.post("/practice/do", data={"person": person, "kind": kind, "cmid": cmid})


def test_the_bar_found_its_people_by_what_the_recording_says(practice: PracticeLms) -> None:
    people, cast = practice.lms.people, practice.lms.cast
    names = [people[getattr(cast, role)].name for role in ("stalled", "helper", "well", "tutor", "manager")]
    assert names == ["Marco Bianchi", "Nicolò Caruso", "Arianna Martinelli", "Anna Verdi", "Carla Manager"]


def test_marco_passes_quiz_2_and_every_function_says_so(browser: FlaskClient, ask: Ask, still: StillClock) -> None:
    still.at += timedelta(hours=1)
    now = int(still.now().timestamp())
    _do(browser, MARCO, "pass", 8)
    attempts = ask("mod_quiz_get_user_attempts", quizid=2, userid=MARCO, status="all")["attempts"]
    assert (len(attempts), attempts[-1]["sumgrades"], attempts[-1]["timefinish"]) == (6, 4, now)
    statuses = ask("core_completion_get_activities_completion_status", courseid=2, userid=MARCO)["statuses"]
    status = next(s for s in statuses if s["cmid"] == 8)
    assert (status["state"], status["isoverallcomplete"], status["timecompleted"]) == (2, True, now)
    assert all(d["rulevalue"]["status"] == 2 for d in status["details"])
    grades = ask("gradereport_user_get_grade_items", courseid=2, userid=MARCO)["usergrades"][0]["gradeitems"]
    assert next(i for i in grades if i.get("cmid") == 8)["graderaw"] == 8
    assert (grades[-1]["graderaw"], grades[-1]["percentageformatted"]) == (16, "80.00 %")
    criteria = ask("core_completion_get_course_completion_status", courseid=2, userid=MARCO)["completionstatus"]
    assert sum(c["complete"] for c in criteria["completions"]) == 2
    marco = next(p for p in ask("core_enrol_get_enrolled_users", courseid=2) if p["id"] == MARCO)
    assert marco["lastcourseaccess"] == now
    changed = ask("core_course_get_updates_since", courseid=2, since=now - 60)["instances"]
    assert [(i["id"], [u["name"] for u in i["updates"]]) for i in changed] == [(8, ["userattempts", "usergrades"])]
    assert round(ask("core_enrol_get_users_courses", userid=MARCO)[0]["progress"]) == 32
    assert ask("mod_quiz_get_user_best_grade", quizid=2, userid=MARCO)["grade"] == 8


def test_a_failed_attempt_leaves_the_quiz_failed_and_a_pass_is_not_lost_again(browser: FlaskClient, ask: Ask) -> None:
    _do(browser, MARCO, "fail", 8)

    def state() -> int:
        found = ask("core_completion_get_activities_completion_status", courseid=2, userid=MARCO)["statuses"]
        return int(next(s for s in found if s["cmid"] == 8)["state"])

    assert state() == 3
    _do(browser, MARCO, "pass", 8)
    be(browser, MARCO)
    browser.post("/mod/quiz/attempt.php", data={"id": 8, "right": 0})
    assert state() == 2


def test_handed_in_work_waits_until_anna_grades_it(browser: FlaskClient, ask: Ask) -> None:
    be(browser, MARCO)
    browser.post("/mod/assign/submit.php", data={"id": 9, "text": "Ecco <b>il</b> mio lavoro"})
    form = {"assignmentids[0]": 1}

    def mine() -> dict[str, Any]:
        found = ask("mod_assign_get_submissions", form=form)["assignments"][0]["submissions"]
        return dict(next(s for s in found if s["userid"] == MARCO))

    assert mine()["gradingstatus"] == "notgraded"
    assert mine()["plugins"][0]["editorfields"][0]["text"] == "<p>Ecco &lt;b&gt;il&lt;/b&gt; mio lavoro</p>"
    assert browser.post("/mod/assign/grade.php", data={"id": 9, "learner": MARCO, "grade": 90}).status_code == 403
    be(browser, ANNA)
    browser.post("/mod/assign/grade.php", data={"id": 9, "learner": MARCO, "grade": 90})
    assert mine()["gradingstatus"] == "graded"
    grades = ask("mod_assign_get_grades", form=form)["assignments"][0]["grades"]
    assert [(g["grade"], g["grader"]) for g in grades if g["userid"] == MARCO] == [("90.00000", ANNA)]


def test_a_restart_forgets_nothing(browser: FlaskClient, practice: PracticeLms, start: Any, still: StillClock) -> None:
    _do(browser, MARCO, "pass", 8)
    browser.post("/practice/time", data={"span": "tomorrow"})
    still.offset = timedelta()
    again = start()
    assert again.lms.course.status(MARCO, 8) == practice.lms.course.status(MARCO, 8)
    assert (again.client_id, again.ws_token) == (practice.client_id, practice.ws_token)
    assert again.lms.keys.kid == practice.lms.keys.kid
    assert still.offset == timedelta(days=1)


def test_after_a_week_the_active_still_come_and_the_silent_stay_away(
    browser: FlaskClient, practice: PracticeLms, still: StillClock
) -> None:
    before = {i: p["lastcourseaccess"] for i, p in practice.lms.course.roster.items()}
    browser.post("/practice/time", data={"span": "week"})
    now = practice.lms.now()
    assert now == RECORDED_AT + 7 * DAY
    came = {
        i
        for i in practice.lms.course.learners()
        if (last := practice.lms.course.roster[i]["lastcourseaccess"]) and last > before[i]
    }
    assert 18 <= len(came) <= 26
    assert all(now >= p["lastcourseaccess"] for p in practice.lms.course.roster.values())
    assert not came & {MARCO, GIULIA, 5, 24, 31, 36}
    silent = [i for i, at in before.items() if at and RECORDED_AT - at > 10 * DAY]
    assert not came & set(silent)
    done = sum(s["isoverallcomplete"] for i in came for s in practice.lms.course.completion[i]["statuses"])
    recorded = practice.lms.untouched()
    assert done > sum(s["isoverallcomplete"] for i in came for s in recorded.completion[i]["statuses"])


def test_the_same_week_is_the_same_whether_it_passes_at_once_or_day_by_day(
    practice: PracticeLms, start: Any, tmp_path: Any, still: StillClock
) -> None:
    from lti_app.sandbox import create_practice_lms

    practice.lms.pass_time(timedelta(days=7))
    catch_up(practice.lms)
    still.offset = timedelta()
    other = create_practice_lms(
        data_dir=tmp_path / "other", public_url=practice.issuer, clock=still, tool=practice.lms.tool
    )
    for _ in range(7):
        other.lms.pass_time(timedelta(days=1))
        catch_up(other.lms)
    seen = {i: p["lastcourseaccess"] for i, p in practice.lms.course.roster.items()}
    assert seen == {i: p["lastcourseaccess"] for i, p in other.lms.course.roster.items()}


def test_marco_comes_again_once_he_is_free(browser: FlaskClient, practice: PracticeLms) -> None:
    _do(browser, MARCO, "pass", 8)
    at = practice.lms.course.roster[MARCO]["lastcourseaccess"]
    browser.post("/practice/time", data={"span": "week"})
    browser.post("/practice/time", data={"span": "week"})
    assert practice.lms.course.roster[MARCO]["lastcourseaccess"] > at


def test_a_message_reaches_its_recipient_and_nobody_else(browser: FlaskClient, ask: Ask) -> None:
    form = {
        "messages[0][touserid]": MARCO,
        "messages[0][text]": '<p>Ciao <a href="http://127.0.0.1/">vieni</a></p><script>alert(1)</script>',
        "messages[0][textformat]": 1,
        "messages[0][clientmsgid]": "n1",
    }
    sent = ask("core_message_send_instant_messages", form=form)[0]
    assert sent["msgid"] > 0
    assert sent["clientmsgid"] == "n1"
    assert "script" not in sent["text"]
    be(browser, MARCO)
    page = browser.get("/course/view.php").text
    assert "vieni</a>" in page
    assert "alert(1)" not in page
    be(browser, NICOLO)
    assert "vieni</a>" not in browser.get("/course/view.php").text
    be(browser, MARCO)
    browser.post("/practice/read", data={"message": sent["msgid"] - 10_000})
    assert "vieni</a>" not in browser.get("/course/view.php").text


def test_messages_are_refused_as_recorded(ask: Ask) -> None:
    one = {"messages[0][touserid]": MARCO, "messages[0][text]": "a"}
    assert ask("core_message_send_instant_messages", form=one)["errorcode"] == "formatnotsupported"
    long = {**one, "messages[0][text]": "x" * 5000, "messages[0][textformat]": 1}
    assert ask("core_message_send_instant_messages", form=long)[0]["msgid"] == -1


def test_a_calendar_entry_stands_in_the_course_calendar(ask: Ask) -> None:
    form = {"events[0][name]": "Mezz’ora con Anna", "events[0][courseid]": 2, "events[0][eventtype]": "course"}
    made = ask("core_calendar_create_calendar_events", form={**form, "events[0][timestart]": RECORDED_AT + DAY})
    asked = {"events[courseids][0]": 2, "options[timestart]": RECORDED_AT, "options[timeend]": RECORDED_AT + 2 * DAY}
    found = ask("core_calendar_get_calendar_events", form=asked)["events"]
    assert made["events"][0]["name"] in [e["name"] for e in found]


def test_a_calendar_entry_can_be_taken_out_again(ask: Ask) -> None:
    form = {"events[0][name]": "Mezz’ora con Anna", "events[0][courseid]": 2, "events[0][eventtype]": "course"}
    made = ask("core_calendar_create_calendar_events", form={**form, "events[0][timestart]": RECORDED_AT + DAY})
    out = {"events[0][eventid]": made["events"][0]["id"], "events[0][repeat]": 0}
    assert ask("core_calendar_delete_calendar_events", form=out) is None
    asked = {"events[courseids][0]": 2, "options[timestart]": RECORDED_AT, "options[timeend]": RECORDED_AT + 2 * DAY}
    assert "Mezz’ora con Anna" not in [
        e["name"] for e in ask("core_calendar_get_calendar_events", form=asked)["events"]
    ]
    assert ask("core_calendar_delete_calendar_events", form=out)["errorcode"] == "invalidrecord"
