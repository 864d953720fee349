// The form that corrects the title, the author, the date and the language of a post, or skips it.
import { ask, button, element, inWords, send } from "./page.js";

const FIELDS = [["title", "Title"], ["author", "Authors, with ; between them"], ["date", "Date, as 2021-03-09"], ["language", "Language, as zh-Hans"]];

// Show the form for a post in `place`; `done` gets how many decisions were made, or null if a person cancelled.
export async function openForm(place, name, done) {
  const post = await ask("/review/post?" + new URLSearchParams({ document: name }));
  const close = made => { place.replaceChildren(); done(made); };
  const fields = FIELDS.map(([field, label]) => {
    const found = post.found[field] !== post.values[field] && element("span", { class: "quiet" }, "Lacuna found: ", element("bdi", {}, post.found[field] || "nothing"));
    const input = element("input", { name: field, dir: "auto", autocomplete: "off" });
    input.value = post.values[field];
    return element("label", {}, label, input, ...(found ? [found] : []));
  });
  const skipped = element("input", { type: "checkbox", name: "skipped" });
  skipped.checked = post.skipped;
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  const heading = element("h2", { id: "about-post" }, "This post ", element("span", { class: "quiet" }, post.document));
  const form = element("form", { class: "edit post-form", "aria-labelledby": "about-post" }, heading, ...fields,
    element("label", { class: "check" }, skipped, " Skip this post: no clean file and no books"), problem,
    element("div", { class: "actions" },
      element("button", { class: "main", "aria-keyshortcuts": "Enter" }, element("kbd", { "aria-hidden": "true" }, "Enter"), " Save"), button("Esc", "Cancel", () => close(null))));
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const values = Object.fromEntries(FIELDS.map(([field]) => [field, form.elements[field].value]));
    try {
      close((await send("/review/post", { document: post.document, values, skipped: skipped.checked })).made);
    } catch (error) {
      problem.textContent = inWords(error);
      problem.hidden = false;
    }
  });
  form.addEventListener("keydown", event => { if (event.key === "Escape") { event.stopPropagation(); close(null); } });
  place.replaceChildren(form);
  form.elements.title.focus();
}

for (const opener of document.querySelectorAll("[data-document]")) {
  const place = element("div");
  const status = element("p", { role: "status", class: "quiet" });
  opener.after(place, status);
  const done = made => {
    opener.setAttribute("aria-expanded", "false");
    status.textContent = made === null ? "" : made ? "Saved. Run lacuna run to apply it." : "Nothing changed.";
    opener.focus();
  };
  opener.addEventListener("click", async () => {
    opener.setAttribute("aria-expanded", "true");
    status.textContent = "";
    await openForm(place, opener.dataset.document, done).catch(error => { status.textContent = inWords(error); });
  });
}
