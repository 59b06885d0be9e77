"""Pictures for the page: made in worker threads, kept on disk outside the recording, within a bound.

The cache stands in the user's cache folder and not in the recording, which may be read-only, shared or under version
control. It is one SQLite file per set of samples: a million pictures would be a million files otherwise. It is never
needed: whatever goes wrong with it costs time only.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from pathlib import Path

from PIL import Image

from bathyscope.errors import MediaError
from bathyscope.recording import Recording
from bathyscope.recording.media import decode, thumbnail
from bathyscope.workbench.folders import user_folder

log = logging.getLogger(__name__)

SIZES = (16, 1024)
MAX_BYTES = 256 << 20
ORIGINAL_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
"""Encodings that every browser shows; by their first bytes, for names can lie. Others are sent as WebP."""

WEBP_SIDE = 16_383
"""WebP knows no longer side."""


class Thumbnails:
    """Thumbnails of one recording.

    Parameters
    ----------
    recording : where the pictures are
    reading : held while its files are read
    identity : changes whenever any picture does; fit for a file name
    folder : where the cache stands; the user's cache folder unless given
    max_bytes : what is kept at most; the oldest goes first
    """

    def __init__(
        self,
        recording: Recording,
        reading: threading.RLock,
        identity: str,
        *,
        folder: Path | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._recording = recording
        self._reading = reading
        self._identity = identity
        self._cache = _Cache((folder or cache_folder()) / f"{identity}.sqlite", max_bytes)

    def tag(self, sample_index: int, size: int | None) -> str:
        """ETag of a picture."""
        return f'"{self._identity}-{sample_index}-{size or 0}"'

    def thumbnail(self, sample_index: int, size: int) -> bytes:
        """WebP within a square of `size` pixels.

        Raises
        ------
        MediaError, UnknownSampleError
            With the reason why there is no picture.
        """
        stored = self._cache.get(sample_index, size)
        if stored is not None:
            return stored
        content = thumbnail(self._picture(sample_index)[1], size)
        self._cache.put(sample_index, size, content)
        return content

    def original(self, sample_index: int) -> tuple[bytes, str]:
        """The picture as recorded and its media type; as WebP where browsers do not know the encoding."""
        content, picture = self._picture(sample_index)
        for beginning, media_type in ORIGINAL_TYPES.items():
            if content.startswith(beginning):
                return content, media_type
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return content, "image/webp"
        return thumbnail(picture, None if max(picture.size) <= WEBP_SIDE else WEBP_SIDE), "image/webp"

    def close(self) -> None:
        """Let go of the cache file."""
        self._cache.close()

    def _picture(self, sample_index: int) -> tuple[bytes, Image.Image]:
        with self._reading:
            content = self._recording.media(sample_index).content
        try:
            return content or b"", decode(content, f"sample {sample_index}")
        except MediaError:
            with self._reading:
                self._recording.image(sample_index)  # fails the same way, and names the sample by its id
            raise


class _Cache:
    """Bytes by (sample, size) in a SQLite file."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._lock = threading.Lock()
        self._max_bytes = max_bytes
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _open(path)
        except (OSError, sqlite3.Error) as error:
            log.info("Thumbnails are not cached in %s: %s", path, error)
            return
        self._bytes = self._total()

    def get(self, sample_index: int, size: int) -> bytes | None:
        with self._lock:
            if self._connection is None:
                return None
            try:
                row = self._connection.execute(
                    "SELECT content FROM thumbnails WHERE sample_index = ? AND size = ?", (sample_index, size)
                ).fetchone()
            except sqlite3.Error as error:
                self._give_up(error)
                return None
            return None if row is None else bytes(row[0])

    def put(self, sample_index: int, size: int, content: bytes) -> None:
        with self._lock:
            if self._connection is None:
                return
            try:
                row = (sample_index, size, time.time_ns(), content)
                self._connection.execute("INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?)", row)
                self._bytes += len(content)
                if self._bytes > self._max_bytes:
                    self._shrink()
            except sqlite3.Error as error:
                self._give_up(error)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _shrink(self) -> None:
        """Remove the oldest until a quarter is free, so that this happens seldom."""
        assert self._connection is not None
        self._connection.execute(
            "DELETE FROM thumbnails WHERE rowid IN (SELECT rowid FROM (SELECT rowid, "
            "sum(length(content)) OVER (ORDER BY made_at DESC, rowid DESC) AS kept FROM thumbnails) WHERE kept > ?)",
            (self._max_bytes * 3 // 4,),
        )
        self._bytes = self._total()

    def _total(self) -> int:
        if self._connection is None:
            return 0
        total: int = self._connection.execute("SELECT coalesce(sum(length(content)), 0) FROM thumbnails").fetchone()[0]
        return total

    def _give_up(self, error: sqlite3.Error) -> None:
        log.info("Thumbnails are no longer cached: %s", error)
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def cache_folder() -> Path:
    """Where this user's programs keep what can be made again; BATHYSCOPE_CACHE overrides it."""
    return user_folder("BATHYSCOPE_CACHE", "thumbnails", mac="Caches", linux=("XDG_CACHE_HOME", ".cache"))


def _open(path: Path) -> sqlite3.Connection:
    """A damaged file is thrown away: everything in it can be made again."""
    for attempt in (1, 2):
        connection = sqlite3.connect(path, timeout=2, isolation_level=None, check_same_thread=False)
        try:
            # Losing the last thumbnails in a power cut is fine; waiting for the disk at each one is not.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS thumbnails (sample_index INTEGER, size INTEGER, made_at INTEGER, "
                "content BLOB, PRIMARY KEY (sample_index, size))"
            )
        except sqlite3.DatabaseError as error:
            connection.close()
            if attempt == 2 or isinstance(error, sqlite3.OperationalError):  # in use by another server, or no room
                raise
            for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                name.unlink(missing_ok=True)
        else:
            return connection
    raise AssertionError("unreachable")
