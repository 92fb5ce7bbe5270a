"""`make demo`: a whole community on this machine, the platform played by the simulator, the app on the real road."""

import json
import os
import secrets
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from bot.config import load
from models.keyring import fresh
from ops import valkey
from ops.clock import AHEAD_ENV

FOLDER = "var/demo"
WORLD = "demo/community.yaml"
GREETER, COUNCIL = "周敏", "翠苑议事会"
ADMIN, PASSWORD = "admin", "linyi-demo-2026"
SECOND = "second"  # what one enters from paper another must confirm
WAIT_S = 240  # the first start learns to understand, on a slow machine for minutes
APP = {"name": "app", "kind": "wecom_app", "community": "cuiyuan", "bot_name": "社区应用", "app_id": "ww0000000000000001",
       "agent_id": "1000002", "token_env": "LINYI_APP_TOKEN", "aes_key_env": "LINYI_APP_AES_KEY",
       "app_secret_env": "LINYI_APP_SECRET"}  # commented out in config.yaml; here it can be tried


def run(port: int, *, fresh: bool = False, folder: str = FOLDER) -> int:
    """Prepares and starts everything, prints one address, and ends it all on Ctrl-C."""
    place = Path(folder)
    if fresh:
        shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    phones = free_port(port)
    if phones != port:
        print(f"端口 {port} 已被占用，改用 {phones}。")
    web = free_port(phones + 1)
    line = free_port(web + 1)
    env = os.environ | prepare(place, phones, web, line)
    step("数据库", lambda: _tool(env, "db", "upgrade"))
    step("演示小区", lambda: _tool(env, "db", "load", WORLD))
    _admin(env)
    embedded = valkey.ensure(str(place / "valkey"))
    started = [subprocess.Popen([sys.executable, "app.py", *what], env=env, start_new_session=True)
               for what in (["serve"], ["scheduler"], ["aibot"])]
    simulator = ["--port", str(phones), "--world", WORLD, "--accounts", str(place / "accounts.yaml"),
                 "--console-url", f"http://127.0.0.1:{web}/console/", "--socket-port", str(line),
                 "--clock-file", str(place / "clock")]
    started.append(subprocess.Popen([sys.executable, "-m", "simulator", *simulator], env=env, start_new_session=True))
    try:
        step("网页服务", lambda: _until_up(f"http://127.0.0.1:{web}/healthz", started))
        step("模拟手机", lambda: _until_up(f"http://127.0.0.1:{phones}/healthz", started))
        step("公众号菜单", lambda: _tool(env, "mp", "menu", "--account", "mp"))
        step("议事会的小邻", lambda: _greet(phones, started))
        print(f"\n打开 http://127.0.0.1:{phones}/ ，在手机上说话；页面上“自动演示一天”会自己演一遍。\n"
              f"管理后台 http://127.0.0.1:{web}/console/ ，账号 {ADMIN}（核对纸质票的第二人 {SECOND}），"
              f"密码 {PASSWORD}\n按 Ctrl-C 结束。", flush=True)
        return _wait(started)
    finally:
        stop(started)
        if embedded is not None:
            embedded.stop()
        print(f"已结束。数据在 {folder}，下次接着用；重新开始请用 make demo FRESH=1。")


def prepare(folder: Path, phones: int, web: int, line: int = 9) -> dict[str, str]:
    """Writes the demo's settings and accounts; secrets are made once and stay in the environment of its processes."""
    keys = _secrets(folder)
    settings = yaml.safe_load(Path("config.yaml").read_text("utf-8"))
    settings["server"] |= {"port": web, "threads": 32, "public_url": f"http://127.0.0.1:{web}"}
    settings["database"]["file"] = str(folder / "linyi.db")
    settings["redis"]["folder"] = str(folder / "valkey")
    settings["console"] = {"second_factor": "optional"}  # on this machine only, with a password that is printed
    settings["log_level"] = "warning"
    settings["quiet_hours"] = {"start": "00:00", "end": "00:00"}  # none: the demo must work at any hour
    settings["channels"] += [] if any(c["kind"] == APP["kind"] for c in settings["channels"]) else [dict(APP)]
    for channel in settings["channels"]:
        channel["api_base"] = channel["oauth_base"] = channel["js_base"] = f"http://127.0.0.1:{phones}"
        if channel["kind"].startswith("wecom_aibot"):
            channel["media_base"] = channel["api_base"]
        if "socket_url" in channel:
            channel["socket_url"] = f"ws://127.0.0.1:{line}"
        if channel["kind"] == "mp":
            channel["templates"] = {"remind": "tmpl-remind thing1=title time2=until thing3=note",
                                    "result": "tmpl-result thing1=title thing3=note"}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), "utf-8")
    write_accounts(path, keys, web, folder / "accounts.yaml")
    for name in ("LINYI_DATABASE_URL", "LINYI_REDIS_URL", "LINYI_PREVIOUS_DATA_KEYS"):
        keys[name] = ""
    return keys | {"LINYI_CONFIG": str(path), AHEAD_ENV: str(folder / "clock")}


