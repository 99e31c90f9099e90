// Papers by title: one is opened by its title; where they may be chosen, each has a box to tick.
// Everything comes as data and is set as text.

const shown = new WeakMap(); // what each place on the page shows by now: an answer on its way must not untick a box

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("section");
  const now = JSON.stringify([data.label, data.papers, data.revision]);
  if (shown.get(root) === now) return;
  shown.set(root, now);
  const list = element("ul", {}, ...data.papers.map((paper) => line(paper, data, setTriggerValue)));
  list.setAttribute("aria-label", data.label);
  if (data.choosing && data.papers.length > 1) list.prepend(everyone(list, setTriggerValue));
  root.replaceChildren(list);
  root.onkeydown = (event) => event.stopPropagation(); // the page around would swallow Enter and Space
}

function line(paper, data, setTriggerValue) {
  const title = element("a", { href: `${data.address}?paper=${encodeURIComponent(paper.id)}` }, paper.title);
  title.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a tab of its own
    event.preventDefault();
    setTriggerValue("opened", paper.id);
  };
  const words = element("div", {}, title, element("span", { className: "byline" }, paper.byline));
  if (!data.choosing) return element("li", {}, words);
  const box = element("input", { type: "checkbox", checked: paper.chosen, value: paper.id });
  box.setAttribute("aria-label", `Choose ${paper.title}`);
  const made = element("li", { className: paper.chosen ? "chosen" : "" }, box, words);
  box.onchange = () => tell(made.parentElement, setTriggerValue);
  return made;
}

function everyone(list, setTriggerValue) {
  const boxes = [...list.querySelectorAll("input")];
  const box = element("input", { type: "checkbox", className: "everyone", checked: boxes.every((one) => one.checked) });
  box.onchange = () => {
    boxes.forEach((one) => (one.checked = box.checked));
    tell(list, setTriggerValue);
  };
  return element("li", { className: "all" }, element("label", {}, box, "All on this page"));
}

function tell(list, setTriggerValue) {
  const boxes = [...list.querySelectorAll("input:not(.everyone)")];
  boxes.forEach((box) => box.parentElement.classList.toggle("chosen", box.checked));
  const all = list.querySelector(".everyone");
  if (all) all.checked = boxes.every((box) => box.checked);
  const values = (some) => some.map((box) => box.value);
  setTriggerValue("chosen", { of: values(boxes), chosen: values(boxes.filter((box) => box.checked)) });
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
