"""Small elections, one or more of every kind, with results worked out by hand or published elsewhere; exports are built from them."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain import export, receipts
from domain.export import Ballot, Electorate, Poll, Row

OPENS = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=7)
STRAW = {"name": "straw"}
SPECIAL = {"name": "owner_special", "preset": "mfd_2021", "quorum": ["2/3", "at_least"], "pass": ["3/4", "at_least"]}
ORDINARY = SPECIAL | {"name": "owner_ordinary", "pass": ["1/2", "more_than"]}
HOUSEHOLD = {"name": "household", "preset": "rc_1989", "quorum": ["1/2", "more_than"], "pass": ["1/2", "more_than"]}
VERIFIER = Path(__file__).parents[2] / "verify" / "linyi_verify.py"


@dataclass
class Election:
    """Choices in the order they were cast, and the result they must give; `more` are facts of single ballots by place."""

    kind: str
    options: Sequence[str]
    rules: dict[str, Any]
    choices: Sequence[str]
    result: dict[str, Any]
    class_: dict[str, Any] = field(default_factory=lambda: STRAW)
    secrecy: str = "staff"
    electorate: Electorate = Electorate(2000, 2000)
    more: dict[int, dict[str, Any]] = field(default_factory=dict)

    def poll(self) -> Poll:
        """The poll as put."""
        return Poll("翠苑三区", 12, "要不要装电梯", "费用按楼层分摊，详见附件。", self.options, self.kind, self.rules, self.class_, self.secrecy,
                    OPENS, CLOSES, CLOSES + timedelta(minutes=1), self.electorate)

    def ballots(self) -> list[Ballot]:
        """One ballot per choice; receipts run against the order of casting, so that sorting matters."""
        secret = self.secrecy == "secret"
        found = []
        for n, choice in enumerate(self.choices):
            facts: dict[str, Any] = {"state": "counted", "voter": "" if secret else f"p{n}", "salt": "" if secret else f"盐{n}"}
            if self.kind == "signup":
                facts["seq"] = n + 1
            found.append(Ballot(receipt_of(n), choice, **facts | self.more.get(n, {})))
        return found

    def log(self) -> list[Row]:
        """Opened, every ballot cast (with what its state needs), closed."""
        rows = [Row(OPENS, "opened")]
        for n, ballot in enumerate(self.ballots()):
            salt = "" if self.secrecy == "named" else ballot.salt or f"throwaway{n}"
            at = OPENS + timedelta(minutes=n)
            rows.append(Row(at, "cast", receipts.commitment(ballot.receipt, ballot.choice, salt)))
            if ballot.state != "counted":
                rows.append(Row(at, "hold" if ballot.state == "held" else "withdraw", rows[-1].ballot))
        return [*rows, Row(CLOSES + timedelta(minutes=1), "closed")]

    def files(self, *, internal: bool = False) -> dict[str, bytes]:
        """The export."""
        result = {"class": {"name": "straw"}, "tied": []} | self.result
        return export.build(self.poll(), self.ballots(), self.log(), result, audit_head="ab" * 32, internal=internal)


def receipt_of(n: int) -> str:
    """The receipt of the n-th ballot cast."""
    return receipts.code((999_983 * 65_537 - n * 7_919) % (1 << 40))


def verify(folder: Path, files: dict[str, bytes] | bytes, *words: str) -> tuple[int, str]:
    """Runs the verifier alone in an empty folder, without site-packages or anything of ours; its exit code and what it said."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    shutil.copy(VERIFIER, alone / "linyi_verify.py")
    (alone / "export.zip").write_bytes(files if isinstance(files, bytes) else export.zipped(files))
    done = subprocess.run([sys.executable, "-I", "-S", "linyi_verify.py", "export.zip", *words], cwd=alone, capture_output=True,
                          timeout=60, check=False)
    assert not done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode()


