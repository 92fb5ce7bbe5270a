"""The console's pages of rounds: which there are, what each has brought, its files out, and one of elsewhere in."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from domain.errors import Refusal
from models.base import Database, Tx
from models.rounds import opinion_round
from services import browse, chart, paging, round_picture, round_sheet, round_view, rounds
from texts.say import say
from web.door import written

LISTED = 100
BYTES = 8 * 1024 * 1024  # of one file
PATH = "/console/rounds"
LIMIT = 2 * BYTES + 64 * 1024


class RoundPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime], community: Callable[[], int]):
        self.db, self.clock, self.community = db, clock, community

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/rounds", "rounds", self.listed)
        console.add_url_rule("/rounds", "round_take", self.take, methods=["POST"])
        console.add_url_rule("/rounds/<int:key>", "round", self.page)
        console.add_url_rule("/rounds/<int:key>.png", "round_png", self.picture)
        console.add_url_rule("/rounds/<int:key>.zip", "round_zip", self.files, methods=["POST"])

    def listed(self, done: str = "") -> Any:
        """The rounds, the newest first."""
        with self.db.read() as tx:
            rows = round_view.listed(tx, g.login.actor.community_id, most=LISTED)
            places = browse.communities(tx) if g.login.actor.community_id is None else {}
        return render_template("console/rounds.html", rows=rows, done=done, places=places)

    def page(self, key: int) -> Any:
        """What a round has brought."""
        with self.db.read() as tx:
            row = self._own(tx, key)
            report = round_view.of(tx, row)
            return render_template(
                "console/round.html", row=row, number=rounds.number_of(tx, row), url=round_view.url_of(tx, row),
                it=round_sheet.of(tx, report) if report is not None else None,
                source_at=lambda said: url_for("console.messages", before=said.message_id + 1))

    def picture(self, key: int) -> Any:
        """The picture that was posted."""
        with self.db.read() as tx:
            report = round_view.of(tx, self._own(tx, key))
            facts = round_picture.facts(report) if report is not None and round_picture.worth_seeing(report) else abort(404)
        return Response(chart.draw(facts), mimetype="image/png", headers={"Cache-Control": "private, max-age=300"})

    def files(self, key: int) -> Any:
        """The round in the format of the public Polis exports; that it was taken is on record."""
        from services import round_files  # numpy: only who asks for the files waits for it

        with self.db.read() as tx:
            row = self._own(tx, key)
        try:
            data = written(self.db, lambda tx: round_files.archive(tx, g.login.actor, row, now=self.clock()))
        except Refusal as no:
            return render_template("console/note.html", text=say(no.key, **no.facts)), 400
        name = f"attachment; filename=round-{row.number}.zip"
        return Response(data, mimetype="application/zip", headers={"Content-Disposition": name})

    def take(self) -> Any:
        """Takes in a round that was held elsewhere, from its two files."""
        try:
            row = self._take()
        except Refusal as no:
            return self.listed(done=say(no.key, **no.facts)), 400
        return redirect(url_for("console.round", key=row.id))

    def _take(self) -> Any:
        from services import round_files

        said = request.form.get("issue", "").strip().upper().removeprefix("I")
        if not said.isascii() or not said.isdigit() or len(said) > 9:
            raise Refusal("findings.import.number")
        with TemporaryDirectory() as folder:
            paths = [self._kept(Path(folder), name) for name in ("comments.csv", "votes.csv")]
            comments, votes = round_files.read(*paths)
            files = {path.name: path.read_text("utf-8-sig") for path in paths}
        title = request.form.get("title", "").replace("\0", "").strip()[:64]
        actor = replace(g.login.actor, community_id=self.community())
        return written(self.db, lambda tx: round_files.take_in(
            tx, actor, comments, votes, number=int(said), title=title, files=files, now=self.clock()))

    def _kept(self, folder: Path, name: str) -> Path:
        sent = request.files.get(name.partition(".")[0])
        data = sent.read(BYTES + 1) if sent is not None else b""
        if not data or len(data) > BYTES:
            raise Refusal("findings.import.no_file" if not data else "findings.import.large", file=name, most=BYTES // 1024 // 1024)
        path = folder / name
        path.write_bytes(data)
        return path

    def _own(self, tx: Tx, key: int) -> Any:
        """The row, or 404 when it is not of this account's community."""
        row = browse.one(tx, opinion_round, key, g.login.actor.community_id) if key <= paging.LARGEST else None
        return row if row is not None else abort(404)
