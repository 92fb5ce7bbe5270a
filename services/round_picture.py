"""What the picture of a round shows, as plain facts that wait in the outbox: the map of opinions where groups are clear, and a
ladder of common ground; the same in words for who does not see pictures."""

from typing import Any

from services.round_view import Report, label
from texts.say import say

RUNGS, DIVIDED = 4, 2  # of common ground and of what divides; one less of each beside a map
QUOTED = 48
MARKS = 300


def worth_seeing(report: Report) -> bool:
    """Whether a picture would show anything: a statement with its counts, or groups."""
    return bool(report.common or report.divided or report.opinion)


def facts(report: Report) -> dict[str, Any]:
    """The facts that services/round_chart.py draws."""
    drawn = _map(report)
    beside = 1 if drawn else 0
    common, divided = report.common[:RUNGS - beside], [key for key, _ in report.divided][:DIVIDED - beside]
    return {
        "title": say("findings.picture.title", round=report.round, issue=report.issue),
        "subtitle": say("findings.picture.subtitle", people=report.found["people"], statements=len(report.found["shown"]),
                        votes=report.found["votes"]),
        "map": drawn,
        "ladder": [{"head": say("findings.picture.common"), "rungs": [_rung(report, key) for key in common],
                    "none": say("findings.picture.no_common")},
                   *([{"head": say("findings.picture.divided"), "rungs": [_rung(report, key) for key in divided], "none": ""}]
                     if divided else [])],
        "key": [say(f"findings.picture.{side}") for side in ("agree", "pass", "disagree")],
        "footer": say("findings.picture.footer", issue=report.issue)}


def words(report: Report) -> str:
    """The picture in words, every number in it."""
    it = facts(report)
    said = [it["title"], it["subtitle"]]
    if it["map"]:
        said += [f"{g['name']}：{g['said']}" for g in it["map"]["groups"]]
    for part in it["ladder"]:
        said.append("；".join([part["head"], *(f"{rung['text']}（{rung['said']}）" for rung in part["rungs"])] if part["rungs"]
                             else [part["none"]]))
    return "。".join(said)


def _rung(report: Report, key: int) -> dict[str, Any]:
    agrees, disagrees, passes = report.counts(key) or (0, 0, 0)
    across = [say(f"findings.across.{name}") for name in report.accepted_by(key) if name != "opinion"]
    return {"text": say("findings.picture.rung", number=report.statements[key].number, quote=report.quote(key, QUOTED)),
            "counts": [agrees, passes, disagrees],
            "said": say("findings.picture.counts", agrees=agrees, disagrees=disagrees, passes=passes),
            "across": say("findings.picture.across", across=across) if across and key in report.common else ""}


def _map(report: Report) -> dict[str, Any] | None:
    if report.opinion is None or not report.found["map"]:
        return None
    groups = []
    for group in report.opinion["groups"]:
        typical = report.typical(group)
        groups.append({"name": label("opinion", group["label"]), "letter": group["label"], "size": group["size"],
                       "said": say("findings.picture.typical", size=group["size"], agree=typical[1] if typical else True,
                                   quote=report.quote(typical[0], 40) if typical else "")})
    points = report.found["map"]  # from left to right: every so many-th stands for its neighbours when there are too many to draw
    return {"head": say("findings.picture.map"), "points": points[::-(-len(points) // MARKS)], "groups": groups}