def repeated(*groups: tuple[int, str]) -> list[str]:
    """[(3, "0>1"), …] as single choices."""
    return [choice for times, choice in groups for _ in range(times)]


def owners(yes: int, no: int, abstain: int, *, area: int = 10000, electorate: tuple[int, int | None] = (90, 900000),
           class_: dict[str, Any] = SPECIAL, facts: dict[str, Any] | None = None, **more: Any) -> Election:
    """An owner vote with units of equal area; `facts` are the class facts beside what follows from the numbers."""
    n, sides = yes + no + abstain, [yes, no, abstain]
    said = {"name": class_["name"], "preset": class_["preset"], "all": {"heads": electorate[0], "area": electorate[1]},
            "took_part": {"heads": n, "area": n * area}, "options": [{"heads": k, "area": k * area} for k in sides],
            "quorum": {"heads": True, "area": True}, "passed": True, "certified": True, "blocked": [], "held": 0} | (facts or {})
    best = max(sides)
    leading = [i for i, k in enumerate(sides) if k == best]
    result = {"ballots": n, "marks": sides, "winners": leading if len(leading) == 1 else [], "tied": leading if len(leading) > 1 else [],
              "class": said}
    return Election("stance", ["同意", "反对", "弃权"], {}, repeated((yes, "0"), (no, "1"), (abstain, "2")), result, class_=class_,
                    electorate=Electorate(electorate[0], *electorate),
                    more={i: {"head": f"h{i}", "area": area} for i in range(n)} | more.pop("more", {}), **more)


CAPITAL = repeated((42, "0>1>2>3"), (26, "1>2>3>0"), (15, "2>3>1>0"), (17, "3>2>1>0"))  # the capital of Tennessee, of many textbooks
CITIES = ["Memphis", "Nashville", "Chattanooga", "Knoxville"]
CAPITAL_PAIRS = [[0, 42, 42, 42], [58, 0, 68, 68], [58, 32, 0, 83], [58, 32, 17, 0]]
# Schulze's own example of 45 voters and five candidates: E > A > C > B > D.
FORTY_FIVE = repeated((5, "0>2>1>4>3"), (5, "0>3>4>2>1"), (8, "1>4>3>0>2"), (3, "2>0>1>4>3"), (7, "2>0>4>1>3"), (2, "2>1>0>3>4"),
                      (7, "3>2>4>1>0"), (8, "4>1>0>3>2"))
SHARES = repeated((3, "0,1"), (2, "0,1,3"), (1, "0"), (4, "2"))
PROJECTS: dict[str, Any] = {"limit": 1000, "costs": [600, 400, 300, 100], "lot": [0, 1, 2, 3]}

