"""What a message means where it was said: grammar first, then the reader; pipeline, tool and console all come through here."""

import re

from bot import router
from bot.router import Args, Command
from texts.normal import plain
from understanding.context import Context
from understanding.features import Heard
from understanding.meaning import Meaning
from understanding.reader import Reader

INTENTS = {  # what each command is called in the catalogue of intents; the others keep their own name
    "issue.report": "register_issue", "issue.support": "second_issue", "issue.supplement": "supplement_issue",
    "issue.withdraw": "withdraw_issue", "issue.solved": "rate", "issue.unsolved": "rate", "issue.show": "ask_progress",
    "issue.progress": "ask_progress", "issue.accept": "command_accept", "issue.reject": "command_reject",
    "issue.merge": "command_merge", "poll.open": "command_poll", "poll.show": "ask_result", "poll.remind": "command_remind",
    "poll.extend": "command_extend", "poll.close": "command_close", "poll.void": "command_cancel_poll",
    "vote.withdraw": "cancel_vote", "bind": "bind_identity", "privacy.leave": "privacy_optout",
    "privacy.delete": "privacy_delete", "privacy.delete.now": "privacy_delete", "privacy.export": "privacy_export",
    "help": "help", "handoff": "handoff",
}


_PUBLISHES = re.compile(r"\W*(?:小议\W*)?公布")  # ends a poll like 结束, and says why it is ended


def understand(text: str, context: Context, reader: Reader) -> Meaning:
    """The meaning of these words in this situation."""
    found = grammar(text, context)
    if found is not None and found[0].name in INTENTS:
        intent = "command_publish" if _PUBLISHES.match(plain(text)) else INTENTS[found[0].name]
        return reader.read(text, context, intent=intent)
    return reader.read(text, context)


def grammar(text: str, context: Context) -> tuple[Command, Args] | None:
    """The command that the words are; in talk that is not for the bot only what can be nothing else."""
    heard = Heard(text, context)
    found = router.match(heard.words)
    if found is None or heard.addressed or context.staff or heard.words[:1] == "/":
        return found
    return found if found[1].issue or found[1].poll else None
