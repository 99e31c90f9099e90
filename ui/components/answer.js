// One answer: its prose with numbered citations, and, beside it, the abstract that a citation points into.
// Everything comes as data and is set as text: nothing of a paper or a model is ever parsed as markup.

const shown = new WeakMap(); // what each place on the page shows by now: a rerun must not close what is open
let closeOpen = () => {};

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector("article");
  const now = JSON.stringify(data);
  if (shown.get(root) === now) return;
  shown.set(root, now);
  const aside = element("aside", { ariaLabel: "Evidence", hidden: true });
  const open = (button, paper, number) => toggle(aside, button, data.papers[paper], number);
  root.replaceChildren(element("div", { className: "prose" }, ...prose(data, open), ...small(data)), aside);
  root.onkeydown = (event) => {
    if (event.key === "Escape") closeOpen();
    event.stopPropagation(); // the page around would swallow Enter and Space
  };
}

function prose(data, open) {
  const paragraphs = data.paragraphs.map((statements) =>
    element("p", {}, ...statements.flatMap((statement) => sentence(statement, data, open))),
  );
  const reason = data.reason ? [element("p", { className: "reason" }, data.reason)] : [];
  return [...paragraphs, ...reason, ...nearest(data, open)];
}

function sentence(statement, data, open) {
  const pieces = statement.pieces.map((piece) => (typeof piece === "number" ? mark(piece, data, open) : piece));
  if (statement.lead && typeof pieces[0] === "string") {
    pieces.splice(0, 1, element("span", { className: "lead" }, statement.lead), pieces[0].slice(statement.lead.length));
  }
  return [...pieces, " ", ...support(statement), " "];
}

const WORDS = {
  partial: ["\u25d0", "Only partly borne out by the quotes it cites"],
  unsupported: ["\u25cb", "Not borne out by any quote"],
};

function support(statement) {
  if (!WORDS[statement.support]) return [];
  const [shape, words] = WORDS[statement.support];
  const made = element("span", { className: `support ${statement.support}`, title: words }, shape);
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", words);
  return [made];
}

function mark(number, data, open) {
  const { paper, quote } = data.citations[number];
  const title = data.papers[paper].title;
  const button = element("button", { className: "mark", title: `${title}\n“${quote}”` }, `[${number}]`);
  button.setAttribute("aria-label", `Citation ${number}: ${title}`);
  return opening(button, () => open(button, paper, number));
}

function nearest(data, open) {
  if (!data.nearest.length) return [];
  const items = data.nearest.map((paper) => {
    const button = element("button", { className: "paper" }, data.papers[paper].title);
    return element("li", {}, opening(button, () => open(button, paper)));
  });
  return [element("p", { className: "label" }, "Nearest papers"), element("ul", {}, ...items)];
}

function small(data) {
  const notes = data.notes.map((note) => element("p", { className: "note" }, note));
  const foot = element("p", { className: "footer" }, data.footer);
  return data.prompt.length ? [...notes, foot, sent(data.prompt)] : [...notes, foot];
}

function sent(prompt) {
  const messages = prompt.flatMap(({ role, content }) => [
    element("p", { className: "label" }, role),
    element("pre", {}, content),
  ]);
  return element("details", {}, element("summary", {}, "What was sent to the model"), ...messages);
}

function opening(button, act) {
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.onclick = act;
  return button;
}

function toggle(aside, button, paper, number) {
  const wasOpen = button.getAttribute("aria-expanded") === "true";
  closeOpen(); // of whichever answer: there is room for one
  if (wasOpen) return;
  closeOpen = () => close(aside, button);
  button.setAttribute("aria-expanded", "true");
  aside.replaceChildren(...evidence(paper, number, closeOpen));
  aside.hidden = false;
  const quote = aside.querySelector(".current");
  aside.scrollTop = quote ? quote.offsetTop - aside.clientHeight / 3 : 0;
  button.scrollIntoView({ block: "nearest" });
}

function close(aside, button) {
  closeOpen = () => {};
  aside.hidden = true;
  button.setAttribute("aria-expanded", "false");
  button.focus();
}

function evidence(paper, number, onClose) {
  const shut = element("button", { className: "close", type: "button", ariaLabel: "Close the evidence" }, "×");
  shut.onclick = onClose;
  const title = paper.url ? link(paper.url, paper.title) : paper.title;
  const abstract = paper.segments.map(({ text, numbers }) =>
    numbers.length
      ? element("mark", { className: numbers.includes(number) ? "current" : "" }, text)
      : document.createTextNode(text),
  );
  return [
    element("header", {}, element("h4", {}, title), shut),
    element("p", { className: "byline" }, paper.byline),
    element("p", { className: "abstract" }, ...abstract),
  ];
}

function link(url, words) {
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words);
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
