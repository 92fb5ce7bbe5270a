"""The same rounds through red-dwarf, other people's implementation of Polis: where it does the same, the numbers are the same.

Left out: its clusters beyond 100 people (it has no base clusters), its number of groups (a group of one is a veto there), and the
grouping itself (other starts); ours with plain means are compared through the statistics of its groups."""

import numpy as np
import pytest

from opinions import rounds, stats
from opinions.matrix import from_events
from tests.opinions.planted import camps

pytestmark = pytest.mark.filterwarnings("ignore")
OUT = [5, 6]


@pytest.fixture(scope="module", params=[(50, 24, 3, 0.3, 0.6, 4), (90, 60, 2, 0.4, 0.3, 7)], ids=["three camps", "two, sparse"])
def both(request: pytest.FixtureRequest) -> tuple:
    """Its result, ours, and its groups as ours."""
    from reddwarf.implementations.polis import run_pipeline

    people, statements, groups, noise, seen, seed = request.param
    events = [(int(p[1:]), int(s[1:]), v) for p, s, v in camps(people, statements, groups, noise=noise, seen=seen, seed=seed)[0]]
    theirs = run_pipeline(votes=[{"participant_id": p, "statement_id": s, "vote": v, "modified": n}
                                 for n, (p, s, v) in enumerate(events)], mod_out_statement_ids=OUT, random_state=1)
    ours = rounds.analyse(from_events(events, out=OUT), robust=False)
    label = theirs.participants_df["cluster_id"].reindex(ours.votes.people)
    return theirs, ours, label.fillna(-1).to_numpy(int)


def test_places_and_extremity(both: tuple) -> None:
    """Everybody's place but for the sign of an axis; how far out each statement is."""
    theirs, ours, _ = both
    places = np.array([theirs.participant_projections[p] for p in ours.votes.people])
    assert np.allclose(np.abs(places), np.abs(ours.points), atol=1e-10)
    assert np.allclose(theirs.statements_df["extremity"], ours.axes.extremity, atol=1e-10)


def test_the_same_people_are_clustered_and_priorities_agree(both: tuple) -> None:
    """Seven votes; priorities from their counts."""
    theirs, ours, _ = both
    assert (theirs.participants_df["to_cluster"].reindex(ours.votes.people).to_numpy() == (ours.group >= 0)).all()
    assert np.allclose(theirs.statements_df["priority"], ours.priorities(), atol=1e-10)


def test_lists_of_consensus_and_of_groups(both: tuple) -> None:
    """The same statements in the same order with the same numbers."""
    theirs, ours, group = both
    for side in ("agree", "disagree"):
        assert [(one["tid"], pytest.approx(one["p-test"])) for one in theirs.consensus[side]] == [
            (ours.votes.statements[p.statement], p.test) for p in ours.consensus(agree=side == "agree")]
    groups = int(group.max()) + 1
    counts = stats.count(ours.votes, group, groups)
    assert np.allclose(theirs.statements_df["group-aware-consensus-agree"], stats.group_informed(counts))
    sizes = np.bincount(group[group >= 0], minlength=groups)
    for number, picks in enumerate(stats.representative(stats.moderated(counts, sizes, ours.votes.out), ours.votes.out)):
        assert [(ours.votes.statements[p.statement], p.agree, p.ratio_test) for p in picks] == [
            (one["tid"], one["repful-for"] == "agree", pytest.approx(one["repness-test"])) for one in theirs.repness[number]]
