// What is wrong with this page for who reads it, hears it, or uses it by keyboard or touch: a list of sentences.
// The page runs no script, so nothing in here is called back by the page: no events, no timers, no filters of a walk.
const problems = new Set();
const root = document.documentElement;
const all = (css, within = document) => [...within.querySelectorAll(css)];
const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
const seen = (css) => all(css).filter(shown);
const words = (text) => (text ?? "").trim().replace(/\s+/g, " ");
const check = (fine, problem) => fine || problems.add(problem);

// `button#save "Save"`, as a developer finds it.
const called = (e) => {
  const text = words(e.innerText ?? e.textContent).slice(0, 40);
  return e.localName + (e.id && `#${e.id}`) + (text && ` "${text}"`);
};
// The texts of the elements whose ids an attribute lists.
const listed = (e, attribute) => {
  const ids = (e.getAttribute(attribute) ?? "").split(/\s+/);
  return words(ids.map((id) => document.getElementById(id)?.textContent).join(" "));
};
const label = (e) => words(e.ariaLabel) || listed(e, "aria-labelledby");
// What is said of the content of an element.
const spoken = (e) => {
  const copy = e.cloneNode(true);
  all("[aria-hidden=true]", copy).forEach((silent) => silent.remove());
  const images = all("img, [aria-label]", copy).map((image) => words(image.alt) || label(image));
  return words(copy.textContent) || images.join("");
};
const name = (e) => label(e) || words(e.title) || (e.matches("input") ? words(e.value) : spoken(e));

// The page and its parts.
check(words(root.lang), "the page does not say its language");
check(words(document.title), "the page has no title");
const viewport = document.querySelector("meta[name=viewport]");
check(viewport, "the page does not say how wide it is on a telephone (meta viewport)");
for (const part of ["h1", "main"]) {
  const number = all(part).length;
  check(number === 1, `the page has ${number} of ${part}, not one`);
}
seen("h1, h2, h3, h4, h5, h6").reduce((above, heading) => {
  const level = Number(heading.localName[1]);
  check(level <= above + 1, `${called(heading)} skips a level`);
  return level;
}, 0);
all("[id]").forEach((e, at, list) =>
  check(list.findIndex((other) => other.id === e.id) === at, `the id ${e.id} is there more than once`));
all("*").forEach((e) => {
  const script = e.localName === "script" || e.getAttributeNames().some((attribute) => attribute.startsWith("on"));
  check(!script, `${called(e)} runs a script`);
});

// What can be reached by keyboard.
const reachable = seen("a[href], button, input, select, textarea, summary, [tabindex]")
  .filter((e) => !e.matches(":disabled") && e.tabIndex >= 0);
const first = reachable[0]?.getAttribute("href") ?? "";
const skips = first.length > 1 && first.startsWith("#") && document.getElementById(first.slice(1));
check(skips || all("nav").every(label), "no link skips to the content, and a nav has no label");
reachable.forEach((e) => check(e.tabIndex <= 0, `${called(e)} changes the order of the keyboard (tabindex)`));

// Names.
const pressed = "[type=submit], [type=button], [type=reset]";
const ticked = "[type=checkbox], [type=radio]";
const fields = seen(`input:not(${pressed}), select, textarea`);
fields.forEach((e) => {
  const labels = [...e.labels].map((of) => words(of.textContent.replace(e.textContent, "")));
  check(label(e) || labels.some(Boolean), `${called(e)} has no label`);
});
seen("button, input, a[href], summary").filter((e) => !fields.includes(e)).forEach((e) =>
  check(name(e), `${called(e)} has no name`));
seen("img, svg").filter((e) => !e.closest("[aria-hidden=true]")).forEach((e) => {
  const title = label(e) || words(e.querySelector("title")?.textContent);
  const named = e.hasAttribute("alt") || (e.role === "img" && title);
  check(named, `${called(e)} is neither named nor hidden from who hears the page`);
});
seen("[aria-invalid=true]").forEach((e) =>
  check(listed(e, "aria-describedby"), `${called(e)} is invalid and does not say why`));
seen("table").forEach((e) => {
  check(all("th", e).length, `${called(e)} has no headings`);
  all("th", e).forEach((th) => check(th.scope, `${called(th)} does not say what it is the heading of (scope)`));
});

// Space.
if (root.scrollWidth > root.clientWidth) {
  const wide = seen("body *").find((e) => e.getBoundingClientRect().right > root.clientWidth);
  problems.add(`the page is wider than its window${wide ? `: ${called(wide)}` : ""}`);
}
const scrolls = (e) => e.scrollWidth > e.clientWidth && /auto|scroll/.test(getComputedStyle(e).overflowX);
seen("body *").filter((e) => !fields.includes(e) && scrolls(e)).forEach((e) =>
  check(e.tabIndex === 0 && label(e), `${called(e)} scrolls, and not by keyboard with a label`));
seen("button, input:not([type=hidden]), select, textarea, summary").forEach((e) => {
  // The label of a box to tick is part of what can be touched.
  const parts = [e, ...(e.matches(ticked) ? e.labels : [])].map((part) => part.getBoundingClientRect());
  const [width, height] = ["width", "height"].map((side) => Math.max(...parts.map((part) => part[side])));
  check(width >= 24 && height >= 24, `${called(e)} is small to touch: ${Math.round(width)} x ${Math.round(height)}`);
});

