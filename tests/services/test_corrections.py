"""What staff puts right is kept, learned from, and forgotten together with the words."""

import pytest

from domain.errors import Refusal
from domain.roles import Role
from models.base import Database
from ops.measure import corrected
from services import corrections, dictionary, issues
from tests.services.test_similar import NOW, found, place, put, resident
from understanding import corpus, model
from understanding.context import Context
from understanding.corpus import Utterance
from understanding.reader import Reader


def test_a_correction_becomes_a_sentence_to_learn_from_until_the_words_are_erased(db: Database) -> None:
    """Category and intent with the resident's own words; nothing is left when those are gone."""
    with db.write() as tx:
        where = place(tx)
        staff = resident(tx, where, Role.GRID_WORKER)
        row = put(tx, resident(tx, where), "门口那一排木桩子老绊人")
        corrections.correct(tx, staff, number=row.number, field="category", value="road", now=NOW)
        learned = list(corrected(tx))
        assert [(u.text, u.intent, u.slots) for u in learned] == [("门口那一排木桩子老绊人", "register_issue", {"category": "road"})]
        corrections.correct(tx, staff, number=row.number, field="intent", value="chitchat", now=NOW)
        assert [u.intent for u in corrected(tx)] == ["register_issue", "chitchat"]
        issues.forget(tx, row.id)
        assert not list(corrected(tx))


def test_residents_correct_nothing(db: Database) -> None:
    """Only those who answer for the list may."""
    with db.write() as tx:
        where = place(tx)
        who = resident(tx, where)
        row = put(tx, who, "北门的灯坏了")
        with pytest.raises(Refusal):
            corrections.correct(tx, who, number=row.number, field="category", value="road", now=NOW)


def test_an_issue_is_found_under_its_corrected_place(db: Database) -> None:
    """The index of look-alikes follows the correction."""
    with db.write() as tx:
        where = place(tx)
        row = put(tx, resident(tx, where), "地下车库的灯不亮了好几天")
        corrections.correct(tx, resident(tx, where, Role.GRID_WORKER), number=row.number, field="place", value="北门", now=NOW)
        assert found(tx, where, "北门的灯不亮了好几天没人修") == row.number


def test_training_takes_corrections_up() -> None:
    """A word nobody taught is another category after a few corrections."""
    own = [Utterance(f"{where}的搞七拈三又坏了", Context(at_bot=True), "register_issue", {"category": "greening", "urgency": "normal"})
           for where in ("北门", "3幢", "花园", "车库", "东门", "楼道", "南门", "5幢")]
    base = [u for u in corpus.training() if u.intent in ("register_issue", "chitchat")][::4]
    reader = Reader(model.train([*base, *own], folds=1))
    assert reader.read("西门的搞七拈三坏了没人管", Context(at_bot=True), intent="register_issue").slots["category"] == "greening"


def test_the_communitys_words_are_its_own(db: Database) -> None:
    """Another community does not hear them; a word added twice changes its kind."""
    with db.write() as tx:
        here, there = place(tx), place(tx, "there")
        admin = resident(tx, here, Role.ADMIN)
        dictionary.add(tx, admin, community_id=here, word="玉兰亭", kind="place", now=NOW)
        dictionary.add(tx, admin, community_id=here, word="玉兰亭", kind="greening", now=NOW)
        assert (dict(dictionary.words_of(tx, here)), dict(dictionary.words_of(tx, there))) == ({"玉兰亭": "greening"}, {})
