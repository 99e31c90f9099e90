// Paragraphs that somebody else wrote. Everything comes as data and is set as text.

export default function ({ data, parentElement }) {
  const paragraphs = data.map(({ kind, text }) => {
    const made = document.createElement("p");
    made.className = kind;
    made.textContent = text;
    return made;
  });
  parentElement.querySelector("section").replaceChildren(...paragraphs);
}
