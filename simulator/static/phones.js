// Starts the page: loads what has happened, keeps listening, and hands news to the phones and the panel.
import { book, call, page, state } from "./book.js";
import { Phone } from "./phone.js";
import { Panel } from "./panel.js";

const LONG_POLL_S = 15;

const starts = [
  [page.people.find((p) => p.role !== "resident") || page.people[0], 0],
  [page.people.filter((p) => p.role === "resident")[0] || page.people[0], 0],
  [page.people.filter((p) => p.role === "resident")[1] || page.people[0], 1],
];
const box = document.getElementById("phones");
const phones = starts.map(([person, alone], index) => {
  const closest = person.chats.filter(book.isGroup).pop(); // the smallest group comes last
  const start = !alone && closest ? closest : page.bot_chat;
  return new Phone(box, index, person, person.chats.includes(start) ? start : person.chats[0]);
});
const panel = new Panel(phones);

function take(events, live) {
  for (const event of events) {
    state.last = event.n;
    if (event.type === "caption") {
      if (live) panel.caption(event);
      continue;
    }
    if (event.type === "menu") {
      if (live) phones.forEach((phone) => phone.drawMenu());
      continue;
    }
    const before = event.stream && state.events.find((past) => past.stream === event.stream);
    if (before) { // the stream goes on: its words are replaced
      before.text = event.text;
      if (live) phones.forEach((phone) => phone.arrive({ ...event, replaces: before.n }));
      continue;
    }
    state.events.push(event);
    if (live) phones.forEach((phone) => phone.arrive(event));
  }
  if (events.length) phones.forEach((phone) => phone.refresh());
}

async function listen() {
  const offline = document.getElementById("offline");
  for (let pause = 500; ;) {
    try {
      const news = await call(`/sim/events?after=${state.last}&wait=${LONG_POLL_S}`);
      if (news.last < state.last) { location.reload(); return; } // the platform was started anew
      take(news.events, true);
      if (!offline.hidden) { offline.hidden = true; panel.sync(); }
      pause = 500;
    } catch {
      offline.hidden = false;
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 8000);
    }
  }
}

async function begin() {
  try {
    const past = await call("/sim/events?after=0");
    take(past.events, false);
    for (const person of page.people) for (const chat of person.chats) book.markRead(person.name, chat);
  } catch { /* listen() tells that we are offline and tries again */ }
  phones.forEach((phone) => phone.draw());
  panel.sync();
  document.body.dataset.ready = "yes";
  listen();
}

begin();
