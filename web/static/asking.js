// Shows WeChat's button for one-time notices where WeChat allows it; everywhere else the page stays as it is.
(function () {
  const box = document.getElementById("asking");
  const button = box.querySelector("wx-open-subscribe");
  const told = box.querySelector("[role=status]");
  let broken = false;

  function give() { // WeChat calls ready after an error too
    broken = true;
    box.hidden = true;
  }

  function allowed(detail) {
    try {
      return Object.values(JSON.parse(detail.subscribeDetails)).some((each) => JSON.parse(each).status === "accept");
    } catch (error) {
      return false;
    }
  }

  function configure(signed) {
    wx.error(give);
    wx.ready(() => { box.hidden = broken; });
    wx.config(Object.assign({ debug: false, jsApiList: ["checkJsApi"], openTagList: ["wx-open-subscribe"] }, signed));
  }

  document.addEventListener("WeixinOpenTagsError", give);
  button.addEventListener("success", (event) => {
    told.textContent = allowed(event.detail) ? box.dataset.thanks : box.dataset.refused;
  });
  button.addEventListener("error", () => { told.textContent = box.dataset.failed; });

  fetch(`${box.dataset.sign}?url=${encodeURIComponent(location.href.split("#")[0])}`, { credentials: "same-origin" })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then((signed) => {
      const script = document.createElement("script");
      script.src = box.dataset.script;
      script.onload = () => configure(signed);
      document.head.append(script);
    })
    .catch(() => {}); // no ticket, no button: nothing that the person could do about it
})();
