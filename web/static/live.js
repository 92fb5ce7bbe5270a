// Asks every few seconds for the newest lines and puts those in front that are not there yet. Nothing is held open.
"use strict";
(() => {
  const EVERY_MS = 4000, KEPT = 300;
  const list = document.getElementById("live"), pause = document.getElementById("pause"), stopped = document.getElementById("stopped");
  let paused = false;

  const put = (page) => {
    const known = new Set([...list.children].map((line) => line.dataset.key));
    const fresh = [...page.querySelectorAll("li")].filter((line) => line.dataset.key && !known.has(line.dataset.key));
    if (fresh.length) list.querySelector("[data-key='']")?.remove();
    for (const line of fresh.reverse()) {
      line.classList.add("fresh");
      list.prepend(line);
    }
    while (list.children.length > KEPT) list.lastElementChild.remove();
  };

  const ask = async () => {
    if (!paused && !document.hidden) {
      try {
        const answer = await fetch(list.dataset.from, { credentials: "same-origin", redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        put(new DOMParser().parseFromString(await answer.text(), "text/html"));
        stopped.hidden = true;
      } catch {
        stopped.hidden = false;
      }
    }
    setTimeout(ask, EVERY_MS);
  };

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? pause.dataset.resume : pause.dataset.pause;
    pause.setAttribute("aria-pressed", String(paused));
  });
  setTimeout(ask, EVERY_MS);
})();
