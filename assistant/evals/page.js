"use strict";
const cases = [...document.querySelectorAll("details.case")];
const words = document.getElementById("words"), which = document.getElementById("which"), suite = document.getElementById("suite");
const tag = document.getElementById("tag"), count = document.getElementById("count");
function sift() {
  const wanted = words.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const one of cases) {
    const set = one.dataset;
    const fits =
      (which.value === "all" || set.is.split(" ").includes(which.value)) &&
      (!suite.value || set.suite === suite.value) &&
      (!tag.value || set.tags.split("|").includes(tag.value)) &&
      wanted.every((w) => one.textContent.toLowerCase().includes(w));
    one.hidden = !fits;
    shown += fits;
  }
  count.textContent = `${shown} of ${cases.length} shown`;
}
for (const field of [words, which, suite, tag]) field.addEventListener("input", sift);
document.querySelectorAll(".grid button").forEach((button) =>
  button.addEventListener("click", () => {
    tag.value = button.dataset.tag ?? "";
    suite.value = button.dataset.suite ?? "";
    sift();
    document.getElementById("cases").scrollIntoView();
    words.focus({ preventScroll: true });
  }),
);
function open() {
  const one = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (one && one.matches("details.case")) { one.hidden = false; one.open = true; one.scrollIntoView(); }
}
addEventListener("hashchange", open);
sift();
open();
