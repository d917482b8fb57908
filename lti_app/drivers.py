"""The connections of the driver (driver.py), which rest between launches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from lti_app.driver import Driver

RESTED_SECONDS = 2.0


class Drivers:
    """As many connections as launches were under way at once, kept apart from those of the engine's own pool.

    The pool would ask, count and tidy up at each turn, and turn PostgreSQL's transactions off and on again.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Taking from a list's end and laying there is one step for threads.
        self._resting: list[Driver] = []

    @contextmanager
    def open(self) -> Iterator[Driver]:
        """Open a driver; raises SQLAlchemy's OperationalError, also where its connection alone may be at fault."""
        driver, errors = self._woken() or self._made(), self._engine.dialect.loaded_dbapi
        try:
            yield driver
        except errors.IntegrityError:
            # Somebody else was faster; the connection is as good as before.
            self._lay_down(driver)
            raise
        except errors.Error as e:
            # Its statements are always the same, so what the database refuses now it takes from a new connection, which
            # has not forgotten what it was told, nor made plans for columns that are others since.
            if self._engine.dialect.is_disconnect(e, driver.connection, None):
                # Whoever dropped this one has dropped those that rest, too: whoever asks again gets a new one.
                self.close()
                self._engine.dispose()
            driver.connection.close()
            raise OperationalError(None, None, e) from e
        except Exception:
            self._lay_down(driver)
            raise
        except BaseException:
            # Ended from outside, perhaps in the middle of a word.
            driver.connection.close()
            raise
        self._lay_down(driver)

    def close(self) -> None:
        """Close all that rest."""
        resting, self._resting = self._resting, []
        for driver in resting:
            driver.connection.close()

    def _lay_down(self, driver: Driver) -> None:
        driver.rests_since = time.monotonic()
        self._resting.append(driver)

    def _woken(self) -> Driver | None:
        """Return one that rested; before each use it would cost as much as a query to ask whether it still lives."""
        while True:
            try:
                driver = self._resting.pop()
            except IndexError:
                return None
            if time.monotonic() - driver.rests_since < RESTED_SECONDS or self._lives(driver):
                return driver
            driver.connection.close()

    def _lives(self, driver: Driver) -> bool:
        try:
            return bool(self._engine.dialect.do_ping(driver.connection))
        except self._engine.dialect.loaded_dbapi.Error:
            return False

    def _made(self) -> Driver:
        pooled = self._engine.raw_connection()
        made: Any = pooled.driver_connection
        # The pool counts it no longer: it is ours to close.
        pooled.detach()
        if self._engine.dialect.name != "postgresql":
            return Driver(made, made.cursor(), self._engine.dialect)
        made.autocommit = True
        # Every statement here finds its rows by their keys: there is nothing to plan anew for other values.
        made.execute("SET plan_cache_mode = force_generic_plan")
        cursor: Any = psycopg.RawCursor(made)
        # psycopg sends a number as small as it fits, and PostgreSQL plans anew for each mixture of sizes.
        cursor.adapters.register_dumper(int, Int8Dumper)
        return Driver(made, cursor, self._engine.dialect)
