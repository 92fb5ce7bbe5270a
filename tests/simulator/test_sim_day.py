"""The day plays its script through the same phones, and survives a bot that says something else."""

import threading
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.day import SCRIPTS, Answer, DayPlayer, Step, fill, load_script
from simulator.simulation import Simulation
from simulator.world import load_world
from tests.simulator.stage import ROOT, App, aibot_answer, aibot_json


def no_pause(stop: threading.Event, seconds: float) -> bool:
    return stop.is_set()


def play(sim: Simulation, *steps: Step) -> DayPlayer:
    player = DayPlayer(sim, {"day": list(steps)}, pause=no_pause)
    player.command("start")
    assert player.join(20)
    return player


def replies(app: App, answers: dict[str, str]) -> None:
    def answer(seen: Any) -> tuple[int, bytes]:
        return aibot_answer(answers[aibot_json(seen)["text"]["content"]])(seen)
    app.answer = answer


def sent(app: App) -> list[str]:
    return [aibot_json(seen)["text"]["content"] for seen in app.seen]


def test_number_from_a_reply_is_used_later_and_questions_are_answered(app: App, sim: Simulation) -> None:
    replies(app, {"反映 灯坏了": "登记为议题吗？回复 1 确认", "1": "登记好了：I7", "附议 I7": "已附议"})
    ask = Answer("回复 1", "1")
    play(sim, Step("反映", "王阿姨", "小议", "反映 灯坏了", wait_for=r"(?P<issue>I\d+)", then_if=ask),
         Step("附议 {issue}", "周敏", "小议", "附议 {issue}", wait_for="附议"))
    assert sent(app) == ["反映 灯坏了", "1", "附议 I7"]
    captions = [event["text"] for event in sim.feed.after(0) if event["type"] == "caption"]
    assert captions == ["反映", "附议 I7", ""]


def test_the_answer_to_a_question_counts_more_than_the_question(app: App, sim: Simulation) -> None:
    replies(app, {"反映 灯坏了": "与 I7 相同，回复 1 附议", "1": "并入了 I3", "附议 I3": "已附议"})
    ask = Answer("回复 1", "1")
    play(sim, Step("反映", "王阿姨", "小议", "反映 灯坏了", wait_for=r"(?P<issue>I\d+)", then_if=ask),
         Step("附议", "周敏", "小议", "附议 {issue}", wait_for="附议"))
    assert sent(app)[-1] == "附议 I3"


def test_step_about_something_that_never_came_is_left_out(app: App, sim: Simulation) -> None:
    replies(app, {"反映 灯坏了": "今天不行", "你好": "您好"})
    report = Step("反映", "王阿姨", "小议", "反映 灯坏了", wait_for=r"(?P<issue>I\d+)", timeout_s=0.2)
    play(sim, report,
         Step("附议", "周敏", "小议", "附议 {issue}"), Step("问好", "周敏", "小议", "你好", wait_for="."))
    assert sent(app) == ["反映 灯坏了", "你好"]


def test_quote_takes_the_newest_fitting_words(app: App, sim: Simulation) -> None:
    replies(app, {"@小议 反映": "I1 登记好了", "@小议 +1": "已附议"})
    play(sim, Step("反映", "王阿姨", "3幢群", "反映", wait_for=r"(?P<issue>I\d+)"),
         Step("附议", "周敏", "3幢群", "+1", quote_last="{issue}", wait_for="附议"))
    assert aibot_json(app.seen[1])["quote"]["text"]["content"] == "I1 登记好了"


def test_result_that_came_early_is_not_waited_for_again(app: App, sim: Simulation) -> None:
    replies(app, {"@小议 发起投票": "P3 开始了"})

    def pause(stop: threading.Event, seconds: float) -> bool:
        if seconds == 9:
            sim.feed.add("post", chat="3幢群", text="投票 P3 结束")
        return stop.is_set()

    start = Step("投票", "周敏", "3幢群", "发起投票", wait_for=r"(?P<poll>P\d+)", pause_s=9)
    wait = Step("等", wait_in="3幢群", wait_for="{poll}.*结束", kinds=("post",), timeout_s=600)
    player = DayPlayer(sim, {"day": [start, wait]}, pause=pause)
    player.command("start")
    assert player.join(20)


def test_stop_ends_the_day(app: App, sim: Simulation) -> None:
    reached = threading.Event()

    def pause(stop: threading.Event, seconds: float) -> bool:
        reached.set()
        return stop.wait(20)

    player = DayPlayer(sim, {"day": [Step("等很久", pause_s=99)]}, pause=pause)
    player.command("start")
    assert reached.wait(5)
    assert player.status()["running"] is True
    player.command("stop")
    assert player.join(5)
    assert player.status()["running"] is False


@pytest.mark.parametrize(("text", "escape", "filled"), [
    ("附议 {issue}", False, "附议 I(1)"), ("{issue}", True, r"I\(1\)"), ("{poll}", False, "{poll}"),
    ("{poll}", True, ".*")])
def test_filling(text: str, escape: bool, filled: str) -> None:
    assert fill(text, {"issue": "I(1)"}, escape=escape) == filled


def test_a_story_lets_time_pass(app: App, sim: Simulation) -> None:
    sim.clock = Clock()
    play(sim, Step("三天后", hours=72))
    assert sim.clock.ahead_s == 72 * 3600


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_of_the_demo_fit_the_demo_world(name: str) -> None:
    world = load_world(ROOT / "demo" / "community.yaml")
    script = load_script(SCRIPTS[name])
    for step in script:
        person = world.person(step.person)
        assert step.caption
        if step.person:
            assert person, step
            assert step.to in ("小议", "公众号", "社区应用", *person.groups), step
        assert not step.wait_in or world.group(step.wait_in)
    if name == "day":
        assert {step.text for step in script} >= {"1", "同意", "投第二个", "要是不加钱我就举手"}
