"""How many connections each worker has, for all of them to see.

Workers take new connections from one queue, and whoever runs at the moment takes all that is in it:
of sixteen clients that come at once, sixteen may stay with one worker while the others have nothing
to do. So whoever has more than another leaves the next one to it for a moment.
"""

import mmap
from array import array

# Of workers at once, with those that a reload has told to end.
MOST = 512
# What stands where there is no worker, and where one takes nobody yet, or no more.
FREE, STARTING, ENDING = -1, 2**31 - 2, 2**31 - 1
# How long a new connection is left to a worker with fewer of them.
LEAVE_SECONDS = 0.002
# How often, at most, a client is asked to connect anew, and by how many connections its worker is
# ahead of another then: of those that a new worker finds, most stay with an old one for long.
MOVE_SECONDS = 0.05
LEAD = 2


class Board:
    """A number for each worker, in memory that the master and all workers share."""

    def __init__(self) -> None:
        """Begin without workers; to be made before the first of them is."""
        empty = array("i", [FREE] * MOST)
        self._counts = memoryview(mmap.mmap(-1, len(empty) * empty.itemsize)).cast("i")
        self._counts[:] = empty

    def take(self) -> int:
        """A place for a worker to be, given by the master, which is alone in giving them."""
        place = self._counts.tolist().index(FREE)
        self._counts[place] = STARTING
        return place

    def leave(self, place: int) -> None:
        """Give the place of a worker that has ended to the next."""
        self._counts[place] = FREE

    def say(self, place: int, count: int) -> None:
        """How many connections a worker has."""
        self._counts[place] = count

    def least(self) -> int:
        """How many the worker has that has the fewest."""
        return min(count for count in self._counts.tolist() if count != FREE)

    def is_ending(self) -> bool:
        """Whether no worker takes connections any more, and none begins to."""
        return all(count in (FREE, ENDING) for count in self._counts.tolist())


class Share:
    """What one worker makes of it: whom it leaves to others, and whom it asks to go to them.

    Instants are those of `time.monotonic()`, in seconds.
    """

    def __init__(self, board: Board) -> None:
        """Begin without connections."""
        self._board = board
        self._left_until = 0.0
        self._moved_at = 0.0

    def leaves(self, count: int, now: float) -> bool:
        """Whether who has just come is left to others for a moment, by a worker with so many.

        Nobody is left twice in a row: who is still there after that moment is taken.
        """
        has_waited = 0 <= now - self._left_until < LEAVE_SECONDS
        if not has_waited and count > self._board.least():
            self._left_until = now + LEAVE_SECONDS
            return True
        self._left_until = 0.0
        return False

    def leaves_for(self, now: float) -> float:
        """For how many seconds yet new connections are left to others; 0 if they are not."""
        return max(self._left_until - now, 0.0)

    def moves(self, count: int, now: float) -> bool:
        """Whether a client of a worker with so many is to come again, to one that has fewer."""
        if now - self._moved_at < MOVE_SECONDS:
            return False
        self._moved_at = now
        return count > self._board.least() + LEAD