ELECTIONS: dict[str, Election] = {
    "single": Election("single", ["大修", "换新", "不动"], {}, ["2", "2", "0", "1"], {"ballots": 4, "marks": [1, 1, 2], "winners": [2]}),
    "single, a tie": Election("single", ["大修", "换新", "不动"], {}, ["2", "0"], {"ballots": 2, "marks": [1, 0, 1], "winners": [], "tied": [0, 2]}),
    "single, nobody": Election("single", ["大修", "换新"], {}, [], {"ballots": 0, "marks": [0, 0], "winners": []}),
    "multiple": Election("multiple", ["甲", "乙", "丙", "丁"], {"least": 1, "most": 2}, ["0,2", "2", "1,2"],
                         {"ballots": 3, "marks": [1, 1, 3, 0], "winners": [2]}),
    "approval": Election("approval", ["甲", "乙", "丙"], {}, ["0,1,2", "1", "1,2"], {"ballots": 3, "marks": [1, 3, 2], "winners": [1]}),
    "stance": Election("stance", ["同意", "反对", "弃权"], {}, ["0", "0", "1", "2"], {"ballots": 4, "marks": [2, 1, 1], "winners": [0]}),
    "score": Election("score", ["甲", "乙", "丙"], {"low": 1, "high": 10}, ["0:10,1:3", "1:7,2:2", "0:2"],
                      {"ballots": 3, "points": [13, 11, 4], "raters": [2, 2, 1], "winners": [0]}),
    "irv": Election("ranked", CITIES, {"method": "irv", "seats": 1, "lot": [0, 1, 2, 3]}, CAPITAL, {
        "ballots": 100, "winners": [3], "rounds": [
            {"votes": [42, 26, 15, 17], "exhausted": 0, "out": [2]}, {"votes": [42, 26, None, 32], "exhausted": 0, "out": [1]},
            {"votes": [42, None, None, 58], "exhausted": 0, "out": []}]}),
    # Round 1: 3 2 2 1, D out; its paper goes to C: 3 2 3, B out; its papers are exhausted: 3 3, a tie.
    "irv, a tie": Election("ranked", ["甲", "乙", "丙", "丁"], {"method": "irv", "lot": [3, 2, 1, 0]}, repeated((3, "0"), (2, "1"), (2, "2"), (1, "3>2")), {
        "ballots": 8, "winners": [], "tied": [0, 2], "rounds": [
            {"votes": [3, 2, 2, 1], "exhausted": 0, "out": [3]}, {"votes": [3, 2, 3, None], "exhausted": 0, "out": [1]},
            {"votes": [3, None, 3, None], "exhausted": 2, "out": []}]}),
    # B and C tie for last in round 2 (3 3 after D went to C); in round 1 C had fewer, so C goes although the lot is for C.
    "irv, the round before decides": Election("ranked", ["甲", "乙", "丙", "丁"], {"method": "irv", "lot": [2, 0, 3, 1]},
                                              repeated((4, "0"), (3, "1"), (2, "2>1"), (1, "3>2")), {
        "ballots": 10, "winners": [1], "rounds": [
            {"votes": [4, 3, 2, 1], "exhausted": 0, "out": [3]}, {"votes": [4, 3, 3, None], "exhausted": 0, "out": [2]},
            {"votes": [4, 5, None, None], "exhausted": 1, "out": []}]}),
    "irv, the lot decides": Election("ranked", ["甲", "乙", "丙"], {"method": "irv", "lot": [2, 0, 1]}, repeated((3, "0"), (2, "1"), (2, "2")), {
        "ballots": 7, "winners": [0], "rounds": [
            {"votes": [3, 2, 2], "exhausted": 0, "out": [1]}, {"votes": [3, None, 2], "exhausted": 2, "out": []}]}),
    "schulze": Election("ranked", list("ABCDE"), {"method": "schulze", "lot": [0, 1, 2, 3, 4]}, FORTY_FIVE, {
        "ballots": 45, "winners": [4], "order": [[4], [0], [2], [1], [3]], "pairs": [
            [0, 20, 26, 30, 22], [25, 0, 16, 33, 18], [19, 29, 0, 17, 24], [15, 12, 28, 0, 14], [23, 27, 21, 31, 0]]}),
    "schulze, ties on ballots": Election("ranked", ["甲", "乙", "丙"], {"method": "schulze", "lot": [0, 1, 2]}, ["0=1", "0=1>2", "2"], {
        "ballots": 3, "winners": [], "tied": [0, 1], "order": [[0, 1], [2]], "pairs": [[0, 0, 2], [0, 0, 2], [1, 1, 0]]}),
    "ranked pairs": Election("ranked", CITIES, {"method": "ranked_pairs", "lot": [0, 1, 2, 3]}, CAPITAL, {
        "ballots": 100, "winners": [1], "order": [[1], [2], [3], [0]], "pairs": CAPITAL_PAIRS}),
    # A beats B by 5, B beats C by 3, C beats A by 1: the weakest is left out.
    "ranked pairs, a circle": Election("ranked", ["甲", "乙", "丙"], {"method": "ranked_pairs", "lot": [2, 1, 0]},
                                       repeated((4, "0>1>2"), (3, "1>2>0"), (2, "2>0>1")), {
        "ballots": 9, "winners": [0], "order": [[0], [1], [2]], "pairs": [[0, 6, 4], [3, 0, 7], [5, 2, 0]]}),
    # Quota 6. Chocolate has 12, each paper goes on with half a vote; pears go out to oranges; sweets go out, the last seat is strawberries'.
    "stv": Election("ranked", ["桔子", "梨", "巧克力", "草莓", "糖"], {"method": "stv", "seats": 3, "lot": [0, 1, 2, 3, 4]},
                    repeated((4, "0"), (2, "1>0"), (8, "2>3"), (4, "2>4"), (1, "3"), (1, "4")), {
        "ballots": 20, "quota": "6.00000", "winners": [2, 0, 3], "rounds": [
            {"votes": ["4.00000", "2.00000", "12.00000", "1.00000", "1.00000"], "elected": [2], "out": [], "exhausted": "0.00000"},
            {"votes": ["4.00000", "2.00000", "6.00000", "5.00000", "3.00000"], "elected": [], "out": [1], "exhausted": "0.00000"},
            {"votes": ["6.00000", None, "6.00000", "5.00000", "3.00000"], "elected": [0, 3], "out": [4], "exhausted": "0.00000"}]}),
    # Quota 4. A has 7, surplus 3: each of 6 papers for B carries 0.42857 (cut off), the seventh has nobody left.
    "stv, values are cut off": Election("ranked", ["甲", "乙", "丙"], {"method": "stv", "seats": 2, "lot": [0, 1, 2]},
                                        repeated((6, "0>1"), (1, "0"), (3, "2"), (1, "1")), {
        "ballots": 11, "quota": "4.00000", "winners": [0, 1], "rounds": [
            {"votes": ["7.00000", "1.00000", "3.00000"], "elected": [0], "out": [], "exhausted": "0.00000"},
            {"votes": ["4.00000", "3.57142", "3.00000"], "elected": [1], "out": [2], "exhausted": "0.42858"}]}),
    "budget, greedy": Election("budget", ["健身角", "长椅", "花坛", "路灯"], PROJECTS | {"method": "greedy"}, SHARES, {
        "ballots": 10, "marks": [6, 5, 4, 2], "chosen": [0, 1], "spent": 1000, "left": 0, "winners": [0, 1]}),
    "budget, skipping": Election("budget", ["健身角", "长椅", "花坛", "路灯"], PROJECTS | {"method": "greedy", "limit": 950}, SHARES, {
        "ballots": 10, "marks": [6, 5, 4, 2], "chosen": [0, 2], "spent": 900, "left": 50, "winners": [0, 2]}),
    # Everyone has 100: six pay 100 for the first, four pay 75 for the third, the backers of the last have nothing left; it is added.
    "budget, equal shares": Election("budget", ["健身角", "长椅", "花坛", "路灯"], PROJECTS | {"method": "equal_shares"}, SHARES, {
        "ballots": 10, "marks": [6, 5, 4, 2], "chosen": [0, 2, 3], "bought": [0, 2], "added": [3], "spent": 1000, "left": 0, "winners": [0, 2, 3]}),
    "signup": Election("signup", ["参加"], {"places": 5, "each": 3}, ["2", "2", "2", "1"], {
        "ballots": 4, "placed": [receipt_of(0), receipt_of(1)], "waiting": [receipt_of(2), receipt_of(3)], "taken": 4, "winners": []}),
    "times": Election("times", ["周五", "周六", "周日"], {}, ["0,1|2", "1", "|1", "2|0"], {
        "ballots": 4, "yes": [1, 2, 1], "maybe": [1, 1, 1], "winners": [1]}),
    "times, more yes wins": Election("times", ["周五", "周六"], {}, ["0|1", "0"], {"ballots": 2, "yes": [2, 0], "maybe": [0, 1], "winners": [0]}),
    "owners, exactly 3/4 of exactly 2/3": owners(45, 15, 0),
    "owners, 0.01 m² short": owners(45, 15, 0, more={0: {"head": "h0", "area": 9999}, 59: {"head": "h59", "area": 10001}}, facts={
        "options": [{"heads": 45, "area": 449999}, {"heads": 15, "area": 150001}, {"heads": 0, "area": 0}], "passed": False}),
    "owners, no quorum": owners(45, 5, 0, facts={"quorum": {"heads": False, "area": False}, "passed": False}),
    "owners, exactly half is no majority": owners(30, 21, 9, class_=ORDINARY, facts={"passed": False}),
    "owners, abstaining is taking part": owners(31, 20, 9, class_=ORDINARY),
    "owners, some area unknown": owners(45, 15, 0, electorate=(90, None), facts={
        "quorum": {"heads": True, "area": False}, "passed": None, "certified": False, "blocked": ["missing_area"]}),
}
ELECTIONS["owners, one head with several units"] = owners(46, 14, 0, more={1: {"head": "h0", "area": 10000}}, facts={
    "took_part": {"heads": 59, "area": 600000}, "options": [{"heads": 45, "area": 460000}, {"heads": 14, "area": 140000}, {"heads": 0, "area": 0}],
    "quorum": {"heads": False, "area": True}, "passed": False})
