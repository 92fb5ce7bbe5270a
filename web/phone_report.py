"""The page with everything a round has brought, and its picture, for who was given the address."""

from typing import TYPE_CHECKING, Any

from flask import abort, make_response, request, url_for

from services import chart, pages, round_picture, round_sheet, round_view
from texts.say import say

if TYPE_CHECKING:
    from web.phone import _Phone


class ReportView:
    """The views, on the database and the login of the other pages."""

    def __init__(self, phone: "_Phone"):
        self.phone = phone

    def show(self, code: str, number: int, mark: str) -> Any:
        """The whole result; before it is made, when it will be."""
        if not pages.genuine("report", code, number, mark):
            abort(404)
        with self.phone.db.read() as tx:
            row = round_view.numbered(tx, code, number) or abort(404)
            report = round_view.of(tx, row)
            who = self.phone.login.visitor(tx)
            who = who if who is not None and who.community == code else None
            return self.phone.page(
                "phone/report.html", tx, who, code, here=request.path, row=row,
                it=round_sheet.of(tx, report) if report is not None else None,
                poll_at=lambda p: pages.path_of("poll", code, p.number), issue_url=pages.path_of("issue", code, row.issue_number),
                round_url=pages.path_of("round", code, row.number),
                picture=url_for("phone.round_picture", code=code, number=number, mark=mark))

    def picture(self, code: str, number: int, mark: str) -> Any:
        """The picture that was posted."""
        if not pages.genuine("report", code, number, mark):
            abort(404)
        with self.phone.db.read() as tx:
            row = round_view.numbered(tx, code, number) or abort(404)
            report = round_view.of(tx, row)
            facts = round_picture.facts(report) if report is not None and round_picture.worth_seeing(report) else {
                "title": f"I{row.issue_number} {row.title}", "subtitle": say("page.report.kind", number=row.issue_number),
                "rows": [], "footer": say("page.picture")}
        response = make_response(chart.draw(facts))
        response.headers["Content-Type"], response.headers["Cache-Control"] = "image/png", "public, max-age=300"
        return response
