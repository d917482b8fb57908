"""What the index of words costs in a course of 2,000 threads and 50,000 posts: `python -m benchmarks.words [URL]`.

Words are drawn as people use them (Zipf's law over 20,000), so that some are in nearly every thread and most in few.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from itertools import accumulate
from pathlib import Path

from sqlalchemy import func, insert, select

from lti_app.db import Database
from lti_app.migrations import upgrade
from lti_app.models import Post, Thread, WordUse
from lti_app.store import ask, words_index
from lti_app.store.ask_rows import Viewer
from tests.sweep.course import NOW, build

THREADS, POSTS, VOCABULARY = 2_000, 50_000, 20_000
TITLE_WORDS, POST_WORDS = 8, 40
ROUNDS = 60


class Mouth:
    """Says words as people do, the same at each run."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        letters = "abcdefghilmnoprstuvz"
        self.words = ["".join(self.random.choices(letters, k=self.random.randint(4, 11))) for _ in range(VOCABULARY)]
        self.weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))

    def say(self, words: int) -> str:
        """Return so many words."""
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=words))


def fill(db: Database, mouth: Mouth) -> int:
    """Write the course and return its id."""
    with db.writing() as session:
        course = build(session)
        about = {"context_id": course.context, "kind": "ask", "author_id": course.ada}
        rows = [
            about | {"title": mouth.say(TITLE_WORDS), "created_at": NOW, "moved_at": NOW, "anonymous": False}
            for _ in range(THREADS)
        ]
        session.execute(insert(Thread), rows)
        ids = session.scalars(select(Thread.id)).all()
        said = {"author_id": course.ada, "created_at": NOW, "voice": "member", "anonymous": False}
        for _ in range(POSTS // 5_000):
            posts = [
                said | {"thread_id": mouth.random.choice(ids), "body": mouth.say(POST_WORDS)} for _ in range(5_000)
            ]
            session.execute(insert(Post), posts)
        return course.context


def asked(db: Database, context_id: int, mouth: Mouth, words: int) -> tuple[float, float]:
    """Return the median milliseconds, wall and CPU, of one search for similar questions of so many words."""
    walls, cpus = [], []
    for _ in range(ROUNDS):
        text = mouth.say(words)
        with db.reading() as session:
            wall, cpu = time.perf_counter(), time.process_time()
            ask.similar(session, Viewer(context_id, 1), text)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
    return statistics.median(walls) * 1000, statistics.median(cpus) * 1000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'words.sqlite3'}"
        db, mouth = Database(url), Mouth(7)
        upgrade(db)
        context_id = fill(db, mouth)
        cpu = time.process_time()
        done = 0
        while True:
            with db.writing() as session:
                changed = words_index.index_changed(session, NOW)
            done += changed
            if not changed:
                break
        print(f"indexed {done} threads: {(time.process_time() - cpu) / done * 1000:.1f} ms of CPU each")
        with db.reading() as session:
            rows = session.scalar(select(func.count()).select_from(WordUse))
            ids = session.scalars(select(Thread.id).limit(20)).all()
        print(f"rows: {rows}")
        cpu = time.process_time()
        with db.writing() as session:
            for thread_id in ids:
                words_index.add_words(session, thread_id, mouth.say(POST_WORDS))
        print(f"one more post: {(time.process_time() - cpu) / len(ids) * 1000:.1f} ms of CPU")
        for words in (2, 8, 30):
            wall, cpu_ms = asked(db, context_id, mouth, words)
            print(f"similar to {words} words: {wall:.1f} ms, of which {cpu_ms:.1f} ms of CPU here")
        db.close()


if __name__ == "__main__":
    main()