ELECTIONS["owners, a held ballot counts nowhere"] = owners(46, 15, 0, more={0: {"head": "h0", "area": 10000, "state": "held"}}, facts={
    "took_part": {"heads": 60, "area": 600000}, "options": [{"heads": 45, "area": 450000}, {"heads": 15, "area": 150000}, {"heads": 0, "area": 0}],
    "held": 1})
ELECTIONS["owners, a held ballot counts nowhere"].result |= {"ballots": 60, "marks": [45, 15, 0]}
ELECTIONS["households"] = Election("stance", ["同意", "反对", "弃权"], {}, repeated((51, "0"), (50, "1")), {
    "ballots": 101, "marks": [51, 50, 0], "winners": [0], "class": {
        "name": "household", "preset": "rc_1989", "all": {"heads": 200}, "took_part": {"heads": 101},
        "options": [{"heads": 51}, {"heads": 50}, {"heads": 0}], "quorum": {"heads": True}, "passed": True, "certified": True,
        "blocked": [], "held": 0}}, class_=HOUSEHOLD, electorate=Electorate(200, 200))
ELECTIONS["withdrawn"] = Election("single", ["大修", "换新"], {}, ["0", "", "0"], {"ballots": 2, "marks": [2, 0], "winners": [0]},
                                  more={1: {"state": "withdrawn"}})
