// A map of papers: what is alike lies close. A dot opens its paper; a topic of the legend stands out when pressed.
// By keyboard the map is one stop: arrows go to the next paper that way, Enter opens it. Words are set as text.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = [
  "M0-1A1 1 0 0 1 0 1A1 1 0 0 1 0-1Z", "M-.9-.9H.9V.9H-.9Z", "M0-1.2L1.1.8H-1.1Z", "M0-1.25L1.25 0L0 1.25L-1.25 0Z",
  "M0 1.2L1.1-.8H-1.1Z", "M-.4-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z", "M-1.3-.6H1.3V.6H-1.3Z", "M-.6-1.3H.6V1.3H-.6Z",
];
const shown = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("section");
  const now = JSON.stringify(data);
  if (shown.get(root) === now) return;
  shown.set(root, now);
  const tip = element("div", { className: "tip", hidden: true });
  const plane = element("div", { className: "plane" });
  const dots = data.papers.map((paper) => dot(paper, data.size));
  const chart = drawn(dots, data);
  plane.append(chart, tip);
  root.replaceChildren(legend(data, dots), plane);
  let current = -1;

  const show = (place) => {
    dots[current]?.classList.remove("current");
    current = place;
    const paper = data.papers[place];
    tip.hidden = !paper;
    if (!paper) return;
    dots[place].classList.add("current");
    tip.textContent = paper.title;
    chart.setAttribute("aria-label", `${paper.title}. ${data.topics[paper.topic].name}`);
    beside(tip, dots[place], plane);
  };
  dots.forEach((one, place) => {
    one.onmouseenter = () => show(place);
    one.onclick = () => setTriggerValue("opened", data.papers[place].id);
  });
  chart.onmouseleave = () => show(-1);
  chart.onfocus = () => chart.matches(":focus-visible") && current < 0 && show(0);
  chart.onblur = () => show(-1);
  root.onkeydown = (event) => {
    event.stopPropagation(); // the page around would swallow Enter and Space
    if (event.target !== chart) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) {
      event.preventDefault();
      show(next(data.papers, Math.max(current, 0), way));
    } else if (event.key === "Enter" && current >= 0) setTriggerValue("opened", data.papers[current].id);
    else if (event.key === "Escape") show(-1);
  };
}

function drawn(dots, data) {
  const chart = document.createElementNS(SVG, "svg");
  const width = Math.max(...data.papers.map(({ x }) => x)); // 0 of a paper by itself, which lies in the middle
  chart.setAttribute("viewBox", `${50 * width - 53} -3 106 ${data.height * 100 + 6}`);
  chart.setAttribute("tabindex", "0");
  chart.setAttribute("role", "application");
  chart.setAttribute("aria-label", `${data.label}. Arrow keys go from paper to paper, Enter opens one.`);
  const shapes = document.createElementNS(SVG, "defs");
  SHAPES.forEach((path, topic) => {
    const made = document.createElementNS(SVG, "path");
    made.setAttribute("id", `shape-${topic}`);
    made.setAttribute("d", path);
    shapes.append(made);
  });
  chart.append(shapes, ...dots);
  return chart;
}

function dot(paper, size) {
  const made = document.createElementNS(SVG, "use");
  made.setAttribute("href", `#shape-${paper.topic}`);
  made.setAttribute("class", `t${paper.topic}`);
  made.setAttribute("transform", `translate(${paper.x * 100} ${paper.y * 100}) scale(${size})`);
  return made;
}

function legend(data, dots) {
  const list = element("ul", {});
  list.setAttribute("aria-label", "Topics");
  data.topics.forEach(({ name, count }, topic) => {
    const sign = document.createElementNS(SVG, "svg");
    sign.setAttribute("viewBox", "-1.5 -1.5 3 3");
    sign.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", SHAPES[topic]);
    path.setAttribute("class", `t${topic}`);
    sign.append(path);
    const button = element("button", { type: "button" }, sign, name, element("span", { className: "count" }, count));
    button.setAttribute("aria-pressed", "false");
    button.onclick = () => {
      const pressed = button.getAttribute("aria-pressed") === "true";
      list.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", "false"));
      button.setAttribute("aria-pressed", String(!pressed));
      dots.forEach((one, place) => one.classList.toggle("faint", !pressed && data.papers[place].topic !== topic));
    };
    list.append(element("li", {}, button));
  });
  return list;
}

// the nearest paper that lies more that way than aside; where there is none, one stays
function next(papers, from, [right, down]) {
  const here = papers[from];
  let best = from;
  let least = Infinity;
  papers.forEach((paper, place) => {
    const x = paper.x - here.x;
    const y = paper.y - here.y;
    const along = x * right + y * down;
    const aside = Math.abs(x * down) + Math.abs(y * right);
    if (along <= 0 || aside > along) return;
    if (along + aside < least) [best, least] = [place, along + aside];
  });
  return best;
}

function beside(tip, one, plane) {
  const frame = plane.getBoundingClientRect();
  const box = one.getBoundingClientRect();
  const left = box.x - frame.x + box.width / 2;
  const onTheRight = left > frame.width / 2;
  tip.style.left = onTheRight ? "auto" : `${left + 10}px`;
  tip.style.right = onTheRight ? `${frame.width - left + 10}px` : "auto";
  tip.style.top = `${box.y - frame.y + box.height + 4}px`;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
