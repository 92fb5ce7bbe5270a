"""Setting up a 公众号 from the command line and checking accounts, against the simulated platform on loopback."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

import app
from models import secret
from ops.demo import make_secrets
from simulator.server import create_app
from simulator.simulation import Simulation
from simulator.world import SimAccount
from tests.simulator.stage import WORLD

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = {"remind": "tmpl-remind"}


def serve(application: Flask, served: list[Any]) -> str:
    """The application on loopback; gives its address."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    served.append(server)
    return f"http://127.0.0.1:{server.port}"


def ours() -> Flask:
    """What stands at our public address: healthy, and refusing callbacks that nobody signed."""
    application = Flask("ours")
    application.add_url_rule("/healthz", "healthz", lambda: jsonify(state="ok"))
    application.add_url_rule("/wire/<name>", "wire", lambda name: Response(status=403 if name == "mp" else 404))
    return application


def corp() -> Flask:
    """The few addresses of 企业微信 that the check asks, answering as `answers` says."""
    application = Flask("corp")
    answers = application.extensions["answers"] = {"/cgi-bin/gettoken": {"errcode": 0, "access_token": "t", "expires_in": 7200}}
    application.add_url_rule("/<path:path>", "any", lambda path: jsonify(answers.get(request.path, {"errcode": 0, "errmsg": "ok"})))
    return application