ELECTIONS["named"] = Election("single", ["大修", "换新"], {}, ["0", "1", "0"], {"ballots": 3, "marks": [2, 1], "winners": [0]}, secrecy="named")
ELECTIONS["secret"] = Election("single", ["大修", "换新"], {}, ["0", "1", "0"], {"ballots": 3, "marks": [2, 1], "winners": [0]}, secrecy="secret")
ELECTIONS["owners, the noes reach three quarters"] = owners(10, 50, 0, facts={"passed": False})
ELECTIONS["owners, choosing a company"] = Election("single", ["甲公司", "乙公司"], {}, ["1", "1", "0"], {"ballots": 3, "marks": [1, 2], "winners": [1], "class": {
    "name": "owner_ordinary", "preset": "mfd_2021", "all": {"heads": 4, "area": 40000}, "took_part": {"heads": 3, "area": 30000},
    "options": [{"heads": 1, "area": 10000}, {"heads": 2, "area": 20000}], "quorum": {"heads": True, "area": True}, "passed": True, "certified": True,
    "blocked": [], "held": 0}}, class_=ORDINARY, electorate=Electorate(4, 4, 40000), more={i: {"head": f"h{i}", "area": 10000} for i in range(3)})
ELECTIONS["owners, a budget passes nothing by itself"] = Election(
    "budget", ["健身角", "长椅"], {"method": "greedy", "limit": 10, "costs": [6, 5], "lot": [0, 1]}, ["0", "0,1"], {
        "ballots": 2, "marks": [2, 1], "chosen": [0], "spent": 6, "left": 4, "winners": [0], "class": {
            "name": "household", "preset": "rc_1989", "all": {"heads": 2}, "took_part": {"heads": 2}, "options": [{"heads": 2}, {"heads": 1}],
            "quorum": {"heads": True}, "passed": None, "certified": True, "blocked": [], "held": 0}}, class_=HOUSEHOLD, electorate=Electorate(2, 2))
