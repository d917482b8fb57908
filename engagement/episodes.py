"""A stall's life: opened once, updated as facts change, ended when the learner moved again, with what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engagement.asof import as_of
from engagement.course import told_of
from engagement.facts import Cohort, Knowledge, Learner, Progress, StallKind
from engagement.moments import aware, day_of, end_of
from engagement.policy import Policy
from engagement.standing import expected_of, has_finished, visible_progress
from engagement.verdicts import Outcome, Reason, Stall

#: A better score by less than this is no progress.
BETTER = 0.05
#: A chance that moved by less than this is the same news.
SAME_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """An episode that has not ended, as the sweep needs it.

    ``since`` is when the learner had stopped moving, as the opening knew it. ``nudged_at`` is when the learner saw a
    nudge (else when it was sent), ``matched_at`` when a helper accepted, ``tutored_at`` when a tutor wrote or called,
    ``wrong_at`` when somebody said that this is not so.
    """

    id: int
    learner_id: int
    kind: StallKind
    opened_at: datetime
    activity_id: int | None = None
    since: datetime | None = None
    nudged_at: datetime | None = None
    matched_at: datetime | None = None
    tutored_at: datetime | None = None
    wrong_at: datetime | None = None
    probability: float = 0.0
    confidence: float = 0.0
    reasons: tuple[Reason, ...] = ()
    held_out: bool = False


@dataclass(frozen=True, slots=True)
class EpisodeUpdate:
    """What an open episode should say now."""

    episode_id: int
    stall: Stall


@dataclass(frozen=True, slots=True)
class Ending:
    """An episode's end: how, and when the learner moved (None where nobody moved)."""

    episode_id: int
    outcome: Outcome
    moved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EpisodeChanges:
    """What a sweep writes about episodes."""

    open: tuple[Stall, ...] = ()
    update: tuple[EpisodeUpdate, ...] = ()
    end: tuple[Ending, ...] = ()


def decide(
    open_episodes: Sequence[OpenEpisode], stalls: Sequence[Stall], cohort: Cohort, now: datetime, policy: Policy
) -> EpisodeChanges:
    """Decide which episodes open, change and end; ``stalls`` are those that the quiet rules let through.

    Nobody is said to have left because a roster came back empty. A learner whose episode ends now gets no new one in
    the same sweep. Raises ValueError for naive times.
    """
    past = as_of(cohort, now)
    learners = {learner.id: learner for learner in past.learners}
    by_learner = {stall.learner_id: stall for stall in stalls}
    ends: list[Ending] = []
    updates: list[EpisodeUpdate] = []
    for episode in sorted(open_episodes, key=lambda one: one.id):
        ending = _ending(episode, learners, past, now, policy)
        if ending is not None:
            ends.append(ending)
        elif (stall := by_learner.get(episode.learner_id)) is not None and _is_news(episode, stall):
            updates.append(EpisodeUpdate(episode.id, stall))
    taken = {episode.learner_id for episode in open_episodes}
    opened = tuple(
        stall
        for stall in stalls
        if stall.learner_id in learners and stall.learner_id not in taken and stall.kind is not StallKind.WAITING
    )
    return EpisodeChanges(opened, tuple(updates), tuple(ends))


def _ending(
    episode: OpenEpisode, learners: dict[int, Learner], cohort: Cohort, now: datetime, policy: Policy
) -> Ending | None:
    if episode.wrong_at is not None and aware(episode.wrong_at) <= now:
        return Ending(episode.id, Outcome.WRONG)
    learner = learners.get(episode.learner_id)
    if learner is None:
        return Ending(episode.id, Outcome.LEFT) if learners else None
    moved_at = moved(episode, learner, cohort, policy)
    moved_at = None if moved_at is None else min(moved_at, now)
    if Knowledge.PROGRESS in learner.known and has_finished(
        visible_progress(learner), expected_of(learner, cohort, told_of(cohort))
    ):
        return Ending(episode.id, Outcome.COMPLETED, moved_at)
    if moved_at is not None:
        return Ending(episode.id, _credit(episode, moved_at, cohort.time_zone), moved_at)
    if cohort.ends_on is not None and day_of(now, cohort.time_zone) > cohort.ends_on:
        return Ending(episode.id, Outcome.COURSE_OVER)
    return None


