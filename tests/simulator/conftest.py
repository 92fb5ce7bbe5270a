"""Fixtures: a simulator in a hurry, with accounts that point at a stand-in for our app."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from simulator.delivery import Pace
from simulator.server import create_app
from simulator.simulation import Simulation
from simulator.world import SimAccount
from tests.simulator.stage import KEY, WORLD, App, Clock, running


@pytest.fixture
def app() -> Iterator[App]:
    """Our app, played by a tiny server."""
    with running(App()) as app:
        yield app


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def mode() -> str:
    """The 公众号's encryption mode; tests override it by parametrizing."""
    return "safe"


@pytest.fixture
def accounts(app: App, mode: str) -> list[SimAccount]:
    """One account of each kind, all pointing at the stand-in app."""
    return [SimAccount("mp", "mp", f"{app.url}/wire/mp", "tok", KEY, "wxapp", "s3cret", mode),
            SimAccount("wecom_aibot", "aibot", f"{app.url}/wire/aibot", "tok", KEY, "aib1"),
            SimAccount("wecom_webhook", "robot", bot_name="社区播报")]


@pytest.fixture
def server(accounts: list[SimAccount], clock: Clock) -> Iterator[Flask]:
    """The simulator, in a hurry."""
    built = create_app(WORLD, accounts, base_url="http://sim", console_url="http://console/", clock=clock,
                       pace=Pace(cut_s=5, retry_wait_s=0, hold_s=3600), carriers=4)
    yield built
    built.extensions["simulation"].close()


@pytest.fixture
def sim(server: Flask) -> Simulation:
    """The running platform."""
    return server.extensions["simulation"]


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    """HTTP to the simulator without a network."""
    return server.test_client()