# Quota 6. The larger surplus goes first: nine papers carry 0.33333 each, which elects the third before the second surplus moves.
ELECTIONS["stv, two surpluses"] = Election(
    "ranked", ["甲", "乙", "丙", "丁"], {"method": "stv", "seats": 3, "lot": [0, 1, 2, 3]}, repeated((8, "0>3"), (9, "1>2"), (4, "2"), (2, "3")), {
        "ballots": 23, "quota": "6.00000", "winners": [1, 0, 2], "rounds": [
            {"votes": ["8.00000", "9.00000", "4.00000", "2.00000"], "elected": [1, 0], "out": [], "exhausted": "0.00000"},
            {"votes": ["8.00000", "6.00000", "6.99997", "2.00000"], "elected": [2], "out": [], "exhausted": "0.00003"}]})
# Exactly the quota is enough; D goes by lot; then B and C are equal, and C had fewer in the round before.
ELECTIONS["stv, exactly the quota"] = Election(
    "ranked", ["甲", "乙", "丙", "丁"], {"method": "stv", "seats": 2, "lot": [2, 1, 0, 3]}, repeated((3, "0>1"), (2, "1"), (1, "2"), (1, "3>2")), {
        "ballots": 7, "quota": "3.00000", "winners": [0, 1], "rounds": [
            {"votes": ["3.00000", "2.00000", "1.00000", "1.00000"], "elected": [0], "out": [3], "exhausted": "0.00000"},
            {"votes": ["3.00000", "2.00000", "2.00000", None], "elected": [1], "out": [2], "exhausted": "0.00000"}]})
ELECTIONS["stv, nobody reaches the quota"] = Election(
    "ranked", ["甲", "乙", "丙", "丁"], {"method": "stv", "seats": 2, "lot": [0, 1, 2, 3]}, repeated((2, "0"), (3, "1"), (2, "2"), (2, "3")), {
        "ballots": 9, "quota": "4.00000", "winners": [1, 0], "rounds": [
            {"votes": ["2.00000", "3.00000", "2.00000", "2.00000"], "elected": [], "out": [3], "exhausted": "0.00000"},
            {"votes": ["2.00000", "3.00000", "2.00000", None], "elected": [1, 0], "out": [2], "exhausted": "2.00000"}]})
ELECTIONS["signup, exactly full"] = Election("signup", ["参加"], {"places": 4, "each": 3}, ["2", "2", "1"], {
    "ballots": 3, "placed": [receipt_of(0), receipt_of(1)], "waiting": [receipt_of(2)], "taken": 4, "winners": []})
ELECTIONS["times, if need be counts"] = Election("times", ["周五", "周六"], {}, ["0|1", "0|1", "1"], {
    "ballots": 3, "yes": [2, 1], "maybe": [0, 2], "winners": [1]})
ELECTIONS["times, nobody unsure"] = Election("times", ["周五", "周六"], {}, ["0", "0,1"], {"ballots": 2, "yes": [2, 1], "maybe": [0, 0], "winners": [0]})
