// What the scripts of all pages share: elements and requests. Texts become text nodes, never HTML.
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") node.addEventListener("click", value);
    else if (value !== false && value !== "") node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export function button(key, label, action, kind = "") {
  return element("button", { type: "button", class: kind, onclick: action, "aria-keyshortcuts": key }, element("kbd", { "aria-hidden": "true" }, key), " " + label);
}

export async function ask(path, options) {
  const answer = await fetch(path, options);
  const data = await answer.json().catch(() => ({ problem: "The server gave no answer. Is it still running?" }));
  if (!answer.ok) throw new Error(data.problem || "The server refused the request.");
  return data;
}

export const send = (path, data) => ask(path, { method: "POST", body: JSON.stringify(data), headers: { "Content-Type": "application/json" } });

export const inWords = error => error instanceof TypeError ? "The server does not answer. Start it again, then open its new URL." : error.message;
