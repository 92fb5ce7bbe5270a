// What WeChat's JS-SDK and its browser do together for a page: wx.config, and <wx-open-subscribe> with its popup.
// It lives within the page's Content-Security-Policy: scripts from its own host, no styles but those the page allows.
(function () {
  const home = new URL(document.currentScript.src).origin;
  const waiting = { ready: [], error: [] };
  let state = null; // null, or what the platform said of wx.config
  let calls = 0;

  function ask(what, query) {
    return new Promise((resolve, reject) => {
      const call = `__wx${++calls}`;
      const script = document.createElement("script");
      window[call] = (answer) => { delete window[call]; script.remove(); resolve(answer); };
      script.onerror = reject;
      script.src = `${home}/sim/js/${what}.js?${new URLSearchParams({ call, ...query })}`;
      document.head.append(script);
    });
  }

  window.wx = {
    async config(given) {
      const answer = await ask("config", {
        appid: given.appId, timestamp: given.timestamp, noncestr: given.nonceStr, signature: given.signature,
        url: location.href.split("#")[0],
      });
      if (answer.silent) return; // outside WeChat neither ready nor error is ever called
      state = answer;
      const good = answer.errMsg === "config:ok";
      if (!good) waiting.error.forEach((tell) => tell(answer));
      if (good && given.openTagList.includes("wx-open-subscribe")) customElements.define("wx-open-subscribe", Subscribe);
      waiting.ready.forEach((tell) => tell()); // the real one calls them after an error too
    },
    ready(tell) { if (state) tell(); else waiting.ready.push(tell); },
    error(tell) { if (state && state.errMsg !== "config:ok") tell(state); else waiting.error.push(tell); },
  };

  class Subscribe extends HTMLElement {
    connectedCallback() {
      const shadow = this.attachShadow({ mode: "open" });
      for (const part of this.querySelectorAll("template")) shadow.append(part.content.cloneNode(true));
      shadow.addEventListener("click", () => this.open());
    }

    async open() {
      const template = this.getAttribute("template") || "";
      const asked = await ask("popup", { template });
      if (asked.errCode) return this.tell("error", asked);
      const accept = await popup(asked);
      const answer = await ask("answer", { template, accept: accept.join(",") });
      this.tell(answer.errCode ? "error" : "success", answer);
    }

    tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
  }

  // WeChat draws this over the page, not in it.
  function popup(asked) {
    return new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      dialog.className = "wx-popup";
      dialog.append(part("p", `${asked.account} 申请给您发送一次性通知`));
      const boxes = asked.ask.map(({ id, name }) => {
        const label = part("label", name), box = document.createElement("input");
        Object.assign(box, { type: "checkbox", value: id, checked: true });
        label.prepend(box);
        dialog.append(label);
        return box;
      });
      const answer = (ids) => { dialog.close(); dialog.remove(); resolve(ids); };
      const no = part("button", "取消"), yes = part("button", "允许");
      no.addEventListener("click", () => answer([]));
      yes.addEventListener("click", () => answer(boxes.filter((box) => box.checked).map((box) => box.value)));
      dialog.addEventListener("cancel", () => answer([]));
      dialog.append(no, yes);
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  function part(name, text) {
    const made = document.createElement(name);
    made.append(text);
    return made;
  }
})();
