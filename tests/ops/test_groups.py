"""`group create` against the simulated platform: the group is made there, entered here, and posted to."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from werkzeug.serving import make_server

import app
from models import secret
from models.base import Database
from models.tables import building, chat, chat_member
from ops.demo import make_secrets
from simulator.server import create_app
from simulator.world import SimAccount, load_world

ROOT = Path(__file__).parent.parent.parent
WORLD = ROOT / "demo" / "community.yaml"
USERS = [p.userid for p in load_world(WORLD).people if p.userid][:3]


@pytest.fixture
def platform() -> Iterator[Any]:
    """The simulator with one app, on loopback."""
    built = create_app(load_world(WORLD), [SimAccount("wecom_app", "app", app_id="wwcorp", app_secret="s3cret", agent_id="218")],
                       carriers=1)
    server = make_server("127.0.0.1", 0, built, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    sim = built.extensions["simulation"]
    sim.base_url = f"http://127.0.0.1:{server.server_port}"
    yield sim
    sim.close()
    server.shutdown()


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: Any) -> Iterator[Database]:
    """A loaded community whose only account is the app."""
    settings = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
    settings["database"]["file"] = str(tmp_path / "linyi.db")
    settings["channels"] = [{
        "name": "app", "kind": "wecom_app", "community": "cuiyuan", "app_id": "wwcorp", "agent_id": "218", "token_env": "T",
        "aes_key_env": "K", "app_secret_env": "S", "api_base": platform.base_url}]
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    secrets = make_secrets() | {"T": "tok", "K": "a" * 43, "S": "s3cret", "LINYI_CONFIG": str(path)}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LINYI_DATABASE_URL", raising=False)
    assert app.main(["db", "upgrade"]) == 0 and app.main(["db", "load", str(WORLD)]) == 0
    db = Database(f"sqlite:///{tmp_path / 'linyi.db'}")
    yield db
    db.close()
    secret.set_key("a secret for tests, thirty-two characters")


def create(*more: str, name: str = "楼长群", members: str = ",".join(USERS)) -> int:
    """One command line."""
    return app.main(["group", "create", name, "--account", "app", "--owner", USERS[0], "--members", members, *more])


def test_a_group_is_made_and_entered(installation: Database, platform: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The platform has it, and here it can be posted to; the same name again is refused."""
    assert create("--building", "3幢") == 0
    assert "认识 3 人" in capsys.readouterr().out
    with installation.read() as tx:
        row = tx.first(select(chat, building.c.name.label("block")).join(building, building.c.id == chat.c.building_id)
                       .where(chat.c.name == "楼长群"))
        assert row is not None and (row.channel, row.post_channel, row.block) == ("app", "app", "3幢")
        assert len(tx.all(select(chat_member).where(chat_member.c.chat_id == row.id))) == 3
    assert row.external_id == row.post_address and platform.app_side.groups[row.external_id].members == USERS
    assert create() == 2 and "请换个名字" in capsys.readouterr().err


@pytest.mark.parametrize(("how", "words"), [
    ({"name": "楼" * 51}, "1 到 50 个字"), ({"members": USERS[0]}, "2 到 2000 人"), ({"members": f"{USERS[1]},{USERS[2]}"}, "群主"),
    ({"members": ",".join(["x" + str(n) for n in range(2001)])}, "您写了 2001 人"),
    ({"members": f"{USERS[0]},nobody"}, "可见范围")])
def test_what_cannot_be_a_group_is_refused_with_a_sentence(
        installation: Database, platform: Any, capsys: pytest.CaptureFixture[str], how: dict[str, str], words: str) -> None:
    """And nothing is left behind on either side."""
    assert create(**how) == 2 and words in capsys.readouterr().err
    with installation.read() as tx:
        assert not tx.all(select(chat).where(chat.c.channel == "app", chat.c.name == how.get("name", "楼长群")))


@pytest.mark.parametrize(("code", "words"), [(60020, "可信IP"), (60011, "根部门"), (86001, "错误码 86001")])
def test_a_refusal_of_the_platform_says_what_to_do(
        installation: Database, platform: Any, capsys: pytest.CaptureFixture[str], code: int, words: str) -> None:
    """In the words of the console where it is set right."""
    platform.faults.change({"appchat": {"errcode": code}})
    assert create() == 2
    said = capsys.readouterr()
    assert words in said.err and "s3cret" not in said.err + said.out


def test_unknown_places_are_refused_before_the_platform_is_asked(
        installation: Database, platform: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A building, or an account that is no app."""
    assert create("--building", "99幢") == 2 and "99幢" in capsys.readouterr().err
    assert app.main(["group", "create", "g", "--account", "mp", "--owner", "a", "--members", "a,b"]) == 2
    assert not platform.calls.after(0)


def test_a_group_in_which_no_bot_sits_is_entered_with_who_looks_after_it(
        installation: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """By name, once; an unknown keeper, a second one of the name and a customer group without account are refused in words."""
    where = ["--community", "cuiyuan"]
    assert app.main(["group", "add", "三幢微信群", "--road", "hand", "--keeper", USERS[0], "--building", "3幢", *where]) == 0
    with installation.read() as tx:
        row = tx.first(select(chat).where(chat.c.name == "三幢微信群"))
        assert row is not None and (row.post_channel, row.post_address) == ("hand", "三幢微信群") and row.keeper_id is not None
    for wrong, words in ((["三幢微信群", "--road", "hand", "--keeper", USERS[0]], "已经有"),
                         (["别的群", "--road", "hand", "--keeper", "nobody"], "没有账号"),
                         (["客户群二", "--road", "customer", "--keeper", USERS[0], "--chat-id", "wr2"], "没有叫 customer")):
        assert app.main(["group", "add", *wrong, *where]) == 2
        assert words in capsys.readouterr().err
