"""Best free echo we know: WeRoBot on bottle in safe mode, no session storage."""

import os

import bottle
import werobot
from werobot.contrib.bottle import make_view

robot = werobot.WeRoBot(token=os.environ["LINYI_MP_TOKEN"], encoding_aes_key=os.environ["LINYI_MP_AES_KEY"],
                        app_id=os.environ["BENCH_APP_ID"], enable_session=False)


@robot.text
def echo(message):  # noqa: ANN001, ANN201
    """The same words back."""
    return message.content


app = bottle.Bottle()
app.route("/wire/mp", ["GET", "POST"], make_view(robot))
