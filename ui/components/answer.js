// One exchange: the question, its answer with numbered citations, and what can be done with it. The evidence that a
// citation opens is drawn by evidence.js, which comes before this text.
// Everything comes as data and is set as text: nothing of a paper or a model is ever parsed as markup.

const watches = new WeakMap();
const shown = new WeakMap(); // what each place on the page shows by now: a rerun must not close what is open

export default function ({ data: text, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("article");
  const data = JSON.parse(text);
  const { rated, why, fresh, ...drawn } = data;
  const now = JSON.stringify(drawn);
  const tell = (what, value = true) => setTriggerValue("did", { what, value });
  if (shown.get(root) !== now) {
    shown.set(root, now);
    draw(root, data, tell);
    root.classList.toggle("live", Boolean(data.live));
    clearInterval(watches.get(root));
    if (data.live || fresh) closeOpen(); // it belongs to another answer
    if (data.live) watches.set(root, whenDone(tell));
    if (data.live || fresh) root.querySelector(".question").scrollIntoView({ block: "start" });
    if (fresh) showFirst(root);
  }
  press(root, rated);
}

function press(root, rating) {
  for (const button of root.querySelectorAll(".rate")) button.setAttribute("aria-pressed", button.value === rating);
}

function draw(root, data, tell) {
  const answer = data.paragraphs ? answered(root, data, tell) : data.ended ? ended(root, data, tell) : [stopping(tell)];
  root.replaceChildren(...asked(data, tell), ...answer, element("div", { className: "tip", role: "tooltip", hidden: true }));
  root.onkeydown = (event) => {
    if (event.key === "Escape") closeOpen();
    event.stopPropagation(); // the page around would swallow Enter and Space
  };
}

// Stop ends the run that would have drawn the end of it, and what is drawn while this text is being loaded may be missed:
// then the page is asked to be drawn once more.
function whenDone(tell) {
  const app = document.querySelector('[data-testid="stApp"]');
  const watch = setInterval(() => {
    if (app?.dataset.testScriptState !== "running") (clearInterval(watch), tell("missed"));
  }, 300);
  return watch;
}

function asked(data, tell) {
  if (!data.question) return [];
  const question = element("h3", { className: "question" }, data.question);
  const whom = data.whom ? [element("p", { className: "label" }, `Asked of: ${data.whom}`)] : [];
  return [question, ...whom, ...(data.paragraphs || data.ended ? [editing(question, data, tell)] : [])];
}

// The question can be put otherwise in its own place; what came after it is taken back.
function editing(question, data, tell) {
  const box = element("textarea", { ariaLabel: "The question, to be edited", value: data.question, rows: 2, maxLength: data.longest });
  const form = element("form", { hidden: true }, box, act("Ask", () => form.requestSubmit()), act("Cancel", () => turn(false)));
  const turn = (on) => {
    question.hidden = on;
    form.hidden = !on;
    if (on) box.focus();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!box.value.trim()) return;
    turn(false);
    tell("edit", box.value);
  };
  box.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), form.requestSubmit());
    if (event.key === "Escape") turn(false);
  };
  question.edit = () => turn(true);
  return form;
}

function answered(root, data, tell) {
  const aside = element("aside", { ariaLabel: "Evidence", hidden: true });
  const show = (button, paper, number) => open({ root, aside, button, paper, number, data, tell });
  const heard = element("p", { className: "heard", role: "status" });
  const words = data.paragraphs.flat().flatMap(({ pieces }) => pieces.filter((piece) => typeof piece === "string"));
  if (data.fresh) setTimeout(() => (heard.textContent = [...words, data.reason ?? ""].join(" ")), 100);
  return [element("div", { className: "prose" }, ...prose(data, show)), heard, ...small(data), actions(root, data, tell), aside];
}

// Being told anything starts a new run of the page, and that ends the one that answers. The box has a Stop of its own,
// but not where a question was clicked or edited.
function stopping(tell) {
  return element("div", { className: "actions" }, act("Stop", () => tell("stop")));
}

function ended(root, data, tell) {
  const edit = act("Edit", () => root.querySelector(".question").edit());
  const again = act("Ask again", () => tell("again"));
  return [element("p", { className: "reason" }, data.ended), element("div", { className: "actions" }, edit, again)];
}

function prose(data, show) {
  const paragraphs = data.paragraphs.map((statements) =>
    element("p", {}, ...statements.flatMap((statement) => sentence(statement, data, show))),
  );
  const reason = data.reason ? [element("p", { className: "reason" }, data.reason)] : [];
  return [...paragraphs, ...reason, ...nearest(data, show)];
}

function sentence(statement, data, show) {
  const pieces = statement.pieces.map((piece) => (typeof piece === "number" ? mark(piece, data, show) : piece));
  if (statement.lead && typeof pieces[0] === "string") {
    pieces.splice(0, 1, element("span", { className: "lead" }, statement.lead), pieces[0].slice(statement.lead.length));
  }
  const last = typeof pieces.at(-1) === "string" ? [] : [pieces.pop()];
  return [...pieces, element("span", { className: "end" }, ...last, ...support(statement, data)), " "];
}

