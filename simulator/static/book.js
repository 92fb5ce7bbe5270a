// What the page knows: who lives here, what has been said, what each person has read.
export const page = JSON.parse(document.body.dataset.page);
export const state = { events: [], last: 0, read: new Map() };

export async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

const isGroup = (chat) => page.groups.includes(chat);
const key = (person, chat) => `${person}\n${chat}`;
const isMine = (event, person) => event.type === "message" && event.person === person;

export const book = {
  isGroup,
  person: (name) => page.people.find((person) => person.name === name),
  // A group's events are everybody's; a private chat's belong to one person.
  history: (person, chat) => state.events.filter((event) => event.type !== "card_update" && belongs(event, person, chat)),
  unread(person, chat) {
    const seen = state.read.get(key(person, chat)) || 0;
    let count = 0;
    for (let i = state.events.length - 1; i >= 0 && state.events[i].n > seen; i--) {
      if (state.events[i].type !== "card_update" && belongs(state.events[i], person, chat) && !isMine(state.events[i], person)) count++;
    }
    return count;
  },
  unreadOf(name) {
    return this.person(name).chats.reduce((sum, chat) => sum + this.unread(name, chat), 0);
  },
  // Groups would count a message once for every neighbour; what came privately is worth changing phones for.
  privateUnreadOf(person) {
    return person.chats.filter((chat) => !isGroup(chat)).reduce((sum, chat) => sum + this.unread(person.name, chat), 0);
  },
  markRead(person, chat) { state.read.set(key(person, chat), state.last); },
};

function belongs(event, person, chat) {
  return event.chat === chat && (isGroup(chat) || event.person === person);
}