def moved(episode: OpenEpisode, learner: Learner, cohort: Cohort, policy: Policy) -> datetime | None:
    """When the learner moved again after the episode opened, or None.

    Any proven activity is movement, except for somebody stuck: that takes progress (handed in, passed, a better score,
    something else completed), or two more active days where the episode had opened in silence. Facts after ``now`` must
    have been taken off the cohort before (see ``as_of``).
    """
    opened_at = aware(episode.opened_at)
    steps = _steps(episode, learner, cohort)
    if episode.kind is StallKind.STUCK:
        silent = episode.since is not None and opened_at - episode.since >= timedelta(days=policy.silent_days)
        days = _days_after(learner, opened_at, cohort.time_zone)
        if silent and len(days) >= 2:
            steps.append(_moment_of(days[1], learner, cohort.time_zone, opened_at))
        return min(steps, default=None)
    tries = [one.at for entry in visible_progress(learner).values() for one in entry.attempts if one.at > opened_at]
    days = _days_after(learner, opened_at, cohort.time_zone)
    steps += tries + [_moment_of(day, learner, cohort.time_zone, opened_at) for day in days[:1]]
    if learner.last_seen_at is not None and learner.last_seen_at > opened_at:
        steps.append(learner.last_seen_at)
    return min(steps, default=None)


def _steps(episode: OpenEpisode, learner: Learner, cohort: Cohort) -> list[datetime]:
    """Times of real progress after the opening: handed in, completed, passed, or better at the sticking place."""
    marked = {activity.id for activity in cohort.activities if activity.tutor_marked}
    found: list[datetime] = []
    for activity_id, entry in visible_progress(learner).items():
        found += [one.at for one in entry.attempts if one.passed and one.at > episode.opened_at]
        if entry.submitted_at is not None and entry.submitted_at > episode.opened_at and not entry.attempts:
            found.append(entry.submitted_at)
        # Moodle dates a failure as a completion, and a tutor's mark is not the learner's doing.
        if entry.completed_at is not None and entry.state.is_done and activity_id not in marked:
            found += [entry.completed_at] if entry.completed_at > episode.opened_at else []
        if activity_id == episode.activity_id:
            found += _better_tries(entry, episode.opened_at)
    return found


def _better_tries(entry: Progress, opened_at: datetime) -> list[datetime]:
    before = [one.score for one in entry.attempts if one.at <= opened_at and one.score is not None]
    after = [one for one in entry.attempts if one.at > opened_at and one.score is not None]
    if not before:
        return []
    return [one.at for one in after if one.score is not None and one.score >= max(before) + BETTER]


def _days_after(learner: Learner, opened_at: datetime, time_zone: str) -> list[date]:
    opened_on = day_of(opened_at, time_zone)
    days = {day for day in learner.active_days if day > opened_on}
    for entry in visible_progress(learner).values():
        days |= {on for one in entry.attempts if (on := day_of(one.at, time_zone)) > opened_on}
    if learner.last_seen_at is not None and (seen_on := day_of(learner.last_seen_at, time_zone)) > opened_on:
        days.add(seen_on)
    return sorted(days)


def _moment_of(day: date, learner: Learner, time_zone: str, opened_at: datetime) -> datetime:
    """The last moment known of an active day: its end, unless the last visit was on it."""
    seen = learner.last_seen_at
    if seen is not None and seen > opened_at and day_of(seen, time_zone) == day:
        return seen
    return end_of(day, time_zone)


def _credit(episode: OpenEpisode, moved_at: datetime, time_zone: str) -> Outcome:
    """The strongest thing that came before the movement: a match, then a tutor's word, then a nudge."""
    for at, outcome in (
        (episode.matched_at, Outcome.AFTER_MATCH),
        (episode.tutored_at, Outcome.AFTER_TUTOR),
        (episode.nudged_at, Outcome.AFTER_NUDGE),
    ):
        if at is not None and aware(at) <= moved_at:
            return outcome
    return Outcome.CAME_BACK


def _is_news(episode: OpenEpisode, stall: Stall) -> bool:
    if stall.kind is not episode.kind and stall.confidence < episode.confidence:
        return False
    if (stall.kind, stall.activity_id) != (episode.kind, episode.activity_id):
        return True
    if abs(stall.probability - episode.probability) >= SAME_CHANCE:
        return True
    return {(one.code, *sorted(one.facts.items(), key=str)) for one in stall.reasons} != {
        (one.code, *sorted(one.facts.items(), key=str)) for one in episode.reasons
    }
