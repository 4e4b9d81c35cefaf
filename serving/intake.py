"""What a client has sent of one request, and whether that is all of it.

It reads no more of HTTP than where a request ends; what it means, and whether it is well formed,
gunicorn says as ever.
"""

import re

HEAD_MOST = 64 * 1024
# A body of chunks is longer than what is in them.
FRAMING_MOST = 64 * 1024

_LENGTH = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_DIGITS = re.compile(rb"\d{1,18}")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?", re.DOTALL)


class Intake:
    """One request as it comes in; `data` may hold the beginning of the next."""

    def __init__(self, began: float, body_most: int) -> None:
        """Begin at a moment; a body that is larger is not waited for."""
        self.began = began
        self.data = bytearray()
        # Its body is not waited for: what else comes belongs to it still.
        self.is_cut = False
        self._body_most = body_most
        self._searched = 0
        self._end: int | None = None  # where the request ends, once it is known
        self._chunk_at: int | None = None  # where the next chunk begins, if there are chunks
        self._has_head = False
        self._wants_leave = False

    @property
    def is_too_long(self) -> bool:
        """Whether there is still no end of its head."""
        return not self._has_head and len(self.data) > HEAD_MOST

    def wants_leave(self) -> bool:
        """Whether it waits for leave to send its body (RFC 9110, 10.1.1); it is given once."""
        wanted, self._wants_leave = self._wants_leave, False
        return wanted

    def add(self, data: bytes) -> bool:
        """Whether, with what has come now, a thread can do what is to be done."""
        self.data += data
        if not self._has_head and not self._find_head():
            return False
        if self._chunk_at is not None:
            self._walk(self._chunk_at)
        if self._end is not None:
            return len(self.data) >= self._end
        if len(self.data) > self._body_most + FRAMING_MOST:
            self.is_cut = True
        return self.is_cut

    def _find_head(self) -> bool:
        end = self.data.find(b"\r\n\r\n", max(0, self._searched - 3))
        self._searched, self._has_head = len(self.data), end >= 0
        if self._has_head:
            self._read_head(bytes(self.data[: end + 2]), end + 4)
        return self._has_head

    def _read_head(self, head: bytes, body_at: int) -> None:
        lengths, codings = _LENGTH.findall(head), _CODING.findall(head)
        self._end = body_at
        if codings and not lengths and codings[0].strip().lower() == b"chunked":
            self._end, self._chunk_at = None, body_at
        elif len(lengths) == 1 and not codings and _DIGITS.fullmatch(lengths[0].strip()):
            length = int(lengths[0])
            self.is_cut = length > self._body_most
            self._end = body_at if self.is_cut else body_at + length
        has_body = self._end is None or self._end > body_at
        if has_body and (expects := _EXPECTS.search(head)):
            # It is answered here, and not a second time by who reads the request.
            self._wants_leave = True
            gone = expects.end() - expects.start()
            del self.data[expects.start() : expects.end()]
            self._end = None if self._end is None else self._end - gone
            self._chunk_at = None if self._chunk_at is None else self._chunk_at - gone

    def _walk(self, at: int) -> None:
        """Go from chunk to chunk as far as they have come (RFC 9112, section 7.1)."""
        while (line_end := self.data.find(b"\r\n", at)) >= 0:
            size = _CHUNK.fullmatch(self.data, at, line_end)
            if size is None:
                self._end, self.is_cut = 0, True  # it is none, which others say
                break
            if int(size[1], 16) == 0:
                self._end = self._find_end(line_end)
                break
            at = line_end + 2 + int(size[1], 16) + 2
        self._chunk_at = at

    def _find_end(self, line_end: int) -> int | None:
        # The last chunk is followed by fields, of which there are most often none.
        end = self.data.find(b"\r\n\r\n", line_end)
        return end + 4 if end >= 0 else None
