// Conversations by the day, newest first: a click opens one, the button beside it renames or deletes it.
// Titles come as data and are set as text.

const shown = new WeakMap(); // what each place on the page shows by now: a rerun must not end what is being typed

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("nav");
  const now = JSON.stringify(data);
  if (shown.get(root) === now) return;
  const focused = focus(root);
  shown.set(root, now);
  root.replaceChildren(...undo(data, setTriggerValue), ...groups(data, setTriggerValue), ...foot(data, setTriggerValue));
  root.onkeydown = (event) => event.stopPropagation(); // the page around would swallow Enter and Space
  if (focused) refocus(root, focused);
}

// The row that has the focus, and its place: where it is gone, its neighbour gets the focus.
function focus(root) {
  const active = root.getRootNode().activeElement;
  if (!active || !root.contains(active)) return null;
  return { id: active.dataset.id, place: [...root.querySelectorAll(".open")].findIndex((one) => one.dataset.id === active.dataset.id) };
}

function refocus(root, { id, place }) {
  const buttons = [...root.querySelectorAll(".open")];
  const same = buttons.find((one) => one.dataset.id === id);
  (same ?? root.querySelector(".undo") ?? buttons[Math.min(Math.max(place, 0), buttons.length - 1)])?.focus();
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
  const open = button(item.title, "open", () => send("opened", item.id));
  open.title = `${item.title}\n${item.about}`;
  open.dataset.id = item.id;
  if (item.current) open.setAttribute("aria-current", "true");
  const actions = element("div", { className: "actions", hidden: true },
    button("Rename", "", () => rename(line, item, send)),
    button("Delete", "", () => send("deleted", item.id)),
  );
  const more = button("⋯", "dots", () => unfold(more, actions));
  more.setAttribute("aria-label", `Rename or delete ${item.title}`);
  more.setAttribute("aria-expanded", "false");
  for (const one of [more, ...actions.children]) one.dataset.id = item.id;
  actions.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    unfold(more, actions);
    more.focus();
  };
  return [element("div", { className: "row" }, open, more), actions];
}

function unfold(more, actions) {
  actions.hidden = !actions.hidden;
  more.setAttribute("aria-expanded", String(!actions.hidden));
  if (!actions.hidden) actions.firstChild.focus();
}

function rename(line, item, send) {
  const box = element("input", { type: "text", value: item.title, maxLength: 80, ariaLabel: "New title" });
  box.dataset.id = item.id;
  let done = false;
  const finish = (title) => {
    if (done) return;
    done = true;
    if (title !== item.title) send("renamed", { id: item.id, title });
    line.replaceChildren(...resting(line, { ...item, title: title.trim() || item.title }, send));
    line.querySelector(".open").focus();
  };
  box.onkeydown = (event) => {
    if (event.key === "Enter") finish(box.value);
    if (event.key === "Escape") finish(item.title);
  };
  box.onblur = () => finish(box.value);
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
