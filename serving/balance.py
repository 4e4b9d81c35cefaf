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
