"""Reach the hub of pretrained weights without waiting for a network that is not there."""

import os
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_PATIENCE = 3.0  # seconds for one connection; the hub's own client tries for a minute
_SWITCH = threading.RLock()


@contextmanager
def impatient_hub() -> Iterator[None]:
    """Within this block the hub's client uses what it has on disk if it cannot be reached."""
    try:
        from huggingface_hub import constants
    except ImportError:  # a timm without it loads from elsewhere, or says so
        yield
        return
    if constants.HF_HUB_OFFLINE or hub_answers(constants.ENDPOINT):
        yield
        return
    with _SWITCH:
        constants.HF_HUB_OFFLINE = True
        try:
            yield
        finally:
            constants.HF_HUB_OFFLINE = False


def hub_answers(endpoint: str) -> bool:
    """Tell whether a connection to the hub can be opened; a proxy is trusted to open it."""
    place = urlsplit(endpoint)
    if urllib.request.getproxies().get(place.scheme) or os.environ.get("ALL_PROXY"):
        return True
    port = place.port or (80 if place.scheme == "http" else 443)
    try:
        with socket.create_connection((place.hostname or "", port), timeout=_PATIENCE):
            return True
    except OSError:
        return False