const WORDS = {
  supported: ["\u2713", "Borne out by the quotes it cites"],
  partial: ["\u25d0", "Only partly borne out by the quotes it cites"],
  unsupported: ["\u25cb", "Not borne out by any quote"],
};

function support(statement, data) {
  if (!Object.keys(data.citations).length) return []; // nothing is claimed
  const [shape, words] = WORDS[statement.support];
  const made = element("span", { className: `support ${statement.support}`, title: words }, shape);
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", words);
  return [made];
}

function mark(number, data, show) {
  const { paper, quote } = data.citations[number];
  const title = data.papers[paper].title;
  const button = element("button", { className: "mark" }, String(number));
  button.setAttribute("aria-label", `Citation ${number}: ${title}`);
  button.dataset.number = number;
  hinting(button, title, quote);
  return opening(button, () => show(button, paper, number));
}

function nearest(data, show) {
  if (!data.nearest.length) return [];
  const items = data.nearest.map((paper) => {
    const button = element("button", { className: "paper" }, data.papers[paper].title);
    return element("li", {}, opening(button, () => show(button, paper)));
  });
  return [element("p", { className: "label" }, "Nearest papers"), element("ul", {}, ...items)];
}

function small(data) {
  const notes = data.notes.map((note) => element("p", { className: "note" }, note));
  const facts = data.facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  const foot = element("summary", { className: "footer" }, data.footer);
  return [...notes, element("details", {}, foot, element("dl", {}, ...facts), ...sent(data.prompt))];
}

function sent(prompt) {
  if (!prompt.length) return [element("p", { className: "label" }, "Nothing was sent to a model.")];
  const messages = prompt.flatMap(({ role, content }) => [
    element("p", { className: "label" }, role),
    element("pre", { tabIndex: 0 }, content),
  ]);
  return [element("details", {}, element("summary", {}, "What was sent to the model"), ...messages)];
}

function actions(root, data, tell) {
  if (!data.question) return "";
  const copy = act("Copy", () => copied(copy, data.copied));
  const edit = act("Edit", () => root.querySelector(".question").edit());
  const wider = data.looser && data.whom ? [act("Ask all papers", () => tell("wider"))] : [];
  const looser = data.looser ? [act("Look more loosely", () => tell("looser")), ...wider] : [];
  for (const button of looser) button.classList.add("looser");
  const again = act("Ask again", () => tell("again"));
  return element("div", { className: "actions" }, ...looser, copy, edit, again, ...thumbs(data, tell));
}

function copied(button, text) {
  const done = (word) => {
    button.textContent = word;
    setTimeout(() => (button.textContent = "Copy"), 1500);
  };
  if (!navigator.clipboard) return done("No clipboard here"); // a page over plain http from elsewhere has none
  navigator.clipboard.writeText(text).then(() => done("Copied"), () => done("Not allowed"));
}

// A thumb, and once one is pressed, a line for why.
function thumbs(data, tell) {
  const why = element("input", { className: "why", placeholder: "A word of why, if you like", ariaLabel: "Why?", maxLength: 500 });
  why.value = data.why ?? "";
  why.hidden = !data.rated;
  const rate = (value, words, path) => {
    const button = element("button", { className: "rate", type: "button", value, title: words, ariaLabel: words }, drawing(path));
    button.onclick = () => {
      const rating = button.getAttribute("aria-pressed") === "true" ? null : value;
      press(button.parentElement, rating); // at once: a word of why may come before the page is drawn anew
      why.hidden = !rating;
      tell("rate", { rating, why: why.value });
    };
    return button;
  };
  why.onchange = () => {
    const pressed = why.parentElement.querySelector('.rate[aria-pressed="true"]');
    tell("rate", { rating: pressed ? pressed.value : null, why: why.value });
  };
  return [rate("up", "Thumbs up", "M7 11v9H4v-9zM7 11l4-8c1.5 0 2.5 1 2.2 2.8L12.6 9H19a1.8 1.8 0 0 1 1.8 2.2l-1.5 7A2.3 2.3 0 0 1 17 20H7"),
    rate("down", "Thumbs down", "M7 13V4H4v9zM7 13l4 8c1.5 0 2.5-1 2.2-2.8L12.6 15H19a1.8 1.8 0 0 0 1.8-2.2l-1.5-7A2.3 2.3 0 0 0 17 4H7"), why];
}

function act(words, does) {
  const button = element("button", { className: "act", type: "button" }, words);
  button.onclick = does;
  return button;
}

function showFirst(root) {
  const first = root.querySelector(".mark");
  if (first && isRoomBeside(root) && !wasShut) first.click();
}
