// A chat button for any page: <script src="https://your-host/widget.js" data-label="Ask"></script>
"use strict";
(() => {
  const script = document.currentScript;
  const home = new URL(script.dataset.page || "./", script.src).href;
  const frame = document.createElement("iframe");
  const button = document.createElement("button");
  frame.title = script.dataset.label || "Assistant";
  frame.hidden = true;
  frame.style.cssText = "position:fixed;right:1rem;bottom:4.5rem;width:min(26rem,calc(100vw - 2rem));" +
    "height:min(40rem,calc(100vh - 6rem));border:1px solid #64748b;border-radius:12px;background:#fff;z-index:2147483647";
  button.textContent = script.dataset.label || "Ask";
  button.setAttribute("aria-expanded", "false");
  button.style.cssText = "position:fixed;right:1rem;bottom:1rem;padding:.7rem 1.2rem;border:0;border-radius:999px;" +
    "background:#1d4ed8;color:#fff;font:700 1rem system-ui,sans-serif;cursor:pointer;z-index:2147483647";
  button.addEventListener("click", () => {
    if (!frame.src) frame.src = home;
    frame.hidden = !frame.hidden;
    button.setAttribute("aria-expanded", String(!frame.hidden));
  });
  document.body.append(frame, button);
})();
