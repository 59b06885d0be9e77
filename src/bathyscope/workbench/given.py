"""What a hub was given, on its way to a recording."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import pyarrow as pa

from bathyscope.errors import ParameterError
from bathyscope.recording import Recording
from bathyscope.workbench import kept
from bathyscope.workbench.meanings import Asked, meaning_of
from bathyscope.workbench.table_recording import OnDuplicate, take_apart, write_recording
from bathyscope.workbench.tables import check_file, read_table


class Taken(NamedTuple):
    """Where the recording of a table stands, and how the table was understood."""

    folder: Path
    roles: dict[str, str]
    guessed: list[str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """Data and everything that was said about them; see `Hub`."""

    data: Any
    asked: Asked
    classes: tuple[str, ...] | None
    on_duplicate_id: OnDuplicate
    media_root: Path | None
    path: Path | None
    name: str | None

    @property
    def file(self) -> Path | None:
        """The file that holds the table."""
        return Path(self.data) if isinstance(self.data, str | Path) else None

    @property
    def root(self) -> Path | None:
        """Folder of the pictures: the one given, else that of the file."""
        if self.media_root is not None or self.file is None:
            return self.media_root
        return self.file.resolve().parent

    def recording(self) -> Recording:
        """The recording that was given; what would say how to read a table has no place there."""
        told = [*self.asked.named, *(["probabilities"] if self.asked.probabilities else [])]
        further = {"roles": self.asked.roles, "classes": self.classes, "path": self.path, "name": self.name}
        told += [word for word, value in further.items() if value]
        if told:
            raise ParameterError(
                f"{told[0]}=… was given, but the data are a recording, which tells its own columns. Leave it out; "
                "hidden=… and media_root=… may be given."
            )
        if isinstance(self.data, Recording):
            return self.data if self.media_root is None else Recording(self.data.path, media_root=self.media_root)
        return Recording(self.data, media_root=self.media_root)

    def renewed(self, data: Any) -> Self:
        """The same words about other data; None for the same data, to be read once more.

        Raises
        ------
        ParameterError
            If these cannot take the place of what was given.
        """
        if data is None and isinstance(self.data, pa.RecordBatchReader):
            raise ParameterError(
                "The table came as a stream, which can be read only once. Give it again: hub.refresh(table)."
            )
        if data is not None and (is_recording(data) or is_recording(self.data)):
            raise ParameterError(
                "A recording takes nobody's place and nothing takes its: refresh() without data reads it again, and "
                "another one is opened with a new Hub."
            )
        return self if data is None else replace(self, data=data)

    def place(self, at_end: Callable[..., Any], now: Path | None = None) -> Taken:
        """Write the recording, or find it where it was written before.

        Parameters
        ----------
        at_end : told what to call, with which arguments, when the hub is closed
        now : where the recording of this hub stands, if it has one: a table in memory stays there
        """
        folder = now if now is not None and self.path is None and self.file is None else self._folder(at_end)
        signed = kept.signature(self._options())
        name = self.name or (self.file.stem if self.file is not None else "table")
        known = kept.about(folder) if self.file is not None and self.path is None else {}
        if known.get("signature") != signed:
            known = {"signature": signed, **self._write(folder, name)}
            kept.write_about(folder, known)
        elif Recording(folder).name != name:
            kept.rename(folder, name)
        if self.file is not None and self.path is None:
            kept.note_use(folder)
        return Taken(folder, known["roles"], known["guessed"], tuple(known["notes"]))

    def _write(self, folder: Path, name: str) -> dict[str, Any]:
        plain = read_table(self.data)
        meaning = meaning_of(plain, self.asked, pictures_by_name=self.root is not None)
        ready = take_apart(
            plain, meaning, classes=self.classes, media_root=self.root, on_duplicate_id=self.on_duplicate_id
        )
        source = f"table {self.file.name}" if self.file is not None else f"{type(self.data).__name__} in memory"
        write_recording(folder, ready, name=name, provenance={"source": source}, overwrite=True)
        return {
            "roles": {**meaning.roles, **dict.fromkeys(meaning.also, "id and image")},
            "guessed": sorted(meaning.guessed),
            "notes": plain.notes,
        }

    def _folder(self, at_end: Callable[..., Any]) -> Path:
        if self.path is not None:
            kept.check_free(self.path)
            return self.path
        if self.file is not None:
            check_file(self.file)
            return kept.folder_of(self.file)
        folder = kept.temporary_folder()
        at_end(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _options(self) -> dict[str, Any]:
        asked = self.asked
        return {
            "named": dict(asked.named),
            "probabilities": asked.probabilities,
            "roles": dict(asked.roles),
            "hidden": sorted(asked.hidden),
            "classes": self.classes,
            "on_duplicate_id": self.on_duplicate_id,
            "media_root": str(self.root),
        }


def is_recording(data: Any) -> bool:
    """Whether the data are a recording already, or the folder of one."""
    return isinstance(data, Recording) or (isinstance(data, str | Path) and (Path(data) / "recording.json").is_file())
