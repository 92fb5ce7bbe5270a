"""The admins' console: pages over services/browse.py, behind a login."""

from flask import Flask
from flask.wrappers import Response
from flask_wtf.csrf import CSRFProtect

from web.blueprint import console_blueprint

__all__ = ["console_blueprint", "init_app"]

POLICY = ("default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action 'self'; "
          "base-uri 'none'; frame-ancestors 'none'")


def init_app(app: Flask, secret_key: str) -> CSRFProtect:
    """Adds CSRF tokens and security headers; the caller exempts what is no form."""
    app.secret_key = secret_key
    app.config.update(WTF_CSRF_TIME_LIMIT=None, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
                      SESSION_COOKIE_NAME="linyi_form", WTF_CSRF_SSL_STRICT=False)

    @app.after_request
    def protect(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", POLICY)
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response

    return CSRFProtect(app)
