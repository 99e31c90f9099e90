// A table of words and figures, some with their interval drawn; a row may be chosen by its first cell.
// Everything comes as data and is set as text.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("section");
  const table = element("table", {},
    element("caption", {}, data.label),
    element("thead", { hidden: data.columns.every(({ name }) => !name) }, element("tr", {}, ...data.columns.map(heading))),
    element("tbody", {}, ...data.rows.map((row) => line(row, data.columns, setTriggerValue))),
  );
  const at = root.querySelector(".wide")?.scrollLeft ?? 0; // a rerun must not scroll back
  const wide = element("div", { className: "wide", tabIndex: 0 }, table);
  wide.setAttribute("role", "region");
  wide.setAttribute("aria-label", data.label);
  const focused = root.getRootNode().activeElement?.dataset.row;
  root.replaceChildren(wide);
  wide.scrollLeft = at;
  if (focused) [...root.querySelectorAll("button")].find((one) => one.dataset.row === focused)?.focus();
  root.onkeydown = (event) => event.stopPropagation(); // the page around would swallow Enter and Space
}

function heading({ name, kind, about }) {
  return element("th", { className: kind, title: about, scope: "col" }, name);
}

function line(row, columns, setTriggerValue) {
  const made = element("tr", { className: row.current ? "current" : "" });
  made.append(...row.cells.map((cell, place) => filled(cell, row, columns, place, setTriggerValue)));
  return made;
}

function filled(cell, row, columns, place, setTriggerValue) {
  const { text, sub, shade, plot, span, about } = typeof cell === "string" ? { text: cell } : cell;
  const inside = place === 0 && row.id != null ? [choice(text, row, setTriggerValue)] : [element("span", { className: shade ?? "" }, text)];
  if (sub) inside.push(element("span", { className: "sub" }, sub));
  if (plot) inside.push(drawn(plot, shade));
  const made = element(place === 0 ? "th" : "td", { className: span ? "" : columns[place].kind, title: about ?? "" }, ...inside);
  if (place === 0) made.scope = "row";
  if (span) made.colSpan = span;
  return made;
}

function choice(text, row, setTriggerValue) {
  const button = element("button", { type: "button" }, text);
  button.dataset.row = row.id;
  if (row.current) button.setAttribute("aria-current", "true");
  button.onclick = () => setTriggerValue("chosen", row.id);
  return button;
}

// value, low and high lie on least..most; where 0 is inside, it is marked
function drawn({ value, low, high, least, most }, shade) {
  const share = (number) => `${(100 * (Math.min(Math.max(number, least), most) - least)) / (most - least)}%`;
  const parts = [];
  if (least < 0) parts.push(placed("zero", share(0)));
  if (low != null && high != null) {
    const range = placed("range", share(low));
    range.style.right = `calc(100% - ${share(high)})`;
    parts.push(range);
  }
  parts.push(placed(`dot ${shade ?? ""}`, share(value)));
  const plot = element("span", { className: "plot" }, ...parts);
  plot.setAttribute("aria-hidden", "true"); // the same is said in words
  return plot;
}

function placed(className, left) {
  const made = element("span", { className });
  made.style.left = left;
  return made;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
