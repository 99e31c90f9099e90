const questions = [...document.querySelectorAll(".question")];
const words = new Map(questions.map((one) => [one, one.textContent.toLowerCase()]));
const [text, ...selects] = document.querySelectorAll(".filters input, .filters select");
const count = document.querySelector("#count"), none = document.querySelector(".none");

function filter() {
  const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const one of questions) {
    const kept = selects.every((select) => !select.value || one.dataset[select.name] === select.value);
    one.hidden = !(kept && wanted.every((word) => words.get(one).includes(word)));
    shown += !one.hidden;
  }
  count.textContent = `${shown} of ${questions.length}`;
  none.hidden = shown > 0;
}

for (const field of [text, ...selects]) field.addEventListener("input", filter);
filter();

function open() {
  const one = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (one?.matches(".question")) { one.open = true; one.scrollIntoView(); }
}
addEventListener("hashchange", open);
open();
