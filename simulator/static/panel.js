// The panel beside the phones: the platform's bad weather, and the day that plays by itself.
import { book, call } from "./book.js";

const $ = (id) => document.getElementById(id);

export class Panel {
  constructor(phones) {
    this.phones = phones;
    this.turns = phones.map(() => 0);
    this.turn = 0;
    this.day = { running: false };
    document.querySelectorAll("[data-fault]").forEach((input) => {
      input.addEventListener("change", () => this.setFault(input));
    });
    document.querySelectorAll("[data-script]").forEach((button) => {
      button.addEventListener("click", () => { this.fold(); this.command("start", button.dataset.script); });
    });
    for (const id of ["day-pause", "caption-pause"]) {
      $(id).addEventListener("click", () => this.command(this.day.paused ? "resume" : "pause"));
    }
    for (const id of ["day-stop", "caption-stop"]) $(id).addEventListener("click", () => this.command("stop"));
    $("day-speed").addEventListener("change", () => this.command("speed"));
    $("panel-open").addEventListener("click", () => document.body.classList.add("panel-shown"));
    $("panel-close").addEventListener("click", () => this.fold());
    $("verify").addEventListener("click", () => this.verify());
    document.querySelectorAll("[data-hours]").forEach((button) => {
      button.addEventListener("click", () => this.forward(Number(button.dataset.hours)));
    });
  }

  fold() { document.body.classList.remove("panel-shown"); }

  async sync() {
    try {
      this.showFaults(await call("/sim/faults"));
      this.showDay(await call("/sim/day"));
      this.showClock(await call("/sim/clock"));
    } catch { /* the page says that it is offline */ }
  }

  async forward(hours) {
    try { this.showClock(await call("/sim/clock", { hours })); } catch { /* the page says that it is offline */ }
  }

  showClock(clock) {
    book.ahead = new Date(clock.now) - Date.now();
    this.phones.forEach((phone) => phone.refresh());
    $("clock-now").textContent = new Date(clock.now).toLocaleString("zh-CN",
      { timeZone: "Asia/Shanghai", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit" });
  }

  async setFault(input) {
    const value = input.checked ? Number(input.dataset.on) || true : 0;
    try {
      this.showFaults(await call("/sim/faults", { [input.dataset.fault]: value }));
    } catch {
      input.checked = !input.checked;
    }
  }

  showFaults(faults) {
    document.querySelectorAll("[data-fault]").forEach((input) => {
      input.checked = Boolean(faults[input.dataset.fault]);
    });
  }

  async command(action, script) {
    try {
      this.showDay(await call("/sim/day", { action, script, speed: Number($("day-speed").value) }));
    } catch { /* the page says that it is offline */ }
  }

  showDay(day) {
    this.day = day;
    $("day-scripts").hidden = day.running;
    $("day-controls").hidden = !day.running;
    if (day.running) $("day-speed").value = String(day.speed);
    $("day-pause").textContent = day.paused ? "继续" : "暂停";
    $("caption-pause").textContent = day.paused ? "▶" : "❚❚";
    $("caption").hidden = !day.running || !day.caption;
    $("caption-text").textContent = day.caption;
    $("caption-step").textContent = `${day.step} / ${day.steps}`;
    $("caption").classList.toggle("paused", Boolean(day.paused));
    if (!day.running) this.phones.forEach((phone) => phone.root.classList.remove("acting"));
  }

  // A step of the day begins: somebody's phone comes forward.
  async caption(event) {
    this.follow(event.person, event.to);
    try { this.showDay(await call("/sim/day")); } catch { /* offline */ }
  }

  follow(name, chat) {
    this.phones.forEach((phone) => phone.root.classList.remove("acting"));
    const seen = this.phones.filter((phone) => phone.visible);
    const person = name && book.person(name);
    if (!seen.length || (!person && !chat)) return;
    const phone = person ? this.phoneFor(person, seen) : seen.find((p) => p.person.chats.includes(chat));
    if (!phone) return;
    phone.become(person || phone.person, chat);
    this.turns[this.phones.indexOf(phone)] = ++this.turn;
    phone.root.classList.add("acting");
  }

  // The phone that is already theirs; else a neighbour's that has been quiet the longest. Staff keep the first.
  phoneFor(person, seen) {
    const own = seen.find((phone) => phone.person === person);
    if (own) return own;
    if (person.role !== "resident" || seen.length === 1) return seen[0];
    const quiet = (phone) => this.turns[this.phones.indexOf(phone)];
    return seen.slice(1).sort((a, b) => quiet(a) - quiet(b))[0];
  }

  async verify() {
    $("verify-result").textContent = "正在检查…";
    try {
      const result = await call("/sim/verify", {});
      $("verify-result").textContent = Object.entries(result)
        .map(([name, good]) => `${good ? "✓" : "✗"} ${name}`).join("　") || "没有需要回调的账号";
    } catch {
      $("verify-result").textContent = "平台没有回应";
    }
  }
}