// Colors: [red, green, blue, alpha], each from 0 to 1, whatever the notation was.
const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const color = (css) => {
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = "transparent"; // and stays so for "none"
  pixel.fillStyle = css;
  pixel.fillRect(0, 0, 1, 1);
  return [...pixel.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
};
const over = (above, below) => [0, 1, 2].map((at) => above[at] * above[3] + below[at] * (1 - above[3])).concat(1);
const light = (rgb) => {
  const [red, green, blue] = rgb.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one, other) => {
  const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
};
// The page's own ground, which its color scheme chooses.
const probe = document.body.appendChild(document.createElement("div"));
probe.style.background = "Canvas";
const blank = color(getComputedStyle(probe).backgroundColor);
probe.remove();
// What is behind the text of an element; nothing if that is a picture.
const behind = (e) => {
  if (!e) return blank;
  const style = getComputedStyle(e);
  const own = color(style.backgroundColor);
  if (style.backgroundImage !== "none" && !e.matches("select")) return null;
  const below = own[3] === 1 ? own : behind(e.parentElement);
  return below && over(own, below);
};
// Colors as the opacity of all that they are in leaves them.
const faded = ([red, green, blue, alpha], e) =>
  e ? faded([red, green, blue, alpha * getComputedStyle(e).opacity], e.parentElement) : [red, green, blue, alpha];
const filled = (shape) => {
  const { fill, fillOpacity } = getComputedStyle(shape);
  const [red, green, blue, alpha] = color(fill);
  return faded([red, green, blue, alpha * fillOpacity], shape);
};
// In a drawing, the shapes that come before the text and are where its middle is.
const drawn = (text, middle) => all("rect, circle, ellipse, polygon, path", text.ownerSVGElement)
  .filter((shape) => shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING
    && shape.isPointInFill(middle.matrixTransform(shape.getScreenCTM().inverse())))
  .reduce((below, shape) => below && !getComputedStyle(shape).fill.startsWith("url") && over(filled(shape), below),
    behind(text.ownerSVGElement));
const readable = (e, text, ink, ground) => {
  const style = getComputedStyle(e);
  const size = parseFloat(style.fontSize);
  const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
  const of = `"${words(text).slice(0, 40)}" in ${e.localName}${e.id && `#${e.id}`}`;
  if (!ground) return problems.add(`${of} is on a picture, where its contrast is unknown`);
  const found = contrast(over(ink, ground), ground);
  check(found >= needed, `${of} has a contrast of ${found.toFixed(2)}, not ${needed}`);
};
const inked = (e, part) => faded(color(getComputedStyle(e, part).color), e);

const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const { data: text, parentElement: e } = texts.currentNode;
  const range = document.createRange();
  range.selectNodeContents(texts.currentNode);
  const { width, height, x, y } = range.getBoundingClientRect();
  // Cut to one pixel: a text for who hears the page alone.
  const clipped = [e, e.parentElement].some((box) => box.clientWidth === 1 && box.clientHeight === 1);
  const unused = e.closest(":disabled, [aria-disabled=true]");
  if (!words(text) || !width || !height || clipped || unused || !shown(e)) continue;
  if (e.ownerSVGElement) readable(e, text, filled(e), drawn(e, new DOMPoint(x + width / 2, y + height / 2)));
  else readable(e, text, inked(e), behind(e));
}
seen(`input:not(${ticked}), select, textarea`).filter((e) => !e.matches(":disabled")).forEach((e) => {
  const style = getComputedStyle(e);
  const text = e.matches("select") ? e.selectedOptions[0]?.text : e.value;
  if (text) readable(e, text, inked(e), behind(e));
  if (e.placeholder) readable(e, e.placeholder, inked(e, "::placeholder"), behind(e));
  // The edge of a field: a border, or its ground against the one that it is on.
  const ground = behind(e.parentElement);
  if (!ground || e.matches(pressed)) return;
  const edges = ["Top", "Right", "Bottom", "Left"].filter((side) => parseFloat(style[`border${side}Width`]))
    .map((side) => contrast(over(color(style[`border${side}Color`]), ground), ground));
  const best = Math.max(contrast(over(color(style.backgroundColor), ground), ground), ...edges);
  check(best >= 3, `the edge of ${called(e)} has a contrast of ${best.toFixed(2)}, not 3`);
});

// The focus, without the time that a transition takes to show it.
const still = new CSSStyleSheet();
still.replaceSync("*, ::before, ::after { transition: none !important; animation: none !important }");
document.adoptedStyleSheets.push(still);
const ring = (e) => {
  const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(e);
  return `${outlineStyle === "none" || !parseFloat(outlineWidth) ? "" : outlineWidth + outlineColor} ${boxShadow}`;
};
reachable.forEach((e) => {
  document.activeElement.blur();
  const before = ring(e);
  e.focus({ preventScroll: true, focusVisible: true });
  check(document.activeElement !== e || ring(e) !== before, `${called(e)} does not show that it has the focus`);
});
document.adoptedStyleSheets.pop();
// The next key begins at the top again, as on a new page.
const top = document.body.insertAdjacentElement("afterbegin", document.createElement("a"));
top.tabIndex = -1;
top.focus({ preventScroll: true });
top.remove();
return [...problems];
