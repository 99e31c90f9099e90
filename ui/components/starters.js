// Questions to begin with, as buttons; a click asks. Their words come from papers' titles: set as text, never as markup.

export default function ({ data, parentElement, setTriggerValue }) {
  const buttons = data.map((question) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = question;
    button.onclick = () => setTriggerValue("asked", question);
    return button;
  });
  const section = parentElement.querySelector("section");
  section.replaceChildren(...buttons);
  section.onkeydown = (event) => event.stopPropagation(); // the page around would swallow Enter and Space
}
