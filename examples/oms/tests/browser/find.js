// The elements of one kind that a reader would call by this name, and the names that there are: [elements, names].
const [kind, name] = arguments;
const css = {
  field: "label, input[aria-label], select[aria-label], textarea[aria-label]",
  button: "button, input[type=submit], summary",
  link: "a[href]",
}[kind];
const trimmed = (text) => (text ?? "").trim().replace(/\s+/g, " ");
// The text of a label, without that of the controls inside it.
const words = (label) => {
  const copy = label.cloneNode(true);
  copy.querySelectorAll("select, textarea, button").forEach((control) => control.remove());
  return copy.textContent;
};
const text = (e) => (e.tagName === "LABEL" ? words(e) : e.innerText || e.textContent || e.value);
const names = (e) => [e.ariaLabel, text(e)].map(trimmed).filter(Boolean);
const shown = (e) => e.checkVisibility({ visibilityProperty: true });
const all = [...document.querySelectorAll(css)].filter(shown);
const found = all.filter((e) => names(e).includes(name)).map((e) => (e.tagName === "LABEL" ? e.control : e));
return [[...new Set(found)], all.map((e) => names(e)[0])];
