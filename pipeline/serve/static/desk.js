// The desk: shows one open item, sends what a person decides, and goes on. Texts become text nodes, never HTML.
import { ask, button, element, inWords, send } from "./page.js";
import { openForm } from "./post.js";

const $ = id => document.getElementById(id);
const desk = { items: [], at: 0, next: "", left: 0, loading: null, pressed: [], pending: new Set(), editing: false, sending: Promise.resolve() };
const SHOWN_NEXT = 8, PREFETCH_AT = 30;

function fail(error) {
  $("problem").textContent = inWords(error);
  $("problem").hidden = false;
}

const say = words => { $("said").textContent = words; };
const nameOf = item => item.document + "\0" + item.id;
const current = () => desk.items[desk.at];

async function load(start) {
  const values = new URLSearchParams(new FormData($("filters")));
  values.set("start", start);
  const page = await ask("/review/items?" + values);
  const known = new Set([...desk.pending, ...(start ? desk.items.map(nameOf) : [])]);
  const fresh = page.items.filter(item => !known.has(nameOf(item)));
  desk.items = start ? desk.items.concat(fresh) : fresh;
  desk.next = page.next;
  if (!start) { desk.at = 0; desk.left = page.left - desk.pending.size; }
}

async function reload(first) {
  await load("");
  if (first) desk.items = [first, ...desk.items.filter(item => nameOf(item) !== nameOf(first))];
  $("problem").hidden = true;
  show();
}

function prefetch() {
  if (!desk.next || desk.loading || desk.items.length - desk.at > PREFETCH_AT) return;
  desk.loading = load(desk.next).catch(fail).finally(() => {
    desk.loading = null;
    show(true);
    while (desk.pressed.length && current()) press(desk.pressed.shift());
  });
}

function pieces(list, plain) {
  return list.map(([kind, text]) => kind === "same" ? text : plain ? element("mark", {}, text)
    : element(kind === "old" ? "del" : "ins", {}, text));
}

function facts(item) {
  const share = element("meter", { min: 0, max: 1, value: item.confidence, "aria-label": "Confidence" });
  const where = item.line ? item.document + ", line " + item.line : item.document;
  const source = [item.reason, item.archive ? "with statistics of the archive" : ""].filter(Boolean).join("; ");
  return element("dl", { class: "facts" },
    element("dt", {}, item.kind === "duplicate" ? "similarity" : "confidence"), element("dd", {}, share, " " + item.confidence.toFixed(2)),
    element("dt", {}, "why"), element("dd", {}, source),
    element("dt", {}, "where"), element("dd", {}, where));
}

function textCard(item) {
  const changed = item.before && item.after && item.pieces.some(piece => piece[0] === "same")
    ? pieces(item.pieces) : [element("del", {}, item.before), element("ins", {}, item.after)];
  const language = { dir: "auto", lang: item.language };
  const parts = [
    element("h2", { id: "what", class: "hidden" }, "Is “" + (item.after || "nothing") + "” right for “" + (item.before || "nothing") + "”?"),
    element("p", { class: "sentence", ...language }, item.left, element("span", { class: "place" }, ...changed), item.right),
  ];
  if (item.alternatives.length) parts.push(element("div", { class: "choices", role: "group", "aria-label": "Alternatives" },
    ...item.alternatives.map(([text, share], at) => button(String(at + 1), "", () => decide("replace", "here", text)))));
  item.alternatives.forEach(([text, share], at) => parts[2].children[at].append(
    element("bdi", { lang: item.language }, text || "nothing"), element("span", { class: "quiet" }, " " + share.toFixed(2))));
  parts.push(element("div", { class: "actions" },
    button("y", "Accept", () => decide("accept"), "main"), button("n", "Reject", () => decide("reject")),
    button("e", "Edit", edit), button("s", "Later", skip), button("u", "Undo", undo), button("p", "This post", aboutPost)));
  if (item.group > 1) parts.push(element("div", { class: "actions group", role: "group", "aria-label": "All that are equal" },
    button("A", "Accept all " + item.group, () => decide("accept", "pair")),
    button("D", "Reject all " + item.group, () => decide("reject", "pair")),
    element("span", { class: "quiet" }, "equal ones, also in later runs")));
  return [...parts, facts(item)];
}

function duplicateCard(item) {
  const head = (label, title, path, kept) => element("th", { scope: "col" }, element("span", { class: kept ? "kept" : "quiet" }, label),
    element("bdi", { lang: item.language }, title || path), element("span", { class: "quiet" }, path));
  const body = element("tbody");
  const table = element("div", { class: "beside", tabindex: "0", role: "region", "aria-label": "Both texts" }, element("table", {},
    element("thead", {}, element("tr", {}, head("kept now", item.right, item.after, true), head("left out", item.left, item.before, false))), body));
  ask("/review/texts?" + new URLSearchParams({ id: item.id, document: item.document })).then(({ rows }) => {
    for (const [left, right, hidden] of rows) {
      if (hidden) body.append(element("tr", { class: "gap" }, element("td", { colspan: 2 }, hidden + " equal paragraph" + (hidden > 1 ? "s" : ""))));
      body.append(element("tr", {}, element("td", { dir: "auto" }, ...pieces(left)), element("td", { dir: "auto" }, ...pieces(right))));
    }
    if (!rows.length) body.append(element("tr", {}, element("td", { colspan: 2 }, "The texts are equal.")));
  }).catch(fail);
  return [element("h2", { id: "what" }, "Which copy is kept?"), table, element("div", { class: "actions" },
    button("y", "Keep the first", () => decide("accept"), "main"), button("n", "Keep the second", () => decide("reject")),
    button("s", "Later", skip), button("u", "Undo", undo), button("p", "Second post", aboutPost)), facts(item)];
}

