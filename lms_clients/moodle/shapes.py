"""What Moodle's functions answer about the course and its people, as far as we read it; only ids are required."""

from __future__ import annotations

import msgspec


class Shape(msgspec.Struct):
    """The base of all shapes: unknown keys are ignored."""


class Fault(Shape):
    """An error, which comes with HTTP 200; ``exception`` changed its names in 4.5, ``errorcode`` did not."""

    errorcode: str = ""
    exception: str = ""
    message: str | None = ""


class Warn(Shape):
    """A warning beside a good answer."""

    item: str | None = ""
    itemid: int | None = None
    warningcode: str = ""
    message: str | None = ""


class Function(Shape):
    """A function that the service holds."""

    name: str


class Site(Shape):
    """core_webservice_get_site_info."""

    userid: int
    sitename: str = ""
    fullname: str | None = ""
    release: str = ""
    version: str = ""
    functions: list[Function] = []


class Course(Shape):
    """One course of core_course_get_courses_by_field."""

    id: int
    fullname: str = ""
    shortname: str = ""
    startdate: int | None = None
    enddate: int | None = None
    visible: bool | None = None
    enablecompletion: bool | None = None
    groupmode: int | None = None
    lang: str | None = None


class Courses(Shape):
    """core_course_get_courses_by_field."""

    courses: list[Course] = []
    warnings: list[Warn] = []


class ModuleDate(Shape):
    """A date shown beside an activity; ``dataid`` names it apart from the language."""

    timestamp: int | None = None
    dataid: str | None = None


class CourseModule(Shape):
    """An activity as it stands in a section; ``instance`` is its id within its own kind."""

    id: int
    name: str = ""
    modname: str = ""
    instance: int | None = None
    visible: bool | None = None
    completion: int | None = None
    url: str | None = None
    dates: list[ModuleDate] = []


class Section(Shape):
    """A section of core_course_get_contents; a sub-section names its activity by ``component`` and ``itemid``."""

    id: int
    name: str = ""
    section: int | None = None
    visible: bool | None = None
    component: str | None = None
    itemid: int | None = None
    modules: list[CourseModule] = []


class RoleName(Shape):
    """A role held in the course."""

    shortname: str = ""


class GroupName(Shape):
    """A group a user is in."""

    id: int
    name: str = ""


class User(Shape):
    """One row of core_enrol_get_enrolled_users; a missing key means that we may not know."""

    id: int
    fullname: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    idnumber: str | None = None
    lastcourseaccess: int | None = None
    roles: list[RoleName] | None = None
    groups: list[GroupName] | None = None
