"""What Canvas answers, as far as we read it; only ids are required, and they come as text or numbers."""

from __future__ import annotations

import msgspec

from lms_clients.values import Number

Id = str | int


class Shape(msgspec.Struct):
    """The base of all shapes: unknown keys are ignored."""


class Term(Shape):
    """The term, whose dates hold where the course has none."""

    start_at: str | None = None
    end_at: str | None = None


class Course(Shape):
    """One course; ``original_name`` is there where the caller gave it a nickname."""

    id: Id
    name: str | None = None
    original_name: str | None = None
    course_code: str | None = None
    workflow_state: str = ""
    start_at: str | None = None
    end_at: str | None = None
    time_zone: str | None = None
    locale: str | None = None
    concluded: bool | None = None
    term: Term | None = None


class User(Shape):
    """The person of an enrolment."""

    id: Id
    name: str | None = None
    sortable_name: str | None = None
    email: str | None = None
    sis_user_id: str | None = None
    group_ids: list[Id] | None = None


class Grades(Shape):
    """The course grade so far (missing work ignored) and as it stands (missing work counts as nothing)."""

    current_score: Number = None
    final_score: Number = None


class Enrollment(Shape):
    """One way in which a person is in the course; several sections mean several."""

    id: Id
    user_id: Id
    type: str = ""
    role: str = ""
    enrollment_state: str = ""
    course_section_id: Id | None = None
    created_at: str | None = None
    start_at: str | None = None
    end_at: str | None = None
    last_activity_at: str | None = None
    total_activity_time: int | None = None
    grades: Grades | None = None
    user: User | None = None


class Dates(Shape):
    """One line of an assignment's dates: the base, or an override for a section, a group or single learners."""

    base: bool | None = None
    set_type: str | None = None
    set_id: Id | None = None
    student_ids: list[Id] | None = None
    due_at: str | None = None


class Topic(Shape):
    """The discussion that an assignment stands for."""

    id: Id


class Assignment(Shape):
    """One assignment; quizzes and graded discussions are assignments too."""

    id: Id
    name: str = ""
    position: int | None = None
    due_at: str | None = None
    unlock_at: str | None = None
    lock_at: str | None = None
    points_possible: Number = None
    grading_type: str | None = None
    submission_types: list[str] | None = None
    published: bool | None = None
    allowed_attempts: int | None = None
    anonymous_grading: bool | None = None
    quiz_id: Id | None = None
    discussion_topic: Topic | None = None
    html_url: str | None = None
    all_dates: list[Dates] | None = None


class Requirement(Shape):
    """What a module asks of one item."""

    type: str = ""
    min_score: Number = None


class ItemDates(Shape):
    """The dates of what stands behind an item."""

    due_at: str | None = None
    unlock_at: str | None = None
    lock_at: str | None = None


class Item(Shape):
    """Something that stands in a module."""

    id: Id
    title: str = ""
    type: str = ""
    position: int | None = None
    content_id: Id | None = None
    html_url: str | None = None
    published: bool | None = None
    completion_requirement: Requirement | None = None
    content_details: ItemDates | None = None


class Module(Shape):
    """A module; ``items`` is left out where Canvas finds them too many."""

    id: Id
    name: str = ""
    position: int | None = None
    published: bool | None = None
    items: list[Item] | None = None


class Progress(Shape):
    """Requirements done; Canvas answers an error here for courses without any."""

    requirement_count: int | None = None
    requirement_completed_count: int | None = None
    completed_at: str | None = None


class UserProgress(Shape):
    """One row of bulk_user_progress."""

    id: Id
    progress: Progress | None = None


class History(Shape):
    """An earlier version of a submission."""

    attempt: int | None = None
    submitted_at: str | None = None
    workflow_state: str = ""
    score: Number = None


class Submission(Shape):
    """What one learner did in one assignment; there is a row even where nothing was done."""

    assignment_id: Id
    user_id: Id | None = None
    anonymous_id: str | None = None
    attempt: int | None = None
    workflow_state: str = ""
    submitted_at: str | None = None
    graded_at: str | None = None
    posted_at: str | None = None
    cached_due_date: str | None = None
    score: Number = None
    grade: str | None = None
    excused: bool | None = None
    late: bool | None = None
    missing: bool | None = None
    redo_request: bool | None = None
    grade_matches_current_submission: bool | None = None
    submission_history: list[History] | None = None


class Group(Shape):
    """A group of the course."""

    id: Id
    name: str = ""
    group_category_id: Id | None = None


class Conversation(Shape):
    """A conversation that a message made; ``audience`` are the others in it."""

    id: Id
    audience: list[Id] = []


class Said(Shape):
    """One message of a conversation."""

    id: Id
    body: str = ""
    created_at: str | None = None


class SentConversation(Conversation):
    """A conversation as its author finds it again, the last message cut short."""

    last_authored_message_at: str | None = None
    messages: list[Said] = []


class Event(Shape):
    """A calendar entry."""

    id: Id
    title: str = ""
    start_at: str | None = None
