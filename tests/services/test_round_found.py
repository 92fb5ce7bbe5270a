"""What a round brings, through the services: the planted bridge is found, groups are named, nothing is said that nobody said."""


import pytest
from sqlalchemy import select

from models.base import Database
from models.rounds import opinion_round
from services import outbox, round_making, round_view
from services.roads import Road
from services.round_view import Report
from tests.services.crowd import BRIDGE, NOW, Crowd, close, gather


@pytest.fixture(autouse=True)
def roads() -> None:
    """One group road that shows pictures, and a 公众号."""
    outbox.configure({"webhook": Road(push_group=True), "mp": Road(push_person=True, images=False)}, outbox.QUIET)


def _reported(db: Database, crowd: Crowd) -> Report:
    close(db, crowd, now=NOW)
    assert round_making.make_due(db, now=NOW) == 1
    with db.read() as tx:
        row = tx.execute(select(opinion_round).where(opinion_round.c.id == crowd.round_id)).one()
        found = round_view.of(tx, row)
    assert found is not None
    return found


def test_the_planted_bridge_is_found_among_sixty_by_forty_in_three_buildings(db: Database) -> None:
    """Two camps cut across the buildings; of 60 statements one is meant by all, through noise."""
    crowd = gather(db)
    report = _reported(db, crowd)
    assert report.common == [crowd.bridge] and report.quote(crowd.bridge) == f"“{BRIDGE}”"
    names = [each["name"] for each in report.groupings]
    assert names == ["opinion", "building", "floor"] and report.accepted_by(crowd.bridge) == names
    assert report.opinion is not None and [g["label"] for g in report.opinion["groups"]] == ["甲", "乙"]
    assert report.opinion["groups"][0]["size"] + report.opinion["groups"][1]["size"] == 40
    assert all(report.typical(group) for group in report.opinion["groups"])
    assert all(group["shared"][0] == crowd.bridge for group in report.opinion["groups"])
    assert all(crowd.bridge in group["shared"] for each in report.groupings for group in each["groups"])
    key, (agrees, disagrees) = report.divided[0]
    assert key != crowd.bridge and agrees and disagrees
