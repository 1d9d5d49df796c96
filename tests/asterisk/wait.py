"""Waiting for conditions, with limits that only a fault reaches."""
import time

LIMIT = 120


class Failed(Exception):
    pass


def until(what, condition, limit=None):
    """Asks until the condition answers something true, and answers that. The condition may answer (bool, what was seen)."""
    end = time.monotonic() + (limit or LIMIT)
    seen, pause = None, 0.001
    while True:
        answer = condition()
        good, seen = answer if isinstance(answer, tuple) and isinstance(answer[0], bool) else (answer, answer)
        if good:
            return seen
        if time.monotonic() > end:
            raise Failed(f"waited in vain: {what}; last seen: {seen!r}")
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def equal(what, seen, wanted):
    if seen != wanted:
        raise Failed(f"{what}: {seen!r} instead of {wanted!r}")
