"""Clear away files that nothing leads to: drafts that no form came for, and bytes without a row."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete

from lti_app.house import House
from lti_app.models import Upload
from lti_app.store.uploads import DRAFTS_LIVE, known_keys, orphans
from lti_app.uploads import FOLDERS, shelf_of


def clear_uploads(house: House, now: datetime) -> int:
    """Take away what is older than a day and belongs to nothing; each tick also looks through one folder of the shelf.

    Rows first: a crash between the two leaves bytes that a later look at their folder finds. All folders have their
    turn within hours, whatever the pace of ticks.
    """
    shelf = shelf_of(house.settings)
    with house.db.reading() as session:
        lost = orphans(session, now)
    if lost:
        with house.db.writing() as session:
            session.execute(delete(Upload).where(Upload.id.in_([number for number, _key in lost])))
        for _number, key in lost:
            shelf.remove(key)
    machine = datetime.now(UTC)
    turn = int(machine.timestamp() // max(1, house.settings.tick_seconds)) % FOLDERS
    old = dict(shelf.lying_in(turn, (machine - DRAFTS_LIVE).timestamp()))
    with house.db.reading() as session:
        known = known_keys(session, list(old)[:500])
    strays = [path for key, path in list(old.items())[:500] if key not in known]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(lost) + len(strays)
