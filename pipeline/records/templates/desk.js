"use strict";
// Search, filters and order of the cards of a page. Without this script the page shows all of them.
const place = document.getElementById("cards");
const cards = [...place.children].map(node => ({
  node,
  kinds: node.dataset.kinds.split(" "),
  low: Number(node.dataset.low),
  changes: Number(node.dataset.changes),
  text: node.textContent.toLowerCase(),
}));
const chips = [...document.querySelectorAll(".chip")];
const [words, surety, order, open] = ["words", "surety", "order", "open"].map(id => document.getElementById(id));

function show() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const kinds = chips.filter(chip => chip.getAttribute("aria-pressed") === "true").map(chip => chip.dataset.kind);
  const below = Number(surety.value);
  let count = 0;
  for (const card of cards) {
    const fits = kinds.every(kind => card.kinds.includes(kind)) && (below > 1 || card.low < below)
      && wanted.every(word => card.text.includes(word));
    card.node.hidden = !fits;
    count += fits;
    for (const change of fits ? card.node.querySelectorAll(".change") : []) {
      change.hidden = below <= 1 && !(Number(change.dataset.c ?? 2) < below);
    }
  }
  document.getElementById("count").textContent = `${count} of ${cards.length} posts`;
}

function sort() {
  const ways = { path: () => 0, low: (a, b) => a.low - b.low, changes: (a, b) => b.changes - a.changes };
  place.append(...[...cards].sort(ways[order.value]).map(card => card.node));
}

for (const chip of chips) {
  const count = cards.filter(card => card.kinds.includes(chip.dataset.kind)).length;
  chip.querySelector("b").textContent = count;
  chip.hidden = !count;
  chip.addEventListener("click", () => {
    chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") === "false");
    show();
  });
}
words.addEventListener("input", show);
surety.addEventListener("change", show);
order.addEventListener("change", sort);
open.addEventListener("click", () => {
  const pressed = open.getAttribute("aria-pressed") === "false";
  open.setAttribute("aria-pressed", pressed);
  for (const { node } of cards) node.open = pressed;
});
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", openTarget);
document.getElementById("tools").hidden = false;
show();
openTarget();
