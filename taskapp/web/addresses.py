"""The addresses of pages, each put together once: a page names a hundred, mostly the same."""

from functools import lru_cache
from typing import Any

import flask

# As many are remembered.
ADDRESSES_KEPT = 4096


def url_for(endpoint: str, **values: Any) -> str:
    """As Flask's, within this site."""
    # A proxy may have put the site below a path.
    return _url_for(flask.request.root_path, endpoint, **values)


@lru_cache(maxsize=ADDRESSES_KEPT, typed=True)
def _url_for(_root: str, endpoint: str, **values: Any) -> str:
    return flask.url_for(endpoint, **values)
