// A card in a chat: what it shows, and what a touch of it sends. An update replaces the whole card for one person or for all.
import { call, state } from "./book.js";
import { element, tappable } from "./draw.js";

// The card as this person sees it now: the last update for them or for everybody, else as it was sent.
export function cardOf(event, me) {
  const changes = state.events.filter((e) => e.type === "card_update" && e.id === event.id && e.chat === event.chat
    && (!e.person || e.person === me));
  return changes.length ? changes[changes.length - 1].card : event.card;
}

export function drawCard(event, me) {
  const card = cardOf(event, me);
  const box = element("form", `card ${card.card_type}`);
  box.dataset.task = event.id || "";
  box.append(element("h4", "", card.main_title.title || ""));
  const words = card.sub_title_text || card.main_title.desc;
  if (words) box.append(element("p", "card-words", words));
  if (card.checkbox) box.append(options(card.checkbox));
  for (const list of card.select_list || []) box.append(select(list));
  if (card.submit_button) box.append(submit(card));
  for (const each of card.button_list || []) box.append(button(each));
  if (card.card_action?.url) box.append(link(card.card_action.url, me));
  box.addEventListener("submit", (action) => {
    action.preventDefault();
    touch(box, event, me, action.submitter?.value || card.submit_button?.key || "");
  });
  return box;
}

function options(question) {
  const box = element("fieldset", "options");
  box.disabled = Boolean(question.disable);
  box.dataset.question = question.question_key;
  for (const each of question.option_list) {
    const label = element("label", "");
    const input = element("input");
    input.type = question.mode === 1 ? "checkbox" : "radio";
    input.name = question.question_key;
    input.value = each.id;
    input.checked = Boolean(each.is_checked);
    label.append(input, element("span", "", each.text));
    box.append(label);
  }
  return box;
}

function select(list) {
  const label = element("label", "select", list.title || "");
  const box = element("select");
  box.disabled = Boolean(list.disable);
  box.dataset.question = list.question_key;
  for (const each of list.option_list) {
    const option = element("option", "", each.text);
    option.value = each.id;
    option.selected = each.id === list.selected_id;
    box.append(option);
  }
  label.append(box);
  return label;
}

function submit(card) {
  const over = card.checkbox?.disable || (card.select_list || []).some((list) => list.disable);
  const node = button({ text: card.submit_button.text, key: card.submit_button.key, style: 1 });
  node.disabled = Boolean(over);
  return node;
}

function button({ text, key, style }) {
  const node = element("button", `card-button style-${style || 1}`, text);
  node.type = "submit";
  node.value = key;
  return node;
}

function link(url, me) {
  const node = tappable(url, "查看详情", me);
  node.classList.add("card-link");
  return node;
}

async function touch(box, event, me, key) {
  const selected = {};
  for (const input of box.querySelectorAll("input:checked")) (selected[input.name] ||= []).push(input.value);
  for (const list of box.querySelectorAll("select")) selected[list.dataset.question] = [list.value];
  if (box.querySelector("input") && !Object.keys(selected).length) return; // the platform sends nothing without a choice
  box.classList.add("waiting");
  try {
    await call("/sim/tap", { person: me, chat: event.chat, task_id: event.id, key, selected });
  } catch {
    box.classList.remove("waiting");
  }
}
