// What pages of the console do besides what browsers do: Escape closes what was opened, what cannot be taken back is asked about, and a form is sent once and says that it was.
"use strict";
(() => {
  const PATIENCE_MS = 700, AGAIN_MS = 15000;
  const told = document.getElementById("busy");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const open = document.activeElement?.closest("details[open]") ?? document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  const rest = (form) => {
    clearTimeout(form.later);
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    if (told) told.hidden = true;
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent || form.dataset.ask && !confirm(form.dataset.ask)) return event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    form.later = setTimeout(() => { if (told) told.hidden = false; }, PATIENCE_MS);
    setTimeout(() => rest(form), AGAIN_MS); // a file that is saved leaves the page as it is
  });

  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(rest));
})();
