"""How a report stands on disk: one HTML file that opens by itself, or a folder for any static server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from bathyscope.errors import RecordingExistsError, ReportError, StorageError
from bathyscope.recording.files import discard
from bathyscope.workbench.columns import stream
from bathyscope.workbench.replies import finite

Mode = Literal["single", "folder"]

MARK = 'id="bathyscope-report"'
"""Stands in the document of every report: the page finds its data by it, and we know what may be replaced."""

LAZY = re.compile(r"([a-z]+)-[A-Za-z0-9_-]{8}\.js")
"""Name of a built file that is fetched when it is first needed; what stands before the dash is its name on the page."""

CAPS: dict[Mode, int] = {"single": 25_000_000, "folder": 150_000_000}
"""What a mail server still takes, and what a static host still takes, in bytes."""

INDEX_LINE = 16
"""Bytes that a picture costs in the index, at most."""


@dataclass(frozen=True)
class Pages:
    """The built page, taken apart: what a report needs of its files."""

    theme: str
    module: str
    style: str
    icon: bytes
    lazy: dict[str, str] = field(default_factory=dict)
    """File name → code that runs only on a page that needs it: the chart library, the reader of markdown."""

    @classmethod
    def read(cls, folder: Path) -> Pages:
        """Read the files that the built index.html names."""
        index = folder / "index.html"
        if not index.is_file():
            raise ReportError(
                "The workbench's page was never built into this installation, and a report is that page with its data. "
                "From a checkout, run: make page. Otherwise reinstall: pip install --force-reinstall bathyscope"
            )
        html = index.read_text(encoding="utf-8")

        def named(pattern: str) -> Path:
            found = re.search(pattern, html)
            if found is None:
                raise ReportError(f"{index} is not the page of this version. Build it again: make page.")
            return folder / found[1].removeprefix("./")

        module = folder / "report.js"
        if not module.is_file():
            raise ReportError(f"{module} is not there. Build the page again: make page.")
        assets = named(r'<script type="module"[^>]* src="([^"]+)"').parent
        return cls(
            theme=_text(named(r'<script src="([^"]+)"')),
            module=_text(module),
            style=_text(named(r'<link rel="stylesheet"[^>]* href="([^"]+)"')),
            icon=named(r'<link rel="icon"[^>]* href="([^"]+)"').read_bytes(),
            lazy={
                file.name: _text(file)
                for file in sorted(assets.glob("*.js"))
                if LAZY.fullmatch(file.name) and not file.name.startswith("index-")
            },
        )

    def n_bytes(self, mode: Mode) -> int:
        """Size within a report, a little more rather than less."""
        lazy = [_packed(text) if mode == "single" else text for text in self.lazy.values()]
        texts = (self.theme, self.module, self.style, *lazy)
        return sum(len(text.encode()) for text in texts) + 2 * len(self.icon)


class Blocks:
    """What a report carries, encoded as it will stand on disk and counted against a limit.

    Parameters
    ----------
    mode : decides the encoding
    max_bytes : of everything that is added
    """

    def __init__(self, mode: Mode, max_bytes: int) -> None:
        self.mode = mode
        self.left = max_bytes
        self.tables: dict[str, int] = {}
        self.contents: list[bytes] = []
        self.pictures: dict[int, bytes] = {}

    def add(self, tables: Mapping[str, pa.Table], *, limit: int | None = None, also: int = 0) -> bool:
        """Add tables under the names by which the page asks for them, all or none; false if they do not fit.

        `also` counts bytes of the manifest that come with them.
        """
        room = self.left if limit is None else min(limit, self.left)
        encoded: dict[str, bytes] = {}
        for name, table in tables.items():
            encoded[name] = self._encode(table)
            # around each stands an element or a file name, and its entry in the manifest
            also += len(encoded[name]) + len(json.dumps(name)) + 100
            if also > room:
                return False
        self.left -= also
        for name, content in encoded.items():
            self.tables[name] = len(self.contents)
            self.contents.append(content)
        return True

    def add_picture(self, sample_index: int, content: bytes) -> bool:
        """Add an encoded picture; false if it does not fit."""
        # Each is encoded by itself: what is cut out of the long text of all of them is then a picture as it stands.
        encoded = base64.b64encode(content) if self.mode == "single" else content
        cost = len(encoded) + INDEX_LINE
        if cost > self.left:
            return False
        self.left -= cost
        self.pictures[sample_index] = encoded
        return True

    def _encode(self, table: pa.Table) -> bytes:
        raw = b"".join(stream(table))
        return base64.b64encode(zlib.compress(raw, 6)) if self.mode == "single" else raw


def write_single(path: Path, pages: Pages, manifest: dict[str, Any], blocks: Blocks) -> int:
    """One HTML file; returns its size in bytes."""
    content = single_file(pages, manifest, blocks)
    unfinished = path.with_name(path.name + ".part")
    with _writing(path, unfinished):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(path)
    return len(content)


def single_file(pages: Pages, manifest: dict[str, Any], blocks: Blocks) -> bytes:
    """The page with its code, style and data inside, and a policy that lets nothing in from outside."""
    theme, module, style = _script(pages.theme), _script(pages.module), pages.style.replace("</style", "<\\/style")
    # A lazy file waits as data; the page hands its text to the browser when it is needed, which lets exactly it run.
    allowed = " ".join(map(_hash, (theme, module, *pages.lazy.values())))
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    icon = "data:image/svg+xml;base64," + base64.b64encode(pages.icon).decode()
    pieces = [
        _head(policy, manifest, icon).encode(),
        f"<style>{style}</style>\n<script>{theme}</script>\n</head>\n".encode(),
        _body(manifest).encode(),
    ]
    for number, content in enumerate(blocks.contents):
        pieces += [b'<script type="text/x-base64" data-block="%d">' % number, content, b"</script>\n"]
    if blocks.pictures:
        pieces += [b'<script type="text/x-base64" data-block="pictures">', *_in_order(blocks), b"</script>\n"]
    for name, text in pages.lazy.items():
        block = f'<script type="text/x-base64" data-code="{_lazy_name(name)}">{_packed(text)}</script>\n'
        pieces.append(block.encode())
    return b"".join([*pieces, f'<script type="module">{module}</script>\n</body>\n</html>\n'.encode()])


def write_folder(path: Path, pages: Pages, manifest: dict[str, Any], blocks: Blocks) -> int:
    """index.html, assets/, data/ and media/; returns their size in bytes."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    )
    index = (
        _head(policy, manifest, "assets/mark.svg")
        + '<link rel="stylesheet" href="assets/page.css">\n<script src="assets/theme.js"></script>\n</head>\n'
        + _body(manifest)
        + '<script type="module" src="assets/page.js"></script>\n</body>\n</html>\n'
    )
    files = {
        "index.html": index.encode(),
        "assets/mark.svg": pages.icon,
        "assets/page.css": pages.style.encode(),
        "assets/page.js": pages.module.encode(),
        "assets/theme.js": pages.theme.encode(),
        **{f"assets/{name}": text.encode() for name, text in pages.lazy.items()},
        **{f"data/{number}.arrow": content for number, content in enumerate(blocks.contents)},
        **{f"media/{index // 1000}/{index}.webp": content for index, content in sorted(blocks.pictures.items())},
    }
    unfinished = path.with_name(path.name + ".part")
    discard(unfinished)
    with _writing(path, unfinished):
        for name, content in files.items():
            (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
            (unfinished / name).write_bytes(content)
        if path.exists():
            discard(path)
        unfinished.replace(path)
    return sum(map(len, files.values()))


def manifest_json(manifest: Any) -> str:
    """JSON that can stand inside a script element: no "<" ends it, no separator breaks it."""
    text = json.dumps(finite(manifest), sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def picture_index(blocks: Blocks) -> pa.Table:
    """Which samples have a picture, and how many characters of the common text each takes."""
    order = sorted(blocks.pictures)
    return pa.table(
        {
            "sample": pa.array(order, pa.int32()),
            "length": pa.array([len(blocks.pictures[index]) for index in order], pa.int32()),
        }
    )


def _in_order(blocks: Blocks) -> list[bytes]:
    return [blocks.pictures[index] for index in sorted(blocks.pictures)]


def _head(policy: str, manifest: dict[str, Any], icon: str) -> str:
    title = escape(str(manifest["recording"]["name"]).encode("utf-8", "replace").decode())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<title>{title} · Bathyscope</title>\n<link rel="icon" type="image/svg+xml" href="{icon}">\n'
    )


def _body(manifest: dict[str, Any]) -> str:
    # Browsers run no module from disk. The page replaces these words as soon as it runs.
    opening = (
        ""
        if manifest["form"] == "single"
        else (
            "Opening the report. If nothing else appears, this folder was opened from disk: put it on any web server, "
            "or export the report as one .html file."
        )
    )
    return (
        f'<body>\n<div id="page">{opening}</div>\n'
        "<noscript>Bathyscope draws this report with JavaScript, which is switched off here.</noscript>\n"
        f'<script type="application/json" {MARK}>{manifest_json(manifest)}</script>\n'
    )


def _script(text: str) -> str:
    """Code that can stand inside a script element. Both sequences occur in strings and patterns only."""
    return re.sub("<(?=!--|/script)", r"\\x3c", text, flags=re.IGNORECASE)


def _packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def _lazy_name(file: str) -> str:
    return file[: -len("-12345678.js")]


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(path: Path) -> str:
    # A browser hashes what its parser saw, and that turns every line end into a line feed.
    return path.read_text(encoding="utf-8").replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def _writing(path: Path, unfinished: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            error.errno,
            f"Could not write {path}: {error.strerror or error}. Nothing was left half written. "
            "Free some space or give another place.",
        ) from error
    finally:
        discard(unfinished)


def check_free(path: Path, *, folder: bool) -> None:
    """Only an earlier report may be replaced, and an empty folder by a folder.

    Raises
    ------
    RecordingExistsError
    """
    if not path.exists() or (folder and path.is_dir() and not any(path.iterdir())):
        return
    index = path / "index.html" if folder else path
    if not index.is_file() or MARK not in index.read_text(encoding="utf-8", errors="replace"):
        raise RecordingExistsError(
            f"{path} exists and is not a report of Bathyscope, so it was not touched. Give another place, or remove it."
        )
