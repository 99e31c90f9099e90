// One paper: title, who wrote it, where it is to be read; or its abstract. Everything comes as data and is set as text.

const shown = new WeakMap(); // the title that each place on the page shows by now

export default function ({ data, parentElement }) {
  const { title, byline, links = [], abstract } = data;
  const parts = [];
  if (title) parts.push(element("h1", {}, title));
  if (byline) parts.push(element("p", { className: "byline" }, byline));
  if (links.length) parts.push(element("p", { className: "links" }, ...links.map(link)));
  if (abstract) parts.push(element("p", { className: "abstract" }, abstract));
  const root = parentElement.querySelector("article");
  root.replaceChildren(...parts);
  if (title && shown.get(root) !== title) root.scrollIntoView({ block: "start" }); // from the middle of a list
  shown.set(root, title);
}

function link({ name, url }) {
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, name);
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
