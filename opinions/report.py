"""An analysis as plain data for a file."""

from collections.abc import Mapping
from typing import Any

from opinions.rounds import Analysis
from opinions.stats import Pick


def as_data(found: Analysis, bodies: Mapping[str, str]) -> dict[str, Any]:
    """Everything that was found. When the gate is shut, groups and what follows from them are left out, the reason is given."""
    names = [str(s) for s in found.votes.statements]
    out = {name for name, gone in zip(names, found.votes.out, strict=True) if gone}

    def told(pick: Pick) -> dict[str, Any]:
        name = names[pick.statement]
        return {"statement": name, "text": bodies.get(name, ""), "side": "agree" if pick.agree else "disagree",
                "share": pick.share, "test": pick.test, "ratio": pick.ratio, "ratio_test": pick.ratio_test}

    data: dict[str, Any] = {
        "people": len(found.votes.people), "statements": len(names), "votes": len(found.votes.values),
        "gate": {"groups_shown": found.shown, "reason": found.reason, "clustered": int((found.group >= 0).sum()),
                 "k": found.state.groups, "clear": found.clear,
                 "silhouette": {str(k): value for k, value in found.silhouettes.items()}},
        "consensus": {"agree": [_plain(told(p)) for p in found.consensus()],
                      "disagree": [_plain(told(p)) for p in found.consensus(agree=False)]},
        "moderated_out": [name for name in names if name in out],
        "groups": [], "group_informed_consensus": [], "projections": {}}
    if found.shown:
        members = {number: [str(p) for p, g in zip(found.votes.people, found.group, strict=True) if g == number]
                   for number in found.numbers}
        data["groups"] = [{"id": number, "size": len(members[number]), "members": members[number],
                           "representative": [told(pick) for pick in picks]} for number, picks in found.representative().items()]
        shared = sorted(zip(names, found.group_informed().tolist(), strict=True), key=lambda one: -one[1])
        data["group_informed_consensus"] = [{"statement": name, "text": bodies.get(name, ""), "value": value}
                                            for name, value in shared if name not in out]
        data["projections"] = {str(p): {"x": x, "y": y}
                               for p, (x, y) in zip(found.votes.people, found.points.tolist(), strict=True)}
    return data


def _plain(pick: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in pick.items() if not name.startswith("ratio")}
