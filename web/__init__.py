"""Two doors: the admins' console behind a login, and the residents' pages for phones under /m."""

from flask import Flask, g, render_template, request
from flask.wrappers import Response
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import NotFound

from web import jobs, paper, register, rounds, setup
from web.blueprint import console_blueprint
from web.phone import phone_blueprint
from web.policy import POLICY
from web.wechat import WechatLogin
from web.words import word

__all__ = ["WechatLogin", "console_blueprint", "init_app", "phone_blueprint"]

MOST_BYTES = 256 * 1024  # of any request; the callbacks have a smaller limit of their own


def init_app(app: Flask, secret_key: str) -> CSRFProtect:
    """Adds CSRF tokens and security headers; the caller exempts what is no form: `init_app(…).exempt(blueprint)`."""
    app.secret_key = secret_key
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    app.config.update(WTF_CSRF_SSL_STRICT=False, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
                      SESSION_COOKIE_NAME="linyi_form", SESSION_COOKIE_PATH="/console")
    app.config["MAX_CONTENT_LENGTH"] = app.config.get("MAX_CONTENT_LENGTH") or MOST_BYTES

    @app.before_request
    def larger() -> None:
        if request.path == setup.PATH:  # a table of homes; sealed in a field of the form when it is confirmed
            request.max_content_length = request.max_form_memory_size = setup.LIMIT
        elif request.path == register.PATH:  # a table of owners
            request.max_content_length = register.LIMIT
        elif request.path == rounds.PATH:  # a round of elsewhere
            request.max_content_length = rounds.LIMIT
        elif request.path.startswith("/console/polls/") and request.path.endswith(paper.PATH):  # with a photo
            request.max_content_length = paper.LIMIT
        elif request.path.startswith(jobs.PATH):  # with photos of what was done
            request.max_content_length = jobs.LIMIT

    @app.after_request
    def protect(response: Response) -> Response:
        if request.path.startswith("/console") and not request.path.startswith("/console/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", g.get("policy", POLICY))
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response

    @app.errorhandler(CSRFError)
    def stale(_error: CSRFError) -> tuple[str, int]:
        return render_template("console/note.html", text=word("form_stale")), 400

    @app.errorhandler(404)
    def nowhere(error: NotFound) -> NotFound | tuple[str, int]:  # an address of the console that no page has
        return (render_template("console/note.html", text=word("page_gone")), 404) if request.path.startswith("/console") else error

    return CSRFProtect(app)
