// What is wrong with the page that is shown, as a list of sentences. Runs in the page; reads, changes nothing.
const language = arguments[0];
const wrong = [];
const where = (element) => element.outerHTML.slice(0, 120);
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

if (document.documentElement.lang !== language) wrong.push(`the page says it is in "${document.documentElement.lang}"`);
if (!document.title.trim()) wrong.push("no title");

const tops = all("h1").length;
if (tops !== 1) wrong.push(`${tops} headings h1`);
let last = 0;
for (const heading of all("h1, h2, h3, h4, h5, h6")) {
  const level = Number(heading.tagName[1]);
  if (level > last + 1) wrong.push(`a level of headings is skipped before ${where(heading)}`);
  last = level;
}

for (const control of all("input:not([type=hidden]), select, textarea")) {
  const label = [...control.labels].map((one) => one.textContent.trim()).join("");
  if (!label) wrong.push(`no label: ${where(control)}`);
}
for (const picture of all("img")) {
  if (!picture.hasAttribute("alt")) wrong.push(`no text alternative: ${where(picture)}`);
}
for (const drawing of all("svg")) {
  const named = drawing.hasAttribute("aria-label") || drawing.hasAttribute("aria-labelledby");
  const told = drawing.getAttribute("role") === "img" && named;
  if (!told && drawing.getAttribute("aria-hidden") !== "true") wrong.push(`no text alternative: ${where(drawing)}`);
}
for (const table of all("table")) {
  if (!table.caption?.textContent.trim()) wrong.push(`no caption: ${where(table)}`);
  if (table.querySelector("th:not([scope])")) wrong.push(`a heading without scope: ${where(table)}`);
}

const ids = all("[id]").map((element) => element.id);
for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) wrong.push(`"${id}" is there twice`);
for (const attribute of ["for", "aria-labelledby", "aria-describedby"]) {
  for (const element of all(`[${attribute}]`)) {
    for (const id of element.getAttribute(attribute).split(" ")) {
      if (!document.getElementById(id)) wrong.push(`${attribute} names nothing: ${where(element)}`);
    }
  }
}

// WCAG 2.2, 2.5.8: what is pressed is at least 24 by 24 pixels, except links inside a sentence.
for (const target of all("button, a.button, nav a, summary, select, textarea, input:not([type=hidden])")) {
  const box = target.getBoundingClientRect();
  if (shown(target) && (box.width < 24 || box.height < 24)) wrong.push(`too small to press: ${where(target)}`);
}

// A long word on a button needs room of its own.
for (const button of all("button, a.button")) {
  const sides = [button, button.parentElement].map((one) => one.getBoundingClientRect().right);
  if (shown(button) && sides[0] > sides[1] + 1) wrong.push(`sticks out: ${where(button)}`);
}

// WCAG 2.2, 1.4.10: nothing is read by moving the page sideways.
if (document.documentElement.scrollWidth > innerWidth) {
  const reach = (one) => one.getBoundingClientRect().left + Math.max(one.scrollWidth, one.offsetWidth);
  const wide = all("body *").filter((one) => reach(one) > innerWidth && !one.closest(".scroll"));
  wrong.push(`wider than ${innerWidth} pixels: ${wide.slice(-3).map(where).join(" and ")}`);
}

for (const region of all(".scroll:has(table)")) {
  if (innerWidth > 1000 && region.scrollWidth > region.clientWidth) wrong.push(`a table does not fit: ${where(region)}`);
}

// WCAG 2.2, 1.4.3. Every colour of the style sheet is plain, so the background is the nearest one that is there.
const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
const light = (colour) => {
  const [red, green, blue] = channels(colour).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const ground = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if ((channels(colour)[3] ?? 1) > 0) return colour;
  }
  return "rgb(255, 255, 255)";
};
for (const element of all("body *")) {
  const speaks = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (!speaks || !shown(element)) continue;
  const style = getComputedStyle(element);
  const lights = [light(element.closest("svg") ? style.fill : style.color), light(ground(element))];
  const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (contrast < (large ? 3 : 4.5)) wrong.push(`contrast ${contrast.toFixed(2)}: ${where(element)}`);
}
return wrong;
