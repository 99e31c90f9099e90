// The evidence beside an answer: a paper's card, its abstract with the quote marked in place, the answer's other quotes.
// Where there is no room beside the answer, it lies at the foot of the window.

const NARROWEST = 320; // pixels that a card needs beside the answer
const GAP = 32;
let closeOpen = () => {};
let wasShut = false; // by its reader: then it is not opened unasked again

function opening(button, act) {
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.onclick = act;
  return button;
}

function open(opened) {
  closeOpen(); // of whichever answer: there is room for one
  wasShut = false;
  const { root, aside, button } = opened;
  const settle = () => place(root, aside);
  closeOpen = () => {
    closeOpen = () => {};
    removeEventListener("resize", settle);
    if (aside.contains(root.getRootNode().activeElement)) button.focus(); // what has the focus is about to go
    aside.hidden = true;
    root.classList.remove("under");
    button.setAttribute("aria-expanded", "false");
  };
  button.setAttribute("aria-expanded", "true");
  root.querySelector(".tip").hidden = true;
  aside.replaceChildren(...card(opened));
  addEventListener("resize", settle);
  settle();
  aside.hidden = false;
  const quote = aside.querySelector(".current");
  const above = Math.max(aside.clientHeight / 3, aside.querySelector("header").offsetHeight + 8); // its head stays over it
  aside.scrollTop = quote ? quote.offsetTop - above : 0;
  if (!aside.classList.contains("beside")) button.scrollIntoView({ block: "nearest" });
}

function room(root) {
  return innerWidth - root.querySelector(".prose").getBoundingClientRect().right - 2 * GAP;
}

function isRoomBeside(root) {
  return room(root) >= NARROWEST;
}

function place(root, aside) {
  root.classList.toggle("under", !aside.classList.toggle("beside", isRoomBeside(root)));
  aside.style.setProperty("--room", `${room(root)}px`);
  aside.style.setProperty("--left", `${Math.max(0, root.getBoundingClientRect().left - GAP / 2)}px`); // of the sidebar
}

function card(opened) {
  const { data, paper, number, button, tell } = opened;
  const { id, title, byline, url, segments } = data.papers[paper];
  const shut = element("button", { className: "close", type: "button", ariaLabel: "Close the evidence" }, "×");
  shut.onclick = () => {
    wasShut = true;
    closeOpen();
  };
  const abstract = segments.map(({ text, numbers }) =>
    numbers.length
      ? element("mark", { className: numbers.includes(number) ? "current" : "" }, text)
      : document.createTextNode(text),
  );
  const leads = [...(url ? [link(url, "Source")] : []), ...ways(id, data, tell)];
  return [
    element("header", {}, element("div", {}, element("h4", { title }, title), shut), element("p", { className: "links" }, ...leads)),
    element("p", { className: "byline" }, byline),
    element("p", { className: "abstract" }, ...abstract),
    ...others(opened),
  ];
}

function ways(id, data, tell) {
  return data.question ? [act("Its page", () => tell("page", id)), act("Ask about it", () => tell("about", id))] : [];
}

function others({ root, data, number }) {
  const rest = Object.entries(data.citations).filter(([other]) => Number(other) !== number);
  if (!rest.length) return [];
  const items = rest.map(([other, { quote }]) => {
    const button = element("button", { className: "other", type: "button" }, element("b", {}, other), ` ${quote}`);
    button.onclick = () => root.querySelector(`.mark[data-number="${other}"]`).click();
    return element("li", {}, button);
  });
  return [element("p", { className: "label" }, "Also quoted in this answer"), element("ul", {}, ...items)];
}

// What a citation points to, while the mouse or the focus is on it.
function hinting(button, title, quote) {
  const tip = () => button.closest("article").querySelector(".tip");
  const hint = () => {
    const { left, top } = button.getBoundingClientRect();
    const origin = button.closest("article").getBoundingClientRect();
    const box = tip();
    box.replaceChildren(element("b", {}, title), element("span", {}, `“${quote}”`));
    box.hidden = false;
    const head = document.querySelector('[data-testid="stHeader"]')?.getBoundingClientRect().bottom ?? 0; // lies over the page
    const over = top > head + box.offsetHeight + 8;
    box.style.left = `${Math.max(0, Math.min(left - origin.left, origin.width - box.offsetWidth))}px`;
    box.style.top = `${top - origin.top + (over ? -box.offsetHeight - 6 : 26)}px`;
  };
  button.onmouseenter = button.onfocus = hint;
  button.onmouseleave = button.onblur = () => (tip().hidden = true);
}

function link(url, words) {
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words);
}

function drawing(path) {
  const space = "http://www.w3.org/2000/svg"; // a name, not an address: nothing is fetched
  const svg = document.createElementNS(space, "svg");
  const line = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
