"""What a page may load and run: only our own, and on pages with WeChat's button also WeChat's script."""

import hashlib
from base64 import b64encode

_PARTS = {"default-src": "'none'", "style-src": "'self'", "img-src": "'self' data:", "script-src": "'self'",
          "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'"}


def _written(parts: dict[str, str]) -> str:
    return "; ".join(f"{name} {sources}" for name, sources in parts.items())


POLICY = _written(_PARTS)


def with_wechat(host: str, style: str) -> str:
    """The policy of a page with WeChat's button: WeChat's script, our own signature, and exactly this style inside the button."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _written(_PARTS | {"script-src": f"'self' {host}", "connect-src": "'self'", "style-src": f"'self' 'sha256-{digest}'"})


POLLING = _written(_PARTS | {"connect-src": "'self'"})  # of a page whose own script asks us for news
