"""What the console shows of the accounts in config.yaml, and how it tries one: no secret leaves this file."""

import os

from bot.config import ChannelSettings, ConfigError, Settings
from ops import house
from ops.doctor_accounts import CALLED, examine
from ops.mp_tools import put_menu
from web.desk import Platform, Seen

_SECRETS = ("token", "aes_key", "app_secret")


def platform(settings: Settings) -> Platform:
    """The installation's accounts for the console."""
    return Platform(lambda: accounts(settings), _examined, _menu)


def _menu(name: str) -> tuple[bool, str]:
    try:
        return True, put_menu(name)
    except ConfigError as no:
        return False, str(no)


def _examined(name: str) -> list[tuple[bool, str]]:
    return [(found.good, found.text) for found in examine(house.settings_path(), name)]


def accounts(settings: Settings) -> list[Seen]:
    """Every account with the address it is called at and the environment variables that are missing."""
    base = settings.server.public_url or f"http://{settings.server.host}:{settings.server.port}"
    return [Seen(each.name, each.kind, each.community, f"{base}/wire/{each.name}" if each.kind in CALLED else "", _lacking(each))
            for each in settings.channels]


def _lacking(channel: ChannelSettings) -> tuple[str, ...]:
    named = [getattr(channel, f"{what}_env") for what in _SECRETS]
    return tuple(variable for variable in named if variable and not os.environ.get(variable))
