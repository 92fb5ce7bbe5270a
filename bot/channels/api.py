"""Calls the platform's REST side, once; turns every trouble into ChannelError, free of credentials."""

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from bot.channels.codes import ADDRESS_CODES, CORP, Then, refusal
from bot.channels.redact import RedactingFilter
from bot.message import TOO_LARGE, ChannelError

logging.getLogger("urllib3.connectionpool").addFilter(RedactingFilter())  # its debug lines hold whole URLs

TIMEOUT = (3.05, 5.0)
LONGEST_S = 30.0  # of one download
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_IP = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9.])")
NO_MEDIA = 40007  # it is over or never was; of a picture we send, the same code is worth another upload
PICTURES = (b"\x89PNG", b"\xff\xd8\xff")


class ApiClient:
    """The REST side of one platform address."""

    def __init__(self, base: str, *, codes: Mapping[int, Then] = CORP, pause_s: float = 60,
                 timeout: tuple[float, float] = TIMEOUT):
        self.base = base.rstrip("/")
        self._codes, self._pause_s, self._timeout = codes, pause_s, timeout
        self._session = requests.Session()
        self._session.trust_env = urlsplit(base).hostname not in ("127.0.0.1", "localhost", "::1")

    def post(self, path: str, payload: Mapping[str, Any],
             query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Posts JSON to a path of this address and returns the answer whose errcode is 0."""
        return self._judge(path, *self._exchange(self.base + path, payload, query))

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Asks a path of this address and returns the answer whose errcode is 0."""
        return self._judge(path, *self._exchange(self.base + path, None, query))

    def post_to(self, url: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Posts JSON to a whole address, which the caller knows to be the platform's."""
        return self._judge(urlsplit(url).path, *self._exchange(url, payload, None))

    def upload(self, path: str, query: Mapping[str, str], name: str, data: bytes) -> dict[str, Any]:
        """Uploads a file as the form field `media` and returns the answer whose errcode is 0."""
        files = {"media": (name, data, "application/octet-stream")}
        return self._judge(path, *self._request(self.base + path, query, method="POST", files=files))

    def _exchange(self, url: str, payload: Mapping[str, Any] | None,
                  query: Mapping[str, str] | None) -> tuple[int, Any]:
        # Phones show \u escapes as they are written.
        body = None if payload is None else json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
        return self._request(url, query, method="GET" if body is None else "POST", data=body, headers=_JSON)

    def _request(self, url: str, query: Mapping[str, str] | None, **how: Any) -> tuple[int, Any]:
        trouble: ChannelError | None = None
        try:
            answer = self._session.request(url=url, params=query, timeout=self._timeout, allow_redirects=False, **how)
        except requests.RequestException as error:
            trouble = _trouble(error)
        if trouble is not None:  # outside the except block: what requests raised holds the whole URL
            raise trouble
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, None

    def _judge(self, path: str, status: int, answer: Any) -> dict[str, Any]:
        if status >= 500 or status == 429:
            raise ChannelError(f"HTTP {status} from {path}", retryable=True, unknown=status in (502, 504),
                               wait_s=self._pause_s if status == 429 else None)
        if status != 200:
            raise ChannelError(f"HTTP {status} from {path}", retryable=False)
        if not isinstance(answer, dict) or not isinstance(answer.get("errcode", 0), int):
            raise ChannelError(f"not the platform's answer from {path}", retryable=True, unknown=True)
        code = answer.get("errcode", 0)
        if code == 0:
            return answer
        error = refusal(self._codes, code, path, pause_s=self._pause_s)
        if code in ADDRESS_CODES:
            found = _IP.search(str(answer.get("errmsg", "")))
            error.hint = found.group() if found else ""
        raise error

    def fetch(self, url: str, *, most: int) -> bytes:
        """The picture at a whole address, which the caller knows to be the platform's."""
        data = self.download(url, most=most)
        if not data.startswith(PICTURES):
            raise ChannelError(f"no picture from {urlsplit(url).path}", retryable=False)
        return data

    def media(self, token: str, media_id: str, *, most: int) -> bytes:
        """What somebody sent to the account, by its id; the platform keeps it for three days."""
        path = "/cgi-bin/media/get"
        data = self.download(self.base + path, most=most, query={"access_token": token, "media_id": media_id})
        if data[:1] == b"{":  # a refusal is JSON, whatever it calls itself; no picture begins so
            try:
                answer = json.loads(data)
            except ValueError:
                answer = None
            if isinstance(answer, dict) and answer.get("errcode") == NO_MEDIA:
                raise ChannelError(f"errcode {NO_MEDIA} from {path}", retryable=False, code=NO_MEDIA)
            self._judge(path, 200, answer)
            raise ChannelError(f"no picture from {path}", retryable=False)
        return data

    def download(self, url: str, *, most: int, query: Mapping[str, str] | None = None) -> bytes:
        """What lies at a whole address, which the caller knows to be the platform's; redirections are not followed."""
        trouble: ChannelError | None = None
        try:
            with self._session.get(url, params=query, timeout=self._timeout, allow_redirects=False, stream=True) as answer:
                data, status = _body(answer, most), answer.status_code
        except (requests.RequestException, HTTPError) as error:
            trouble = _trouble(error) if isinstance(error, requests.RequestException) else ChannelError(
                f"no whole answer: {type(error).__name__}", retryable=True)
        if trouble is not None:
            raise trouble
        if len(data) > most:
            raise ChannelError(TOO_LARGE, retryable=False)
        if status != 200:
            raise ChannelError(f"HTTP {status} from {urlsplit(url).path}", retryable=status >= 500 or status == 429)
        return data


def _body(answer: requests.Response, most: int) -> bytes:
    """At most one byte more than is taken; who sends it drop by drop is not waited for."""
    until, data = time.monotonic() + LONGEST_S, bytearray()
    while len(data) <= most and (piece := answer.raw.read1(65536, decode_content=True)):
        data += piece
        if time.monotonic() > until:
            raise ChannelError("no whole answer: too slow", retryable=True)
    return bytes(data)


def _trouble(error: requests.RequestException) -> ChannelError:
    kind = type(error).__name__
    if isinstance(error, requests.ConnectionError):  # refused, unreachable, cut, or too slow to connect
        cause = getattr(error.args[0], "reason", None) if error.args else None
        sent = not isinstance(cause, (NewConnectionError, ConnectTimeoutError)) and not isinstance(
            error, (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError))
        return ChannelError(f"no connection: {kind}", retryable=True, unknown=sent)
    if isinstance(error, (requests.Timeout, requests.exceptions.ChunkedEncodingError,
                          requests.exceptions.ContentDecodingError)):
        return ChannelError(f"no whole answer: {kind}", retryable=True, unknown=True)
    return ChannelError(f"cannot be sent: {kind}", retryable=False)
