// One phone: whose it is, which chat is open, and what it shows.
import { book, call, page } from "./book.js";
import { avatar, botOf, element, message, roleBadge, timeMark } from "./draw.js";

const HINTS = {
  resident: ["反映 3幢2单元电梯停了一周没人修", "议题", "帮助"],
  staff: ["发起投票 要不要先修电梯 选项 同意 反对 弃权 截止 5分钟后", "议题", "帮助"],
};
const LONG_PRESS_MS = 450;

export class Phone {
  constructor(box, index, person, chat) {
    const template = document.getElementById("phone-template");
    this.root = template.content.firstElementChild.cloneNode(true);
    this.root.dataset.phone = index;
    box.append(this.root);
    this.view = "chat";
    this.person = person;
    this.chat = chat;
    this.quote = null;
    this.mention = true;
    this.$ = (selector) => this.root.querySelector(selector);
    this.listen();
  }

  get visible() { return this.root.offsetParent !== null; }

  listen() {
    this.$(".owner").addEventListener("click", () => this.go(this.view === "people" ? "chat" : "people"));
    this.$(".people .back").addEventListener("click", () => this.go("chat"));
    this.$(".chat .back").addEventListener("click", () => this.go("chats"));
    this.$(".quoting button").addEventListener("click", () => this.setQuote(null));
    this.$(".mention input").addEventListener("change", (event) => {
      this.mention = event.target.checked;
      this.drawMention();
    });
    const input = this.$("textarea");
    input.addEventListener("input", () => this.fit());
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.send();
    });
    this.$(".camera").addEventListener("click", () => this.showPhotos(this.$(".photos").hidden));
    this.$(".composer").addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.listenToMessages();
    this.keepAtEnd();
  }

  listenToMessages() {
    const list = this.$(".messages");
    list.addEventListener("click", (event) => {
      const row = event.target.closest(".message");
      const hint = event.target.closest(".hint-chip");
      if (hint) return this.write(hint.textContent);
      if (event.target.closest(".quote-button")) return this.setQuote(row.event);
      if (event.target.matches(".bubble img")) return enlarge(event.target);
      if (row && event.target.closest(".bubble")) this.pick(row);
    });
    let press;
    list.addEventListener("touchstart", (event) => {
      const row = event.target.closest(".bubble") && event.target.closest(".message");
      if (row) press = setTimeout(() => this.setQuote(row.event), LONG_PRESS_MS);
    }, { passive: true });
    for (const end of ["touchend", "touchmove", "touchcancel"]) {
      list.addEventListener(end, () => clearTimeout(press), { passive: true });
    }
  }

  pick(row) {
    const was = row.classList.contains("picked");
    this.root.querySelectorAll(".picked").forEach((other) => other.classList.remove("picked"));
    row.classList.toggle("picked", !was);
  }

  go(view) { this.view = view; this.draw(); }

  become(person, chat) {
    this.person = person;
    this.open(person.chats.includes(chat) ? chat : person.chats[0]);
  }

  open(chat) {
    this.chat = chat;
    this.quote = null;
    this.mention = true;
    this.go("chat");
  }

  draw() {
    const { name, role, home } = this.person;
    this.root.dataset.person = name;
    this.root.dataset.chat = this.chat;
    this.$(".owner .avatar").replaceWith(avatar(name));
    this.$(".owner-name").textContent = name;
    this.$(".owner .role").replaceWith(roleBadge(role));
    this.$(".owner-home").textContent = home;
    for (const view of ["people", "chats", "chat"]) this.$(`.view.${view}`).hidden = view !== this.view;
    if (this.view === "chat") this.drawChat();
    this.refresh();
  }

  // Redraws what changes with any news: unread numbers, lists, the clock.
  refresh() {
    this.$(".clock").textContent = timeMark(new Date(Date.now() + (book.ahead || 0)));
    const mine = this.view === "chat" ? this.chat : null;
    if (mine && this.visible) book.markRead(this.person.name, mine);
    const elsewhere = this.person.chats.reduce((sum, chat) => sum + book.unread(this.person.name, chat), 0);
    badge(this.$(".chat .back .badge"), elsewhere);
    const others = page.people.filter((p) => p !== this.person).reduce((sum, p) => sum + book.privateUnreadOf(p), 0);
    badge(this.$(".switcher .badge"), others);
    if (this.view === "people") this.drawPeople();
    if (this.view === "chats") this.drawChats();
  }

  drawPeople() {
    const rows = page.people.map((person) => {
      const row = rowOf(avatar(person.name), person.name, person.home || (person.role === "resident" ? "还没有绑定住址" : "工作人员"),
        book.unreadOf(person.name), () => this.become(person, this.chat));
      row.querySelector(".row-title").append(roleBadge(person.role));
      row.classList.toggle("current", person === this.person);
      return row;
    });
    this.$(".people .rows").replaceChildren(...rows);
  }

  drawChats() {
    const rows = this.person.chats.map((chat) => {
      const past = book.history(this.person.name, chat);
      const last = past[past.length - 1];
      const preview = last ? `${lastSpeaker(last, chat, this.person.name)}${last.image ? "[图片]" : last.text}` : kindOf(chat);
      const row = rowOf(avatar(chat), titleOf(chat), preview, book.unread(this.person.name, chat), () => this.openByHand(chat));
      if (last) row.querySelector(".row-title").append(element("time", "", timeMark(new Date(last.at))));
      return row;
    });
    this.$(".chats .rows").replaceChildren(...rows);
  }

  // Opening the bot's private chat for the first time is an event of its own on the real platform.
  openByHand(chat) {
    const first = (chat === page.bot_chat || chat === page.second_bot) && !book.history(this.person.name, chat).length;
    this.open(chat);
    if (first) call("/sim/event", { person: this.person.name, to: chat, event: "enter_chat" }).catch(() => {});
  }

  drawChat() {
    const group = book.isGroup(this.chat);
    const members = page.people.filter((person) => person.chats.includes(this.chat)).length;
    this.$(".chat h3").textContent = titleOf(this.chat) + (group ? `(${members})` : "");
    this.$(".chat .kind").textContent = group ? "" : kindOf(this.chat);
    this.$(".composer").hidden = false;
    this.drawMenu();
    const list = this.$(".messages");
    list.replaceChildren();
    this.lastTime = 0;
    const past = book.history(this.person.name, this.chat);
    past.forEach((event) => this.append(event));
    if (!past.length) list.append(this.hints());
    this.drawMention();
    this.setQuote(null, false);
    this.fit();
    this.toEnd();
  }

  // The buttons that a 公众号 puts under its chat; they are the same on every phone.
  async drawMenu() {
    const box = this.$(".menu");
    box.hidden = true;
    if (this.chat !== page.mp_chat) return;
    const menu = await call("/sim/menu").catch(() => ({ button: [] }));
    const buttons = menu.button.map((each) => {
      const button = element("button", "", each.name);
      button.type = "button";
      button.addEventListener("click", () => this.touch(each.key || each.url));
      return button;
    });
    box.replaceChildren(...buttons);
    box.hidden = !buttons.length || this.chat !== page.mp_chat;
  }

  touch(key) {
    call("/sim/event", { person: this.person.name, to: page.mp_chat, event: "click", key }).catch(() => {});
  }

  toEnd() {
    const list = this.$(".messages");
    this.atEnd = true;
    list.scrollTop = list.scrollHeight;
  }

  // Stays at the newest message when pictures load, the keyboard opens or a caption takes room.
  keepAtEnd() {
    const list = this.$(".messages");
    this.atEnd = true;
    list.addEventListener("scroll", () => {
      this.atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 120;
    }, { passive: true });
    list.addEventListener("load", () => { if (this.atEnd) this.toEnd(); }, true);
    new ResizeObserver(() => { if (this.atEnd) this.toEnd(); }).observe(list);
  }

  hints() {
    const box = element("li", "hints");
    box.append(element("p", "", "可以试试"));
    for (const text of HINTS[this.person.role === "resident" ? "resident" : "staff"]) {
      const chip = element("button", "hint-chip", text);
      chip.type = "button";
      box.append(chip);
    }
    return box;
  }

  drawMention() {
    const group = book.isGroup(this.chat);
    const box = this.$(".mention");
    box.hidden = !group;
    box.querySelector("input").checked = this.mention;
    box.querySelector("label span").textContent = `@${botOf(this.chat)}`;
    box.querySelector("small").textContent = this.mention
      ? "群里只有 @ 机器人的消息它才听得到" : "这句话只有邻居看得到，机器人听不到";
    box.classList.toggle("off", !this.mention);
  }

  append(event) {
    const list = this.$(".messages");
    list.querySelector(".hints")?.remove();
    const at = Date.parse(event.at);
    if (at - this.lastTime > 300000) list.append(element("li", "time", timeMark(new Date(at))));
    this.lastTime = at;
    const row = message(event, this.person.name, this.chat);
    row.event = event;
    list.append(row);
    return row;
  }

  // News for the open chat; everything else only changes the numbers.
  arrive(event) {
    const shown = this.view === "chat" && event.chat === this.chat
      && (book.isGroup(this.chat) || event.person === this.person.name);
    if (!shown) return;
    if (event.type === "card_update" || event.replaces) return this.redraw(event);
    this.append(event).classList.add("new");
    if (this.atEnd || event.person === this.person.name) this.toEnd();
  }

  // A card that was changed, or words of a stream that went on, in their old place.
  redraw(event) {
    for (const row of this.root.querySelectorAll(".messages .message")) {
      const same = event.type === "card_update" ? row.event.id === event.id && row.event.card : row.event.n === event.replaces;
      if (!same) continue;
      const fresh = message(row.event, this.person.name, this.chat);
      fresh.event = row.event;
      row.replaceWith(fresh);
    }
    if (this.atEnd) this.toEnd();
  }

  setQuote(event, focus = true) {
    this.quote = event;
    this.$(".quoting").hidden = !event;
    this.root.querySelectorAll(".picked").forEach((row) => row.classList.remove("picked"));
    if (event) this.$(".quoting span").textContent = `引用 ${event.text}`;
    if (event && focus) this.$("textarea").focus();
  }

  write(text) {
    this.$("textarea").value = text;
    this.fit();
    this.$("textarea").focus();
  }

  fit() {
    const input = this.$("textarea");
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 104)}px`;
    this.$(".send").disabled = !input.value.trim();
  }

  // Pictures to send, as if from the phone's album.
  showPhotos(open) {
    const row = this.$(".photos");
    row.hidden = !open;
    this.$(".camera").setAttribute("aria-expanded", String(open));
    row.replaceChildren(...(open ? page.photos : []).map((name) => {
      const button = element("button", "");
      const image = element("img");
      button.type = "button";
      image.src = `/sim/samples/${encodeURIComponent(name)}.jpg`;
      image.alt = "";
      button.append(image, element("span", "", name));
      button.addEventListener("click", () => this.send(name));
      return button;
    }));
  }

  async send(picture) {
    const input = this.$("textarea");
    const group = book.isGroup(this.chat);
    const text = picture && !group ? "" : input.value.trim(); // in private a picture goes alone
    if (!text && !picture) return;
    const saying = { person: this.person.name, to: this.chat, text, at_bot: group ? this.mention : true };
    if (this.quote) saying.quote = this.quote.text;
    if (picture) saying.picture = picture;
    this.showPhotos(false);
    if (text) this.write("");
    this.setQuote(null);
    try {
      await call("/sim/say", saying);
    } catch {
      if (text) this.write(text); // nothing typed is lost when the platform is away
    }
  }
}

function titleOf(chat) { return chat === page.mp_chat ? `${page.mp_name} · 公众号` : chat; }

function kindOf(chat) {
  if (chat === page.mp_chat) return "公众号";
  return chat === page.bot_chat || chat === page.second_bot ? "企业微信智能机器人" : "群聊";
}

function lastSpeaker(event, chat, me) {
  if (!book.isGroup(chat) || event.type === "notice") return "";
  if (event.type !== "message") return `${event.sender || page.bot_name}：${event.card ? "[卡片]" : ""}`;
  return event.person === me ? "" : `${event.person}：`;
}

function rowOf(picture, title, text, unread, onClick) {
  const row = element("li", "row");
  const button = element("button", "");
  button.type = "button";
  const words = element("span", "row-words");
  const heading = element("span", "row-title");
  heading.append(element("span", "row-name", title));
  words.append(heading, element("span", "row-text", text));
  const number = element("b", "badge");
  badge(number, unread);
  const frame = element("span", "row-picture");
  frame.append(picture, number);
  button.append(frame, words);
  button.addEventListener("click", onClick);
  row.append(button);
  return row;
}

function badge(node, count) {
  node.hidden = !count;
  node.textContent = count > 99 ? "99+" : String(count);
}

function enlarge(image) {
  const viewer = document.getElementById("viewer");
  document.getElementById("viewer-image").src = image.src;
  viewer.showModal();
  viewer.onclick = () => viewer.close();
}
