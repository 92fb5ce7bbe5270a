"""The one file of a backup, written so that a changed byte or a missing tail is noticed before anything is touched."""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from models import secret

FORMAT = 2  # 1: without those who had been erased
_READABLE = (1, FORMAT)
_MANIFEST, _PLAIN, _SEALED = "manifest.json", "data", "data.sealed"
_PIECE = 1 << 20
_MOST_MANIFEST = 1 << 24


class BackupError(Exception):
    """A backup cannot be made or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup claims to be; everything is checked again on the restored copy."""

    made_at: str
    database: str  # sqlite | postgresql
    revision: str
    audit_rows: int
    audit_head: str
    audit_ok: bool
    counts: dict[str, int]
    sealed: bool
    key: str  # a one-way name of the installation's key: names in the data are sealed with it too
    sha256: str = ""
    erased: dict[str, str] = field(default_factory=dict)  # as services/forgotten.py names them, and when
    format: int = FORMAT


def key_name() -> str:
    """A name for the installation's key that gives nothing of it away."""
    return secret.fingerprint("backup")[:16]


def pack(data: Path, into: Path, facts: Manifest) -> Manifest:
    """Writes the file beside its place, makes sure it is on the disk, and puts it there under its name."""
    manifest = Manifest(**asdict(facts) | {"sha256": _digest(data)})
    into.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".backup-", dir=into.parent)  # readable by its owner alone
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
                archive.writestr(_MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True))
                _write(archive, data, manifest.sealed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, into)
        sync_folder(into.parent)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def sync_folder(folder: Path) -> None:
    """Makes a renaming last."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _write(archive: zipfile.ZipFile, data: Path, sealed: bool) -> None:
    pieces: Iterable[bytes] = _pieces(data)
    if sealed:
        pieces = secret.seal_stream(zlib.compress(piece, 6) for piece in pieces)
    info = zipfile.ZipInfo(_SEALED if sealed else _PLAIN)
    info.compress_type = zipfile.ZIP_STORED if sealed else zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as out:
        for piece in pieces:
            out.write(piece)


def read_manifest(path: Path) -> Manifest:
    """What the file says about itself; BackupError when it is no whole backup of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_MANIFEST).file_size > _MOST_MANIFEST:
                raise ValueError
            found = json.loads(archive.read(_MANIFEST))
        if found.get("format") not in _READABLE:
            raise BackupError(f"{path} 是另一种格式的备份（{found.get('format')}），请用做它的那个版本恢复")
        return Manifest(**found)
    except FileNotFoundError:
        raise BackupError(f"找不到备份文件 {path}") from None
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError, NotImplementedError):
        raise BackupError(f"{path} 不是完整的备份文件（被截断或改动）：请换一份备份，现有数据没有动") from None


def unpack(path: Path, into: Path) -> Manifest:
    """Writes the data out and compares it with the manifest; BackupError leaves nothing usable behind."""
    manifest = read_manifest(path)
    if manifest.key != key_name():
        raise BackupError(f"{path} 是用另一把密钥做的：请把环境变量里的密钥换回当时那一把再恢复，否则姓名、地址都读不出来")
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_SEALED if manifest.sealed else _PLAIN) as source:
            with into.open("wb") as out:
                for piece in _opened(source, manifest.sealed):  # type: ignore[arg-type]
                    out.write(piece)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, NotImplementedError, secret.Unreadable):
        into.unlink(missing_ok=True)
        raise BackupError(f"{path} 里的数据被截断或改动，不能恢复：请换一份备份，现有数据没有动") from None
    if _digest(into) != manifest.sha256:
        into.unlink()
        raise BackupError(f"{path} 里的数据和清单里的校验和不一致，不能恢复：请换一份备份，现有数据没有动")
    return manifest


def _opened(source: BinaryIO, sealed: bool) -> Iterator[bytes]:
    if sealed:
        return (zlib.decompress(piece) for piece in secret.open_stream(source))
    return iter(lambda: source.read(_PIECE), b"")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    for piece in _pieces(path):
        found.update(piece)
    return found.hexdigest()