class Installation:
    """Settings whose platforms are on this machine."""

    def __init__(self, path: Path, sim: Simulation, base: str, public: str, corp: tuple[str, dict[str, Any]]):
        self.path, self.sim, self.base, self.public, self.corp, self.answers = path, sim, base, public, *corp
        self.change(lambda settings: None)

    def change(self, how: Callable[[dict[str, Any]], None]) -> None:
        """Writes the settings anew, changed."""
        settings = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
        settings["database"]["file"] = str(self.path.parent / "linyi.db")
        settings["server"]["public_url"] = self.public
        mp = next(c for c in settings["channels"] if c["name"] == "mp")
        mp |= {"api_base": self.base, "templates": {"remind": "tmpl-remind thing1=title time2=until thing3=note"}}
        names = {c["name"] for c in settings["channels"]}
        more = [{"name": "app1", "kind": "wecom_app", "community": "cuiyuan", "app_id": "corp", "agent_id": "7",
                 "token_env": "LINYI_MP_TOKEN", "aes_key_env": "LINYI_MP_AES_KEY", "app_secret_env": "LINYI_MP_SECRET"},
                {"name": "groups1", "kind": "customer_group", "community": "cuiyuan", "app_id": "corp",
                 "app_secret_env": "LINYI_MP_SECRET"},
                {"name": "ws1", "kind": "wecom_aibot_ws", "community": "cuiyuan", "app_id": "bot",
                 "app_secret_env": "LINYI_MP_SECRET"}]
        settings["channels"] += [c | {"api_base": self.corp} for c in more if c["name"] not in names]
        how(settings)
        self.path.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation, its platform, and our own public address."""
    keys, served = make_secrets(), []
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    account = SimAccount("mp", "mp", "http://127.0.0.1:9/wire/mp", keys["LINYI_MP_TOKEN"], keys["LINYI_MP_AES_KEY"],
                         "wxdemo0000000001", keys["LINYI_MP_SECRET"], templates=TEMPLATES)
    simulator, wecom = create_app(WORLD, [account], carriers=1), corp()
    base, public, corp_base = (serve(each, served) for each in (simulator, ours(), wecom))
    path = tmp_path / "config.yaml"
    monkeypatch.setenv("LINYI_CONFIG", str(path))
    yield Installation(path, simulator.extensions["simulation"], base, public, (corp_base, wecom.extensions["answers"]))
    for server in served:
        server.shutdown()
        server.server_close()
    simulator.extensions["simulation"].close()
    secret.set_key("a secret for tests, thirty-two characters")


@pytest.fixture
def run(place: Installation, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """One command line: its result and its words."""
    def call(*words: str) -> tuple[int, str]:
        done = app.main(["--config", str(place.path), *words])
        said = capsys.readouterr()
        return done, said.out + said.err
    return call


Run = Callable[..., tuple[int, str]]


def test_the_menu_is_put_up(place: Installation, run: Run) -> None:
    done, said = run("mp", "menu", "--account", "mp")
    assert done == 0 and "议题 / 投票 / 我的" in said
    assert place.sim.mp.menu is not None
    assert [(b["name"], b["key"]) for b in place.sim.mp.menu["button"]] == [
        ("议题", "ISSUES"), ("投票", "POLLS"), ("我的", "MINE")]


@pytest.mark.parametrize("scene", ["join", "poll:P5", "issue:I12"])
def test_a_code_is_a_picture_with_its_scene(place: Installation, run: Run, tmp_path: Path, scene: str) -> None:
    done, said = run("mp", "qr", "--account", "mp", "--scene", scene, "--out", str(tmp_path / "code.png"))
    assert done == 0 and "30 天内有效" in said and (tmp_path / "code.png").read_bytes().startswith(b"\x89PNG")
    ((found, until),) = place.sim.mp.codes.values()
    assert found == scene and 29.9 < (until - place.sim.clock()) / 86400 <= 30


def test_a_code_for_ever(place: Installation, run: Run, tmp_path: Path) -> None:
    assert run("mp", "qr", "--account", "mp", "--scene", "join", "--days", "0", "--out", str(tmp_path / "x.png"))[0] == 0
    assert [until for _, until in place.sim.mp.codes.values()] == [float("inf")]


@pytest.mark.parametrize(("words", "says"), [
    (("--scene", "poll:P5 1"), "--scene"), (("--scene", "vote:P5:1"), "--scene"), (("--scene", "poll:P0"), "--scene"),
    (("--scene", "join", "--days", "31"), "--days"), (("--scene", "join", "--days", "-1"), "--days")])
def test_a_code_that_cannot_be_is_refused_with_a_sentence(place: Installation, run: Run, tmp_path: Path, words: tuple[str, ...],
                                                          says: str) -> None:
    done, said = run("mp", "qr", "--account", "mp", "--out", str(tmp_path / "x.png"), *words)
    assert (done, says in said) == (2, True) and not place.sim.mp.codes


def test_an_account_that_is_no_mp_is_named(run: Run) -> None:
    done, said = run("mp", "menu", "--account", "aibot")
    assert done == 2 and "没有名叫 aibot 的公众号账号" in said and "mp" in said


def test_a_right_account_is_found_right(place: Installation, run: Run) -> None:
    assert run("mp", "menu", "--account", "mp")[0] == 0
    done, said = run("doctor", "--account", "mp")
    assert done == 0, said
    for words in ("取到了 access_token", "IP 可以调用", "客服消息的权限", "菜单已建好", "模板 remind 可用", "jsapi_ticket", "JS接口安全域名", "/wire/mp", "只能由您触发"):
        assert words in said


@pytest.mark.parametrize(("fault", "says"), [
    ({"token": {"errcode": 40125, "times": 9}}, "AppSecret 不对"), ({"token": {"errcode": 40013, "times": 9}}, "app_id 不对"),
    ({"callback_ips": {"errcode": 48001, "times": 9}}, "接口权限"), ({"user": {"errcode": 48001, "times": 9}}, "不能发客服消息"),
    ({"ticket": {"errcode": 48001, "times": 9}}, "提醒按钮不能用"), ({"refuse": True}, "平台忙"), ({"callback_ips": {"errcode": 45009, "times": 9}}, "明天再试")])
def test_each_trouble_comes_with_what_to_do(place: Installation, run: Run, fault: dict[str, Any], says: str) -> None:
    place.sim.faults.change(fault)
    done, said = run("doctor", "--account", "mp")
    assert done == 1 and says in said


def test_a_menu_that_is_missing_is_named(run: Run) -> None:
    done, said = run("doctor", "--account", "mp")
    assert done == 1 and "mp menu --account" in said


@pytest.mark.parametrize(("setting", "says"), [
    ("tmpl-other thing1=title", "后台没有模板 remind"), ("tmpl-remind thing9=title", "没有字段 thing9"),
    ("tmpl-remind thing1=name", "templates.remind")])
def test_a_wrong_template_is_named(place: Installation, run: Run, setting: str, says: str) -> None:
    place.change(lambda settings: settings["channels"][0].update(templates={"remind": setting}))
    done, said = run("doctor", "--account", "mp")
    assert done == 1 and says in said


@pytest.mark.parametrize(("public", "says"), [("", "public_url 没有填"), ("http://127.0.0.1:9", "打不开")])
def test_our_own_address_is_tried(place: Installation, run: Run, public: str, says: str) -> None:
    place.change(lambda settings: settings["server"].update(public_url=public))
    done, said = run("doctor", "--account", "mp")
    assert done == 1 and says in said


def test_an_address_that_is_somebody_elses_is_noticed(place: Installation, run: Run) -> None:
    done, said = run("doctor", "--account", "aibot")
    assert done == 1 and "/wire/aibot 回了 404" in said


@pytest.mark.parametrize(("name", "path"), [("app1", "/cgi-bin/agent/get"), ("groups1", "/cgi-bin/externalcontact/get_follow_user_list")])
def test_corp_accounts_name_the_address_to_allow(place: Installation, run: Run, name: str, path: str) -> None:
    assert "IP 可信" in run("doctor", "--account", name)[1]
    refused = "not allow to access from your ip, hint: [1653364640], from ip: 203.0.113.7, more info at https://x"
    place.answers[path] = {"errcode": 60020, "errmsg": refused}
    done, said = run("doctor", "--account", name)
    assert done == 1 and "203.0.113.7" in said and "可信IP" in said.replace(" ", "")
    place.answers["/cgi-bin/gettoken"] = {"errcode": 40001, "errmsg": "invalid credential"}
    done, said = run("doctor", "--account", name)
    assert done == 1 and "AppSecret" in said


def test_what_cannot_be_tried_is_said(run: Run) -> None:
    done, said = run("doctor", "--account", "ws1")
    assert done == 0 and "没有试" in said
    done, said = run("doctor", "--account", "nobody")
    assert done == 1 and "没有名叫 nobody 的账号" in said


def test_nothing_secret_is_said(place: Installation, run: Run) -> None:
    place.sim.faults.change({"token": {"errcode": 40125, "times": 9}})
    said = run("doctor", "--account", "mp")[1] + run("mp", "menu", "--account", "mp")[1]
    assert place.sim.accounts[0].app_secret not in said and place.sim.accounts[0].token not in said
