// After the server has drawn a view: forms show what it said, and the eye and the keyboard go to what is new.
"use strict";
watch("value", () => {
  for (const form of element.querySelectorAll("form")) form.reset();
  if (matchMedia("(max-width: 760px)").matches) element.querySelector(".reader nav details")?.removeAttribute("open");
  const here = element.querySelector(".pages mark") || element.querySelector("[data-here]");
  const at = document.activeElement;
  if (here && !(at && /^(SELECT|INPUT|TEXTAREA)$/.test(at.tagName) && element.contains(at))) {
    if (!here.hasAttribute("tabindex")) here.tabIndex = -1;
    here.focus({ preventScroll: true });
    here.scrollIntoView({ block: here.tagName === "MARK" ? "center" : "nearest" });
  }
});
