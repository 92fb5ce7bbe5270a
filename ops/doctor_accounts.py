"""Checks one account against its platform, as far as that can be done from here: each problem with what to do about it."""

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import requests

from bot.channels import KINDS
from bot.channels.account import Account
from bot.channels.api import ApiClient
from bot.channels.mp_admin import MpAdmin
from bot.channels.mp_notices import Template, read
from bot.channels.tokens import CorpToken, SharedToken
from bot.config import ConfigError, Settings, load
from bot.message import ChannelError
from ops import house
from ops.doctor_finding import Finding

CALLED = ("mp", "wecom_app", "wecom_aibot")  # the platform calls an address of ours
_CURES = {
    -1: "平台忙，请过几分钟再试",
    40001: "AppSecret 不对，或 token 刚被别处作废：核对密钥的环境变量",
    40002: "平台不认这种取 token 的方式，请检查 api_base",
    40013: "app_id 不对：公众号填 AppID，企业微信填企业 ID（corpid）",
    40014: "token 不对：如果还有别的程序在用旧的 token 接口，请停掉它",
    40037: "模板 ID 不对：到平台后台“订阅通知 / 模板消息”里复制",
    40125: "AppSecret 不对：到平台后台重新复制，写进 app_secret_env 指的环境变量",
    42001: "token 过期了，请再试一次",
    45009: "今天的调用次数用完了，请明天再试",
    46003: "还没有菜单：在后台“账号”页点“建菜单”，或运行 python app.py mp menu --account 名字",
    48001: "账号没有这个接口的权限：到平台后台“接口权限”看是否要认证或开通",
    48002: "这个应用没有调用这个接口的权限：到企业微信后台给应用开通，再试",
    60011: "应用没有权限看这些成员：到企业微信后台“应用管理”扩大可见范围",
    301002: "agent_id 不是这个密钥的应用：到企业微信后台核对 AgentId 和 Secret",
}
_ADDRESS = frozenset({40164, 60020})


def examine(path: str, name: str) -> list[Finding]:
    """Looks at one account: its settings, our address, and what its platform says."""
    try:
        settings = load(path)
        found = next((c for c in settings.channels if c.name == name), None)
        if found is None:
            names = "、".join(c.name for c in settings.channels)
            return [Finding(False, f"没有名叫 {name} 的账号，config.yaml 里有：{names}")]
        account = found.account(os.environ)
    except ConfigError as error:
        return [Finding(False, str(error))]
    seen = [Finding(True, f"{name}：设置和密钥都有（{account.kind}）")]
    if account.kind in KINDS:
        try:
            KINDS[account.kind](account, None, house.now)
        except ValueError as error:
            return [*seen, Finding(False, f"账号的设置不对：{error}")]
    if account.mode == "plain":
        seen.append(Finding(False, "明文模式可以被伪造，正式使用请把 mode 改为 safe，平台后台选“安全模式”"))
    if account.kind in CALLED:
        seen += _reached(settings, account)
    return seen + list(CHECKS[account.kind](account))


def cure(error: ChannelError) -> str:
    """What is wrong in words, and what to do."""
    if error.code in _ADDRESS:
        return f"平台不许从 {error.hint or '本机的公网地址'} 调用：把它加到后台的“IP 白名单 / 企业可信 IP”里（错误码 {error.code}）"
    if error.code is not None:
        return f"{_CURES.get(error.code, '请到平台文档查这个错误码')}（错误码 {error.code}）"
    return f"连不上平台：检查网络、代理和 api_base（{error.reason}）"


def _reached(settings: Settings, account: Account) -> Iterator[Finding]:
    """Whether our own address answers; the platform's handshake starts only from its console."""
    base = settings.server.public_url
    if not base:
        yield Finding(False, "server.public_url 没有填：填上平台能访问的网址（https://您的域名），才能检查地址，也才有网页链接")
        return
    with requests.Session() as wire:
        wire.trust_env = urlsplit(base).hostname not in ("127.0.0.1", "localhost", "::1")
        for path, good, meaning in (("/healthz", {200, 503}, "服务"), (f"/wire/{account.name}", {403}, "回调地址")):
            try:
                status = wire.get(base + path, timeout=5, allow_redirects=False).status_code
            except requests.RequestException as error:
                yield Finding(False, f"打不开 {base}{path}（{type(error).__name__}）：检查域名、证书、反向代理，服务是否在运行")
                return
            yield Finding(status in good, f"{meaning}能访问：{base}{path}" if status in good else
                          f"{base}{path} 回了 {status}：不是邻议的服务，或反向代理没有转发这个路径")
    yield Finding(True, f"平台来验证地址只能由您触发：在后台的“服务器配置 / 接收消息”填 {base}/wire/{account.name} 再点保存，"
                        "失败会当场提示")


