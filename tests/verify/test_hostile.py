"""Archives made to break the verifier: it stays calm, says why, and never calls them right."""

import io
import json
import random
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from domain.export import zipped
from domain.receipts import canonical
from tests.verify.elections import ELECTIONS, VERIFIER, verify

GOOD = ELECTIONS["single"].files()


def archive(entries: list[tuple[str, bytes]], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with these entries, twice the same name if asked."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", how, compresslevel=1) as file:
        for name, data in entries:
            file.writestr(name, data)
    return into.getvalue()


def swapped(name: str, data: bytes) -> dict[str, bytes]:
    """The export with one file's bytes replaced and the manifest made to fit."""
    files = GOOD | {name: data}
    if name == "manifest.json":
        return files
    manifest = json.loads(files["manifest.json"])
    manifest["files"][name] = sha256(data).hexdigest()
    return files | {"manifest.json": canonical(manifest)}


def unreadable(folder: Path, data: dict[str, bytes] | bytes, needle: str) -> None:
    """Exit code 2, and why."""
    code, said = verify(folder, data)
    assert code == 2, said
    assert needle in said and said.startswith(("不能核对：", "投票")), said


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip at all" * 100, zipped(GOOD)[:-40], zipped(GOOD)[:400]], ids=range(5))
def test_what_is_no_zip(data: bytes, tmp_path: Path) -> None:
    """Empty, text, cut off."""
    unreadable(tmp_path, data, "打不开")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A wrong path is said plainly."""
    done = subprocess.run([sys.executable, "-I", "-S", VERIFIER, str(tmp_path / "none.zip")], capture_output=True, check=False)
    assert done.returncode == 2 and not done.stderr and "打不开" in done.stdout.decode()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name(tmp_path: Path) -> None:
    """Which one a reader takes is chance."""
    unreadable(tmp_path, archive([*GOOD.items(), ("ballots.jsonl", b"")]), "2 个同名文件 ballots.jsonl")


@pytest.mark.parametrize("name", ["../../evil.py", "/etc/passwd", "ballots.jsonl/", "BALLOTS.JSONL", "C:\\x", "\x1b[2Jx", "json.py"])
def test_unknown_files(name: str, tmp_path: Path) -> None:
    """Named, never written anywhere, never imported, and their names do no harm to a terminal."""
    code, said = verify(tmp_path, archive([*GOOD.items(), (name, b"raise SystemExit(0)")]))
    assert code == 1 and "压缩包里有不认识的文件" in said and "\x1b" not in said
    assert sorted(p.name for p in (tmp_path / "alone").iterdir()) == ["export.zip", "linyi_verify.py"]


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_file(name: str, tmp_path: Path) -> None:
    """Each is needed."""
    unreadable(tmp_path, zipped({n: d for n, d in GOOD.items() if n != name}), f"缺少 {name}")


@pytest.mark.parametrize(("name", "fill"), [("ballots.jsonl", b"\n"), ("poll.json", b" ")], ids=["newlines", "spaces"])
def test_a_bomb(name: str, fill: bytes, tmp_path: Path) -> None:
    """Few bytes that become very many are not unpacked to the end."""
    unreadable(tmp_path, archive([(n, fill * ((1 << 28) + 1) if n == name else d) for n, d in GOOD.items()]), "压缩炸弹")


def test_too_many_lines(tmp_path: Path) -> None:
    """Below the size, above what memory should hold."""
    unreadable(tmp_path, archive([(n, b"\n" * 3_000_000 if n == "ballots.jsonl" else d) for n, d in GOOD.items()]), "行数太多")


def test_a_damaged_entry(tmp_path: Path) -> None:
    """A broken checksum or stream is not read."""
    data = bytearray(archive(list(GOOD.items()), zipfile.ZIP_STORED))
    data[data.index(b'"receipt"')] ^= 1
    unreadable(tmp_path, bytes(data), "打不开")


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"a":NaN}', b'{"a":1.5}', b'{"a":1e9}', b'{"a":1,"a":1}', b'{"b":1,"a":1}',
                                  b'{"a": 1}', b'{"a":"\\ud800"}', b'{"a":' + b"9" * 5000 + b"}", b"[" * 100000, b'{"a":' * 50000, b'{"a":-Infinity}',
                                  b'\xef\xbb\xbf{}', b'{"a":"\\u7968"}'], ids=range(18))
@pytest.mark.parametrize("name", ["poll.json", "result.json", "manifest.json"])
def test_json_that_is_not_canonical(name: str, data: bytes, tmp_path: Path) -> None:
    """Double keys, NaN, decimals, depth, lone surrogates, spaces, other order."""
    unreadable(tmp_path, swapped(name, data), f"{name} 不是规范的 JSON")


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b'{"receipt":"0000-0000","receipt":"0000-0001"}', b'{"a":NaN}', b"9" * 70000, b"\xff", b"{ }", b"[" * 60000],
                         ids=range(9))
@pytest.mark.parametrize("name", ["ballots.jsonl", "log.jsonl"])
def test_lines_that_are_not_canonical(name: str, line: bytes, tmp_path: Path) -> None:
    """The line is named and the rest still checked."""
    rows = GOOD[name].split(b"\n")
    code, said = verify(tmp_path, swapped(name, b"\n".join([rows[0], line, *rows[1:]])))
    assert code == 1 and f"{name} 第 2 行不是规范的 JSON" in said, said


@pytest.mark.parametrize("name", ["ballots.jsonl", "log.jsonl"])
def test_a_last_line_without_an_end(name: str, tmp_path: Path) -> None:
    """Cut off, so wrong."""
    code, said = verify(tmp_path, swapped(name, GOOD[name][:-1]))
    assert code == 1 and f"{name} 的最后一行没有写完" in said


def test_words_that_would_command_a_terminal(tmp_path: Path) -> None:
    """Escape sequences, line breaks and turned writing in titles are shown harmless."""
    poll = json.loads(GOOD["poll.json"]) | {"title": "好\x1b[31m票\n结论：对\u202e的"}
    said = verify(tmp_path, swapped("poll.json", canonical(poll)))[1]
    assert "\x1b" not in said and "\u202e" not in said and "\n结论：对" not in said


@pytest.mark.parametrize(("kind", "path", "value"), [
    ("single", "format", "linyi-poll-2"), ("single", "kind", "lottery"), ("single", "options", []), ("single", "options", ["a", 1]), ("single", "options", "ab"),
    ("single", "title", None), ("single", "secrecy", "open"), ("single", "closes_at", "2026-03-01 11:00"), ("single", "closed_at", "2026-03-01T11:00:00+08:00"),
    ("single", "electorate", {"size": 3, "heads": 3}), ("single", "electorate", {"size": -1, "heads": 3, "area": None}),
    ("single", "electorate", {"size": True, "heads": 3, "area": None}), ("single", "class", {"name": "king"}), ("single", "class", []),
    ("single", "rules", None), ("households", "class", {"name": "household", "quorum": ["1/2", "more_than"], "pass": ["1/0", "more_than"]}),
    ("households", "class", {"name": "household", "quorum": ["1/2", "about"], "pass": ["1/2", "more_than"]}), ("multiple", "rules", {"least": 2, "most": 1}),
    ("multiple", "rules", {"least": 0, "most": 1}), ("score", "rules", {"low": 5, "high": 1}), ("irv", "rules", {"method": "irv"}),
    ("irv", "rules", {"method": "irv", "lot": [0, 1, 2, 2]}), ("irv", "rules", {"method": "borda", "lot": [0, 1, 2, 3]}),
    ("stv", "rules", {"method": "stv", "lot": [0, 1, 2, 3, 4], "seats": 0}), ("budget, greedy", "rules", {"method": "greedy", "limit": 5, "lot": [0, 1, 2, 3], "costs": [1, 2, 3]}),
    ("budget, greedy", "rules", {"method": "greedy", "limit": 5, "lot": [0, 1, 2, 3], "costs": [1, 2, 3, -4]}), ("signup", "rules", {"places": 5, "each": 0})])
def test_a_poll_that_cannot_be_counted(kind: str, path: str, value: object, tmp_path: Path) -> None:
    """Said plainly, with the part of poll.json that is unsound."""
    files = ELECTIONS[kind].files()
    files["poll.json"] = canonical(json.loads(files["poll.json"]) | {path: value})
    unreadable(tmp_path, files, f"poll.json 里的 {path}")


def junk(chance: random.Random) -> object:
    """Some JSON value that is not expected."""
    return chance.choice([None, True, False, -1, 0, 10**17, "", "x" * 300, "2/3", [], {}, [[]], {"a": []}, ["a"], [None], [-1], {"heads": {}}, "ab" * 32])


def spoil(thing: object, chance: random.Random) -> object:
    """The same with one value somewhere replaced, removed, doubled or added."""
    if isinstance(thing, dict) and thing and chance.random() < 0.85:
        key = chance.choice(sorted(thing))
        how = chance.random()
        if how < 0.15:
            return {k: v for k, v in thing.items() if k != key}
        return thing | {"zz": junk(chance)} if how < 0.2 else thing | {key: spoil(thing[key], chance)}
    if isinstance(thing, list) and thing and chance.random() < 0.7:
        n = chance.randrange(len(thing))
        return thing[:n] + chance.choice([[], [spoil(thing[n], chance)], [thing[n]] * 2]) + thing[n + 1:]
    return junk(chance)


def unsaid(manifest: bytes) -> object:
    """The manifest without the audit head, which the export merely repeats when it is a hash or empty."""
    said = json.loads(manifest)
    return said if not isinstance(said, dict) or said.get("audit_head") not in ("", "ab" * 32) else said | {"audit_head": ""}


@pytest.mark.parametrize("name", ELECTIONS)
def test_spoiled_exports_never_break_the_verifier(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hundreds of random injuries, each with a manifest that fits: a sentence and code 1 or 2, never a traceback, never right."""
    from verify.linyi_verify import main
    chance, whole = random.Random(name), ELECTIONS[name].files()
    where = tmp_path / "x.zip"
    for _ in range(60):
        files = dict(whole)
        target = chance.choice(sorted(files))
        rows = files[target].splitlines() if target.endswith("l") else [files[target]]
        if not rows:
            continue
        n = chance.randrange(len(rows))
        spoiled = canonical(spoil(json.loads(rows[n]), chance))
        if spoiled == rows[n] or target == "manifest.json" and unsaid(spoiled) == unsaid(rows[n]):
            continue
        files[target] = b"\n".join([*rows[:n], spoiled, *rows[n + 1:]]) + (b"\n" if target.endswith("l") else b"")
        if target != "manifest.json":
            manifest = json.loads(files["manifest.json"])
            manifest["files"][target] = sha256(files[target]).hexdigest()
            files["manifest.json"] = canonical(manifest)
        where.write_bytes(zipped(files))
        code = main([str(where), "--receipt", "7K3M-Q9XD"] if chance.random() < 0.2 else [str(where)])
        said = capsys.readouterr().out
        assert code in (1, 2) and ("✗" in said or "不能核对" in said), (target, rows[n], spoiled, said)
