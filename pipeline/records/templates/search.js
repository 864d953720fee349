"use strict";
// Search of all posts: each page of the report has a small script that calls lacunaPosts.
const posts = [];
let left = 0;
function lacunaPosts(file, entries) {
  for (const [title, path, place, kinds] of entries) {
    posts.push({ title, path, target: `${file}#${place}`, kinds: kinds.split(" "), text: `${title} ${path}`.toLowerCase() });
  }
}
const chips = [...document.querySelectorAll(".chip")];
const input = document.getElementById("words");
function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const kinds = chips.filter(chip => chip.getAttribute("aria-pressed") === "true").map(chip => chip.dataset.kind);
  const found = words.length || kinds.length
    ? posts.filter(post => kinds.every(kind => post.kinds.includes(kind)) && words.every(word => post.text.includes(word)))
    : [];
  document.getElementById("found").replaceChildren(...found.slice(0, 500).map(post => {
    const item = document.createElement("li"), link = document.createElement("a"), path = document.createElement("span");
    link.href = post.target;
    link.textContent = post.title || post.path;
    path.className = "quiet";
    path.textContent = ` ${post.path}`;
    item.append(link, path);
    return item;
  }));
  const first = found.length > 500 ? ", the first 500 are shown" : "";
  const count = words.length || kinds.length ? `${found.length} found${first}` : `${posts.length} posts`;
  document.getElementById("count").textContent = left ? "reading the posts" : count;
}
function ready() {
  for (const chip of chips) {
    const count = posts.filter(post => post.kinds.includes(chip.dataset.kind)).length;
    chip.querySelector("b").textContent = count;
    chip.hidden = !count;
  }
  show();
}
const files = JSON.parse(document.getElementById("files").textContent);
left = files.length;
for (const file of files) {
  const script = document.createElement("script");
  script.src = file;
  script.async = false; // run in the order of the pages
  script.onload = script.onerror = () => { left -= 1; if (!left) ready(); };
  document.head.append(script);
}
for (const chip of chips) {
  chip.addEventListener("click", () => {
    chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") === "false");
    show();
  });
}
input.addEventListener("input", show);
if (location.hash) input.value = decodeURIComponent(location.hash.slice(1));
