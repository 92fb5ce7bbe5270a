// Small pieces of a phone: avatars, badges, bubbles. Text goes in as text, never as HTML.
import { book, page } from "./book.js";
import { drawCard } from "./card.js";

const COLORS = ["#5b8ff9", "#e8875c", "#5ad8a6", "#9270ca", "#f6bd16", "#6dc8ec", "#e86452", "#3d9a8b", "#d87ab5",
  "#7a8ba8", "#b0883a", "#4f7f5a", "#c45a7b"];
const ROLES = { resident: "居民", grid_worker: "网格员", building_head: "楼组长", committee: "居委会", admin: "管理员" };

export function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function avatar(name) {
  const node = element("span", "avatar", letterOf(name));
  const index = page.people.findIndex((person) => person.name === name);
  if (index >= 0) node.style.background = COLORS[index % COLORS.length];
  else if (book.isGroup(name)) node.classList.add("group");
  else node.classList.add("bot", name === page.mp_chat ? "mp" : name === page.robot_name ? "robot" : "aibot");
  node.setAttribute("aria-hidden", "true");
  return node;
}

// 小赵 is 赵, 老钱 is 钱; everybody else begins with the surname.
function letterOf(name) {
  if (page.people.some((person) => person.name === name)) {
    return /^[小老阿]./.test(name) ? name[1] : name[0];
  }
  if (book.isGroup(name)) return name.replace(/群$/, "").slice(0, 2);
  return name === page.robot_name ? "播" : "议";
}

export function roleBadge(role) {
  return element("span", `role ${role === "resident" ? "" : "staff"}`, ROLES[role] || role);
}

export function timeMark(date) {
  return date.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });
}

function speakerOf(event, chat) {
  if (event.type === "message") return event.person;
  if (chat === page.mp_chat) return page.mp_chat;
  return event.sender || page.bot_chat;
}

// The bot that hears a chat.
export function botOf(chat) {
  return chat === page.second_bot || page.second_groups.includes(chat) ? page.second_bot : page.bot_name;
}

export function message(event, me, chat) {
  if (event.type === "notice") return element("li", "notice", event.text);
  const speaker = speakerOf(event, chat);
  const mine = event.type === "message" && event.person === me;
  const row = element("li", `message ${mine ? "mine" : "theirs"} ${event.type}`);
  row.dataset.n = event.n;
  const words = element("div", "words");
  if (book.isGroup(chat) && !mine) words.append(nameLine(speaker, event));
  const line = element("div", "bubble-line");
  line.append(event.card ? cardBubble(event, me) : bubble(event, me));
  if (!event.image && !event.card && chat !== page.mp_chat) line.append(quoteButton());
  words.append(line);
  if (event.quote) words.append(element("div", "quoted", event.quote));
  row.append(avatar(speaker), words);
  return row;
}

function nameLine(speaker, event) {
  const name = element("div", "name", speaker === page.bot_chat ? page.bot_name : speaker);
  if (event.type !== "message") name.append(element("span", "bot-tag", "机器人"));
  return name;
}

function cardBubble(event, me) {
  const node = element("div", "bubble with-card");
  node.append(drawCard(event, me));
  return node;
}

function bubble(event, me) {
  const node = element("div", `bubble ${event.image ? "picture" : ""}`);
  if (event.image) {
    const image = element("img");
    image.src = event.image;
    image.alt = event.type === "message" ? "照片，点击放大" : event.text || "机器人发来的图片，点击放大";
    node.append(image);
    if (event.type !== "message" || !event.text) return node;
    node.classList.add("captioned");
  }
  const mention = `@${botOf(event.chat)}`;
  event.text.split(mention).forEach((part, index) => {
    if (index) node.append(element("span", "at", mention));
    node.append(...linked(part, me));
  });
  return node;
}

// Addresses in the text become links that open on this person's phone; everything else stays text.
function linked(text, me) {
  return text.split(/(https?:\/\/[\w.:/?=&%#~+-]+)/).map((part, index) => (index % 2 ? tappable(part, part, me) : part));
}

export function tappable(url, words, me) {
  const node = element("a", "tappable", words);
  node.href = `/sim/open?${new URLSearchParams({ person: me, url })}`;
  node.target = "_blank";
  node.rel = "noopener";
  return node;
}

function quoteButton() {
  const button = element("button", "quote-button", "引用");
  button.type = "button";
  return button;
}
