"""Stands in for the platform's REST endpoints: gives tokens, accepts every post, counts them. `python -m bench.sink PORT`."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink(BaseHTTPRequestHandler):
    """Answers as the platform does when all is well."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """A token or a post."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = "token" in self.path.split("?")[0]
        body = json.dumps({"access_token": "t", "expires_in": 7200} if token else {"errcode": 0, "errmsg": "ok"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Sink).serve_forever()