function show(quietly) {
  const item = current();
  const open = Math.max(desk.left, 0);
  $("left").textContent = open.toLocaleString("en") + " left";
  $("card").hidden = !item;
  $("done").hidden = Boolean(item) || Boolean(desk.next) || open > 0;
  if (!quietly || !$("card").dataset.item) {
    desk.editing = false;
    $("post").replaceChildren();
    $("card").replaceChildren(...(item ? item.kind === "duplicate" ? duplicateCard(item) : textCard(item) : []));
    $("card").dataset.item = item ? item.id : "";
    if (item) $("card").focus({ preventScroll: true });
  }
  const rest = desk.items.slice(desk.at + 1, desk.at + 1 + SHOWN_NEXT);
  $("upcoming").hidden = !rest.length;
  $("queue").replaceChildren(...rest.map((one, at) => element("li", {}, element("button", { type: "button", class: "plain", onclick: () => { desk.at += at + 1; show(); } },
    element("bdi", { lang: one.language }, one.kind === "duplicate" ? one.left || one.before : one.left.slice(-12) + one.after + one.right.slice(0, 12)),
    element("span", { class: "quiet" }, one.confidence.toFixed(2) + " · " + one.document)))));
  if (!item && open > 0 && !desk.next && desk.items.length) { desk.at = 0; if (!quietly) say("These are the ones left for later."); return show(); }
  prefetch();
}

function decide(verdict, scope = "here", after = "") {
  const item = current();
  if (!item) return;
  if (item.kind === "duplicate") scope = "here";
  const words = { accept: "Accepted", reject: "Rejected", replace: "Replaced by " + after }[verdict];
  const closes = { pair: one => one.pair === item.pair, document: one => one.document === item.document, here: one => one === item }[scope];
  if (scope === "here") for (const one of desk.items) if (one.pair === item.pair) one.group -= 1;
  const before = desk.items.slice(0, desk.at).filter(one => !closes(one)).length;
  const count = desk.items.length;
  desk.items = desk.items.filter(one => !closes(one));
  desk.left -= scope === "pair" ? item.group : count - desk.items.length;
  desk.at = before;
  desk.pending.add(nameOf(item));
  desk.sending = desk.sending.then(() => send("/review/decide", { id: item.id, document: item.document, verdict, scope, after }))
    .finally(() => desk.pending.delete(nameOf(item))).then(() => scope === "here" ? null : reload())
    .catch(error => { fail(error); return load("").then(() => show(), () => {}); });
  say(words + ". " + desk.left + " left.");
  show();
}

function skip() {
  if (!current()) return;
  desk.at += 1;
  say("Left for later.");
  show();
}

function back() {
  if (desk.at) { desk.at -= 1; show(); }
}

async function undo() {
  try {
    await desk.sending;
    const { item, document } = await send("/review/undo", {});
    say(item ? "Undone." : document ? "Undone, in the post " + document + "." : "Nothing to undo.");
    if (item || document) await reload(item);
  } catch (error) { fail(error); }
}

function edit() {
  const item = current();
  if (!item || item.kind === "duplicate" || desk.editing) return;
  desk.editing = true;
  const field = element("textarea", { rows: 2, id: "text", lang: item.language, dir: "auto" });
  field.value = item.after;
  const save = () => decide("replace", "here", field.value);
  field.addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); save(); }
    if (event.key === "Escape") show();
  });
  $("card").append(element("div", { class: "edit" }, element("label", { for: "text" }, "Text in place of “" + item.before + "”"), field,
    element("div", { class: "actions" }, button("Enter", "Save", save, "main"), button("Esc", "Cancel", () => show()))));
  field.focus();
  field.select();
}

// Correct or skip the post of the item; its form is below the card.
function aboutPost() {
  const item = current();
  if (!item) return;
  openForm($("post"), item.document, made => {
    say(made ? "Saved. Run lacuna run to apply it." : "Nothing changed.");
    if (made) desk.sending.then(() => reload()).catch(fail);
    $("card").focus({ preventScroll: true });
  }).catch(fail);
}

function help() {
  const hidden = !$("keys").hidden;
  $("keys").hidden = hidden;
  $("help").setAttribute("aria-expanded", String(!hidden));
}

const KEYS = {
  y: () => decide("accept"), n: () => decide("reject"), e: edit, s: skip, j: skip, k: back, u: undo, p: aboutPost, "?": help,
  A: () => decideAll("accept", "pair"), D: () => decideAll("reject", "pair"),
  a: () => decideAll("accept", "document"), d: () => decideAll("reject", "document"),
};

function decideAll(verdict, scope) {
  if (current()?.kind === "inferred") decide(verdict, scope);
}

// Act on a key; one that comes while items are loading waits for them. Returns whether the key means something.
function press(key) {
  const choice = /^[1-9]$/.test(key) && current()?.alternatives[key - 1];
  if (!choice && !KEYS[key]) return false;
  if (!current() && desk.loading) desk.pressed.push(key);
  else if (choice) decide("replace", "here", choice[0]);
  else KEYS[key]();
  return true;
}

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (press(event.key)) event.preventDefault();
});
$("filters").addEventListener("change", () => desk.sending.then(() => reload()).catch(fail));
$("filters").addEventListener("submit", event => event.preventDefault());
$("help").addEventListener("click", help);
reload().catch(fail);
