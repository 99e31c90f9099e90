// Conversations by the day, newest first: a click opens one, the button beside it renames or deletes it.
// Titles come as data and are set as text.

const shown = new WeakMap(); // what each place on the page shows by now: a rerun must not end what is being typed

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("nav");
  const now = JSON.stringify(data);
  if (shown.get(root) === now) return;
  if (root.querySelector("input")) return; // a title is being typed: the next rerun draws the rest
  shown.set(root, now);
  const focused = focusIn(root);
  root.replaceChildren(...undo(data, setTriggerValue), ...groups(data, setTriggerValue), ...foot(data, setTriggerValue));
  root.onkeydown = (event) => event.stopPropagation(); // the page around would swallow Enter and Space
  if (focused) refocus(root, focused);
}

// Which button of which row has the focus, and the row's place.
function focusIn(root) {
  const active = root.getRootNode().activeElement;
  if (!active || !root.contains(active)) return null;
  const { id, act } = active.dataset;
  return { id, act, place: [...root.querySelectorAll(".open")].findIndex((one) => one.dataset.id === id) };
}

// The same button in what was drawn anew; where its row is gone, the way back or a neighbour.
function refocus(root, { id, act, place }) {
  const rows = [...root.querySelectorAll("li")];
  const same = rows.map((row) => [...row.querySelectorAll("button")].filter((one) => one.dataset.id === id)).find((own) => own.length);
  if (!same) {
    (root.querySelector(".undo") ?? root.querySelectorAll(".open")[Math.max(0, Math.min(place, rows.length - 1))])?.focus();
    return;
  }
  const button = same.find((one) => one.dataset.act === act) ?? same[0];
  if (button.closest(".actions")) same.find((one) => one.dataset.act === "dots").click();
  button.focus();
}

function undo({ deleted }, send) {
  if (!deleted) return [];
  const back = button("Undo", "undo", () => send("restored", deleted.id));
  back.setAttribute("aria-label", `Undo deleting ${deleted.title}`);
  return [element("p", { className: "deleted", role: "status" }, element("span", {}, `Deleted “${deleted.title}”`), back)];
}

function groups({ groups }, send) {
  return groups.flatMap(({ name, items }) => [
    element("h4", {}, name),
    element("ul", {}, ...items.map((item) => row(item, send))),
  ]);
}

function foot({ more, none }, send) {
  if (none) return [element("p", { className: "none" }, none)];
  return more ? [button("Show more", "more", () => send("more", true))] : [];
}

function row(item, send) {
  const line = element("li", { className: item.current ? "current" : "" });
  line.replaceChildren(...resting(line, item, send));
  return line;
}

function resting(line, item, send) {
  const own = (words, act, run) => {
    const made = button(words, act, run);
    Object.assign(made.dataset, { id: item.id, act });
    return made;
  };
  const open = own(item.title, "open", () => send("opened", item.id));
  open.title = `${item.title}\n${item.about}`;
  if (item.twin) open.append(" ", element("span", { className: "about" }, item.about));
  if (item.current) open.setAttribute("aria-current", "true");
  const actions = element("div", { className: "actions", hidden: true },
    own("Rename", "rename", () => rename(line, item, send)),
    own("Delete", "delete", () => send("deleted", item.id)),
  );
  const dots = own("⋯", "dots", () => unfold(dots, actions));
  dots.setAttribute("aria-label", `Rename or delete ${item.title}${item.twin ? `, ${item.about}` : ""}`);
  dots.setAttribute("aria-expanded", "false");
  actions.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    unfold(dots, actions);
    dots.focus();
  };
  return [element("div", { className: "row" }, open, dots), actions];
}

function unfold(dots, actions) {
  actions.hidden = !actions.hidden;
  dots.setAttribute("aria-expanded", String(!actions.hidden));
  if (!actions.hidden) actions.firstChild.focus();
}

function rename(line, item, send) {
  const box = element("input", { type: "text", value: item.title, maxLength: 80, ariaLabel: "New title" });
  let done = false;
  const finish = (title, back) => {
    if (done) return;
    done = true;
    line.replaceChildren(...resting(line, { ...item, title: title.trim() || item.title }, send));
    if (back) line.querySelector(".open").focus(); // not where the reader went elsewhere
    if (title !== item.title) send("renamed", { id: item.id, title });
  };
  box.onkeydown = (event) => {
    if (event.key === "Enter") finish(box.value, true);
    if (event.key === "Escape") finish(item.title, true);
  };
  box.onblur = () => finish(box.value, false);
  line.replaceChildren(box);
  box.select();
  box.focus();
}

function button(words, className, act) {
  const made = element("button", { type: "button", className }, words);
  made.onclick = act;
  return made;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
