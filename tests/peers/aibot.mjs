// The official client against the simulator: subscribe, hear, stream, push a card, hear the tap, update the card.
import { createRequire } from "node:module";
const { WSClient } = createRequire(import.meta.url)("@wecom/aibot-node-sdk");

const [url, botId, secret] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const client = new WSClient({ wsUrl: url, botId, secret, logger: quiet });
const tell = (event, facts = {}) => console.log(JSON.stringify({ event, ...facts }));
const button = (text, style) => ({
  card_type: "button_interaction", main_title: { title: "电梯", desc: text }, task_id: "peer-1",
  button_list: [{ text, style, key: "seen" }],
});

client.on("authenticated", () => tell("authenticated"));
client.on("message.text", async (frame) => {
  tell("text", { content: frame.body.text.content, from: frame.body.from.userid });
  await client.replyStream(frame, "stream-1", "想一想", false);
  const done = await client.replyStream(frame, "stream-1", "想好了", true);
  const pushed = await client.sendMessage(frame.body.chatid, { msgtype: "template_card", template_card: button("知道了", 1) });
  tell("answered", { codes: [done.errcode, pushed.errcode] });
});
client.on("event.template_card_event", async (frame) => {
  const touched = frame.body.event.template_card_event;
  const done = await client.updateTemplateCard(frame, button("看过", 2), [frame.body.from.userid]);
  tell("touched", { key: touched.event_key, task: touched.task_id, code: done.errcode });
  client.disconnect();
  process.exit(0);
});
client.on("error", (error) => tell("error", { text: error.message }));
client.connect();
