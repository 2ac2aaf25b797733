// What a page of links and forms needs beside HTML. `trigger` tells the server: "go" shows a query, "halt" stops.
"use strict";
const tab = () => new URLSearchParams(location.search).get("tab") || "ask";
const go = (query) => trigger("go", { query });
let shown = location.search;
let last = null;

function visit(address) {
  history.pushState(null, "", address === "?" ? location.pathname : address);
  shown = location.search;
  go(shown);
}

function fields(form, submitter) {
  return "?" + new URLSearchParams([...new FormData(form, submitter)].filter(([, value]) => value !== ""));
}

function told(button, words) {
  const before = button.textContent;
  button.textContent = words;
  setTimeout(() => { button.textContent = before; }, 1500);
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    told(button, "Copied");
  } catch {
    told(button, "Copying is not allowed here");
  }
}

function save(button) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([button.dataset.save], { type: "text/markdown" }));
  link.download = button.dataset.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="?"]');
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
  if (link && plain) {
    event.preventDefault();
    visit(link.getAttribute("href"));
  }
  // The document has a base, against which a bare fragment would leave this address.
  const fragment = event.target.closest('a[href^="#"]');
  if (fragment && plain) {
    event.preventDefault();
    location.hash = fragment.getAttribute("href");
  }
  const button = event.target.closest("button[data-copy], button[data-copy-link], button[data-save]");
  if (!button) return;
  if ("copy" in button.dataset) copy(button, button.dataset.copy);
  else if ("copyLink" in button.dataset) copy(button, location.origin + location.pathname + button.dataset.copyLink);
  else save(button);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-go], [data-do]")) return;
  event.preventDefault();
  const query = fields(form, event.submitter);
  if (form.matches("[data-go]")) visit(query);
  else go(query);
});

document.addEventListener("change", (event) => {
  if (event.target.form && event.target.form.matches("[data-live]")) event.target.form.requestSubmit();
});

// The box may be hidden until the server has drawn the conversation again.
function aim(tries) {
  const box = document.querySelector("#question textarea");
  box.focus();
  if (document.activeElement !== box && tries > 0) setTimeout(() => aim(tries - 1), 50);
}

addEventListener("popstate", () => {
  if (location.search === shown) return;
  shown = location.search;
  go(shown);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") trigger("halt");
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  if (tab() !== "ask") visit(document.querySelector("#evidence [data-link]").dataset.link);
  aim(40);
});

// On a phone the answer stands below the fold: its question moves to the top.
function reveal() {
  const asked = document.querySelectorAll("#conversation [data-testid=user]");
  if (asked.length && matchMedia("(max-width: 760px)").matches) asked[asked.length - 1].scrollIntoView({ block: "start" });
}

// A turn that was answered changes the address, so that it can be kept, sent and gone back to.
new MutationObserver(() => {
  const here = document.querySelector("#evidence [data-link]");
  if (!here || here.dataset.link === last) return;
  const first = last === null;
  last = here.dataset.link;
  if (first || last === (location.search || "?") || tab() !== "ask") return;
  history.pushState(null, "", last === "?" ? location.pathname : last);
  shown = location.search;
  setTimeout(reveal, 50); // when the conversation is drawn too
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-link"] });