def write_accounts(config: Path, env: dict[str, str], web: int, into: Path) -> None:
    """Writes the platform's side of the accounts that the settings name."""
    rows = []
    for channel in load(config).channels:
        account = channel.account(env)
        rows.append({"kind": account.kind, "name": account.name, "app_url": f"http://127.0.0.1:{web}/wire/{account.name}",
                     "token": account.token, "aes_key": account.aes_key, "app_id": account.app_id,
                     "app_secret": account.app_secret, "mode": account.mode, "bot_name": account.bot_name,
                     "agent_id": account.agent_id,
                     "templates": {name: set_.split()[0].removeprefix("template:") for name, set_ in account.templates.items()}})
    into.write_text(yaml.safe_dump(rows, allow_unicode=True), "utf-8")
    into.chmod(0o600)


def make_secrets() -> dict[str, str]:
    """A full set of secrets for the accounts of config.yaml."""
    aes = {name: _aes_key() for name in ("LINYI_MP_AES_KEY", "LINYI_AIBOT_AES_KEY")}
    other = ("LINYI_SECRET_KEY", "LINYI_MP_TOKEN", "LINYI_MP_SECRET", "LINYI_AIBOT_TOKEN",
             "LINYI_AIBOT_WS_SECRET", "LINYI_CUSTOMER_SECRET")
    return aes | {name: secrets.token_hex(16) for name in other}


def _aes_key() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(42)) + "A"


def _secrets(folder: Path) -> dict[str, str]:
    path = folder / "secrets.yaml"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text("{}", "utf-8")
    found = yaml.safe_load(path.read_text("utf-8"))
    own = {"LINYI_DATA_KEY": fresh(), "LINYI_APP_TOKEN": secrets.token_hex(16),
           "LINYI_APP_SECRET": secrets.token_hex(16), "LINYI_APP_AES_KEY": _aes_key()}
    kept: dict[str, str] = make_secrets() | own | found  # a newer version may have more accounts
    path.write_text(yaml.safe_dump(kept), "utf-8")
    return kept


def free_port(wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit(f"{wanted} 到 {wanted + 199} 的端口都被占用，请用 --port 换一段。")


def step(name: str, work: object) -> None:
    """Shows what is going on and how long it took."""
    begin = time.monotonic()
    print(f"{name} …", end="", flush=True)
    work()  # type: ignore[operator]
    print(f" 好了（{time.monotonic() - begin:.1f} 秒）", flush=True)


def stop(started: list[subprocess.Popen]) -> None:
    """Asks the processes to end, and ends those that do not."""
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in started:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _tool(env: dict[str, str], *args: str) -> None:
    done = subprocess.run([sys.executable, "app.py", *args], env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"\n{done.stdout}{done.stderr}")


def _admin(env: dict[str, str]) -> None:
    for name in (ADMIN, SECOND):
        subprocess.run([sys.executable, "app.py", "user", "add", name, "--password-env", "LINYI_DEMO_PASSWORD"],
                       env=env | {"LINYI_DEMO_PASSWORD": PASSWORD}, capture_output=True)


def _until_up(url: str, started: list[subprocess.Popen]) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if any(p.poll() is not None for p in started):
            raise SystemExit("\n有一个程序没能启动，原因见上面的提示。")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"\n等了 {WAIT_S} 秒，{url} 还没有准备好。")


def _greet(phones: int, started: list[subprocess.Popen]) -> None:
    """Somebody speaks to the bot with the own connection: before that the platform lets it post nothing into the group."""
    until = time.monotonic() + WAIT_S
    said = json.dumps({"person": GREETER, "to": COUNCIL, "text": "你好"}).encode()
    while time.monotonic() < until and all(p.poll() is None for p in started):
        if _asked(phones, "/sim/bots").get("connected"):
            _asked(phones, "/sim/say", said)
            return
        time.sleep(0.1)


def _asked(phones: int, path: str, body: bytes | None = None) -> dict[str, Any]:
    asked = urllib.request.Request(f"http://127.0.0.1:{phones}{path}", data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _wait(started: list[subprocess.Popen]) -> int:
    def end(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        while all(p.poll() is None for p in started):
            time.sleep(0.5)
        print("有一个程序意外结束了，演示停止。", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
