// Papers side by side: a row a paper, a column a question, a verbatim quote in each cell. It scrolls in its own frame.
// Everything comes as data and is set as text.

const asked = new WeakMap(); // the questions that each place on the page shows by now

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("section");
  const open = (id) => (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a tab of its own
    event.preventDefault();
    setTriggerValue("opened", id);
  };
  const link = (row, words, name) => {
    const made = element("a", { href: `${data.address}?paper=${encodeURIComponent(row.id)}` }, words);
    if (name) Object.assign(made, { className: "mark", ariaLabel: name });
    made.onclick = open(row.id);
    return made;
  };
  const away = (trigger, value, name) => {
    const made = element("button", { type: "button", className: "away", ariaLabel: name, title: name }, "×");
    made.onclick = () => setTriggerValue(trigger, value);
    return made;
  };
  const heading = ({ name, question }) => {
    const words = element("span", {}, name);
    if (question !== name) words.append(element("span", { className: "asked" }, question));
    return element("th", { scope: "col" }, element("div", { className: "head" }, words, away("without", question, `Remove the column ${name}`)));
  };
  const quoted = (row) => (cell) => {
    if (cell === null) return element("td", { className: "missing" }, data.missing);
    return element("td", {}, `“${cell}” `, link(row, `[${row.number}]`, `[${row.number}] ${row.title}`));
  };
  const line = (row) => {
    const words = element("span", {}, link(row, row.title), element("span", { className: "byline" }, row.byline));
    const first = element("th", { scope: "row" }, element("div", { className: "head" }, words, away("dropped", row.id, `Remove the row ${row.title}`)));
    return element("tr", {}, first, ...row.cells.map(quoted(row)));
  };
  const table = element("table", {},
    element("caption", {}, data.label),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Paper"), ...data.columns.map(heading))),
    element("tbody", {}, ...data.rows.map(line)),
  );
  const old = root.querySelector(".frame");
  const at = [old?.scrollLeft ?? 0, old?.scrollTop ?? 0]; // a rerun must not scroll back
  const frame = element("div", { className: "frame", tabIndex: 0, role: "region", ariaLabel: data.label }, table);
  root.replaceChildren(frame);
  [frame.scrollLeft, frame.scrollTop] = at;
  const before = asked.get(root);
  asked.set(root, data.columns.map(({ question }) => question));
  if (before && asked.get(root).some((question) => !before.includes(question))) frame.scrollLeft = frame.scrollWidth; // new ones stand last
  const cue = () => root.classList.toggle("more", frame.scrollLeft + frame.clientWidth < frame.scrollWidth - 1);
  frame.onscroll = cue;
  new ResizeObserver(cue).observe(frame);
  root.onkeydown = (event) => event.stopPropagation(); // the page around would swallow Enter and Space
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