def _try(good: str, bad: str, look: Callable[[], object]) -> tuple[Finding, ChannelError | None]:
    try:
        look()
    except ChannelError as error:
        return Finding(False, f"{bad}：{cure(error)}"), error
    return Finding(True, good), None


def _token(tokens: SharedToken) -> tuple[Finding, ChannelError | None]:
    return _try("密钥对，取到了 access_token", "取不到 access_token", tokens.get)


def mp(account: Account) -> Iterator[Finding]:
    """公众号: token, address, rights, menu, templates."""
    admin = MpAdmin(account, clock=house.now)
    found, trouble = _token(admin.tokens)
    yield found
    if trouble is not None:
        return
    yield _try("本机的 IP 可以调用接口", "不能调用接口", lambda: admin.ask("/cgi-bin/getcallbackip"))[0]
    yield _try("有客服消息的权限（48 小时内主动回复）", "不能发客服消息", lambda: admin.ask("/cgi-bin/customservice/getkflist"))[0]
    yield _try("菜单已建好", "菜单", lambda: admin.ask("/cgi-bin/menu/get"))[0]
    if any(template.subscribed for template in read(account.templates).values()):
        yield _try("网页上的提醒按钮可用（取到了 jsapi_ticket）", "网页上的提醒按钮不能用", admin.tickets.get)[0]
        yield Finding(True, "还要在后台“公众号设置 → 功能设置”的“JS接口安全域名”里填网页的域名，这一项平台不让查")
    if not account.templates:
        yield Finding(True, "没有配置 templates：48 小时以外不能提醒，送不到的人会告诉网格员")
    for name, template in read(account.templates).items():
        yield _template(admin, name, template)


def _template(admin: MpAdmin, name: str, template: Template) -> Finding:
    path = "/wxaapi/newtmpl/gettemplate" if template.subscribed else "/cgi-bin/template/get_all_private_template"
    try:
        answer = admin.ask(path)
    except ChannelError as error:
        return Finding(False, f"看不到模板 {name}：{cure(error)}")
    rows = answer.get("data" if template.subscribed else "template_list", [])
    known = next((r for r in rows if template.id in (r.get("priTmplId"), r.get("template_id"))), None)
    if known is None:
        return Finding(False, f"后台没有模板 {name}：templates.{name} 的 ID 不对，或还没有在后台选用这个模板")
    missing = [field for field, _ in template.fields if f"{{{{{field}.DATA}}}}" not in str(known.get("content", ""))]
    return Finding(not missing, f"模板 {name} 可用" if not missing else
                   f"模板 {name} 里没有字段 {'、'.join(missing)}：按后台模板详情里的字段名改 templates.{name}")


def wecom_app(account: Account) -> Iterator[Finding]:
    """自建应用: token, address, the app itself."""
    yield from _corp(account, "/cgi-bin/agent/get", {"agentid": account.agent_id}, "应用可用，IP 可信", "应用不能用")
    if not account.agent_id:
        yield Finding(False, "agent_id 没有填：到企业微信后台的应用详情里复制 AgentId")


def customer_group(account: Account) -> Iterator[Finding]:
    """客户群: token, address, and the right to customer contact."""
    path = "/cgi-bin/externalcontact/get_follow_user_list"
    yield from _corp(account, path, {}, "有客户联系的权限，IP 可信", "没有客户联系的权限")


def _corp(account: Account, path: str, query: dict[str, str], good: str, bad: str) -> Iterator[Finding]:
    api = ApiClient(account.api_base)
    tokens = CorpToken(account, api, clock=house.now)
    found, trouble = _token(tokens)
    yield found
    if trouble is None:
        yield _try(good, bad, lambda: api.get(path, query | {"access_token": tokens.get()}))[0]


def aibot(account: Account) -> Iterator[Finding]:
    """智能机器人 with a callback address: it has no secret to try; only its own handshake can tell."""
    yield Finding(True, "Token 和 EncodingAESKey 对不对，只有平台来验证地址时才知道：在机器人的“接收消息”设置里点保存")


def aibot_ws(account: Account) -> Iterator[Finding]:
    """智能机器人 over a long connection: trying it would throw out the one that runs."""
    yield Finding(bool(account.app_id), "机器人 ID 已填" if account.app_id else "app_id 没有填：填机器人的 BotID")
    yield Finding(True, "长连接一次只许一个，检查时连上会把正在运行的踢下线，所以没有试；启动 python app.py aibot 看它连上没有")


def webhook(account: Account) -> Iterator[Finding]:
    """群机器人: its addresses belong to the groups, and trying one would post."""
    yield Finding(True, "群机器人的地址在各个群里配置，试一次就会发出消息，所以没有试；没有配地址的群见 python app.py doctor")


CHECKS: dict[str, Callable[[Account], Iterator[Finding]]] = {
    "mp": mp, "wecom_app": wecom_app, "customer_group": customer_group, "wecom_aibot": aibot, "wecom_aibot_ws": aibot_ws,
    "wecom_webhook": webhook,
}
