// One picture of the viewer to take along: as PNG, as SVG, as a page of its own, or on the whole screen. Each holds its
// title, the settings of the page and the link to it, so that it can be made again.

const SCALE = 2; // pixels of a PNG for each of the page's
const MARGIN = 16;
const LINE = 1.35; // of text, in its size
const FORMATS = {
  png: ["PNG, twice the pixels", (slot) => pngOf(slot)],
  svg: ["SVG", (slot) => svgOf(slot).then((text) => new Blob([text], { type: "image/svg+xml" }))],
  html: ["A page of its own (HTML)", (slot) => htmlOf(slot).then((text) => new Blob([text], { type: "text/html" }))],
};

// A button beside the title of a panel, which opens what can be done with its picture. It is the browser's own, so that a
// key opens and closes it too.
function takeMenu(slot) {
  const menu = element("details", "lv-take", slot.box);
  const opener = element("summary", "", menu);
  opener.textContent = "⤓";
  const list = element("div", "lv-formats", menu);
  for (const [format, [name, make]] of Object.entries(FORMATS)) {
    entry(list, name, async () => save(await make(slot), `${fileName(slot)}.${format}`));
  }
  entry(list, "Full screen", () => fullScreen(slot.box));
  menu.addEventListener("focusout", ({ relatedTarget }) => menu.contains(relatedTarget) || (menu.open = false));
  slot.take = { menu, opener };

  function entry(list, text, act) {
    const button = element("button", "", list);
    Object.assign(button, { type: "button", textContent: text });
    button.onclick = async () => {
      opener.focus();
      menu.open = false;
      menu.dataset.state = "working";
      try {
        await act();
        menu.dataset.state = "done";
      } catch (error) {
        menu.dataset.state = "failed";
        slot.caption.textContent = `This picture could not be made (${error.message}). Try another format.`;
      }
    };
  }
}

function fullScreen(box) {
  if (document.fullscreenElement) return document.exitFullscreen();
  return box.requestFullscreen ? box.requestFullscreen() : box.classList.toggle("lv-whole"); // telephones have none
}

// A scene's own canvas is empty on paper: the browser keeps it no longer than a frame. What is printed is a copy of it, drawn
// in the same breath as the scene.
function copyScene(slot) {
  slot.stage.querySelector(".lv-printed")?.remove();
  const drawing = drawingOf(slot.plot);
  if (!drawing) return;
  drawing.redraw();
  const copy = element("canvas", "lv-printed", slot.stage);
  Object.assign(copy, { width: drawing.canvas.width, height: drawing.canvas.height });
  copy.getContext("2d").drawImage(drawing.canvas, 0, 0);
}

// What stands with every picture. The page's settings stand in it once, written by the server.
function about(slot) {
  const told = document.querySelector(".lt-about");
  return {
    page: told?.dataset.title ?? document.title,
    title: titleOf(slot),
    settings: told?.dataset.settings ?? "",
    caption: slot.caption.textContent,
    link: linkOf(),
  };
}

function titleOf(slot) {
  return slot.title.textContent.trim();
}

// The link of the page as it is seen: with the camera of the scenes, where one was turned.
function linkOf() {
  const link = new URL(window.location.href);
  const { page, text } = window.landscapeCamera ?? {};
  if (page === window.location.pathname) link.searchParams.set("camera", text);
  return link.href;
}

function cameraText({ eye, center }) {
  return [eye.x, eye.y, eye.z, center?.x ?? 0, center?.y ?? 0, center?.z ?? 0].map((one) => +one.toFixed(3)).join();
}

function cameraOf(text) {
  const numbers = (text ?? "").split(",").map(Number);
  if (numbers.length !== 6 || !numbers.every((one) => Number.isFinite(one) && Math.abs(one) < 100)) return undefined;
  const [x, y, z, a, b, c] = numbers;
  if (x === a && y === b && z === c) return undefined; // seen from where it looks at
  return { eye: { x, y, z }, center: { x: a, y: b, z: c } };
}

function fileName(slot) {
  const { page, title } = about(slot);
  const words = `${page} ${title}`.toLowerCase().replace(/[^\p{Letter}\p{Number}]+/gu, "-");
  return words.replace(/^-|-$/g, "").slice(0, 80) || "picture";
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = element("a", "", document.body);
  Object.assign(link, { href: address, download: name });
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

// The lines of text above and below a picture, broken where they are wider than it.
function lettering(slot, width) {
  const { page, title, settings, caption, link } = about(slot);
  const style = getComputedStyle(slot.box);
  const font = (size, weight = 400) => `${weight} ${size}px ${style.fontFamily}`;
  const pen = document.createElement("canvas").getContext("2d");
  const block = (text, size, weight) => {
    pen.font = font(size, weight);
    return broken(text, (line) => pen.measureText(line).width <= width - 2 * MARGIN).map((line) => ({ line, size, weight }));
  };
  const above = [...block(title, 18, 600), ...block(page, 13, 400)];
  const below = [caption, settings, link].flatMap((text) => (text ? block(text, 12, 400) : []));
  const colours = { text: style.color, background: opaque(getComputedStyle(document.documentElement)) };
  return { above, below, font, family: style.fontFamily, colours, ...heights(above, below) };
}

function heights(above, below) {
  const high = (lines) => lines.reduce((sum, { size }) => sum + size * LINE, 0);
  return { head: high(above) + 1.5 * MARGIN, foot: high(below) + 1.5 * MARGIN };
}

function opaque(style) {
  return style.getPropertyValue("--st-background-color").trim() || "#ffffff";
}

// Breaks at spaces; a word that is too long, as links are, anywhere.
function broken(text, fits) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (fits(longer)) {
      line = longer;
      continue;
    }
    if (line) lines.push(line);
    line = "";
    for (const letter of word) {
      if (line && !fits(line + letter)) {
        lines.push(line);
        line = "";
      }
      line += letter;
    }
  }
  return line ? [...lines, line] : lines;
}

function sizeOf(slot) {
  return { width: slot.stage.clientWidth, height: slot.stage.clientHeight };
}

function write(lines, top, put) {
  let y = top;
  for (const { line, size, weight } of lines) {
    put(line, size, weight, y + size);
    y += size * LINE;
  }
}

// A scene of a picture has twice the pixels, however many it has on the screen.
function imageOf({ plot: { data, layout } }, options) {
  return window.Plotly.toImage({ data, layout, config: { plotGlPixelRatio: SCALE } }, options);
}

async function pngOf(slot) {
  const { width, height } = sizeOf(slot);
  const { above, below, font, colours, head, foot } = lettering(slot, width);
  const picture = new Image();
  picture.src = await imageOf(slot, { format: "png", width, height, scale: SCALE });
  await picture.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: width * SCALE, height: Math.ceil((head + height + foot) * SCALE) });
  const pen = canvas.getContext("2d");
  pen.scale(SCALE, SCALE);
  pen.fillStyle = colours.background;
  pen.fillRect(0, 0, width, head + height + foot);
  pen.drawImage(picture, 0, head, width, height);
  pen.fillStyle = colours.text;
  const put = (line, size, weight, y) => {
    pen.font = font(size, weight);
    pen.fillText(line, MARGIN, y);
  };
  write(above, MARGIN, put);
  write(below, head + height + MARGIN / 2, put);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser made none"))), "image/png"),
  );
}

async function svgOf(slot) {
  const { width, height } = sizeOf(slot);
  const { above, below, family, colours, head, foot } = lettering(slot, width);
  const picture = await imageOf(slot, { format: "svg", width, height, imageDataOnly: true });
  const inner = picture.replace(/^[^<]*(<\?xml[^>]*>)?/, "").replace("<svg", `<svg y="${head}"`);
  const texts = [];
  const put = (line, size, weight, y) =>
    texts.push(`<text x="${MARGIN}" y="${y}" font-size="${size}" font-weight="${weight ?? 400}">${escaped(line)}</text>`);
  write(above, MARGIN, put);
  write(below, head + height + MARGIN / 2, put);
  const whole = head + height + foot;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${whole}"
 viewBox="0 0 ${width} ${whole}"><rect width="100%" height="100%" fill="${escaped(colours.background)}"/>
<g fill="${escaped(colours.text)}" font-family="${escaped(family)}">${texts.join("\n")}</g>
${inner}</svg>`;
}

// Everything stands in it, plotly.js too: it needs no network, and its scene turns.
async function htmlOf(slot) {
  const { page, title, settings, caption, link } = about(slot);
  const { colours, family } = lettering(slot, sizeOf(slot).width);
  const answer = await fetch(document.querySelector("script[src*='plotly.min.js']").src);
  if (!answer.ok) throw new Error("plotly.js did not load");
  const library = (await answer.text()).replace(/<\/script/gi, "<\\/script");
  const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  const figure = JSON.stringify({ data: slot.plot.data, layout: slot.plot.layout }, plain).replace(/</g, "\\u003c");
  const paragraphs = [caption, settings].filter(Boolean).map((text) => `<p>${escaped(text)}</p>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · ${escaped(page)}</title>
<style>
body { margin: 1rem auto; max-width: 60rem; padding: 0 1rem; background: ${colours.background}; color: ${colours.text};
  font-family: ${family.replace(/</g, "")}; }
#plot { height: 70vh; } p { font-size: 0.9rem; overflow-wrap: anywhere; } a { color: inherit; }
</style></head><body>
<h1>${escaped(title)}</h1><p>${escaped(page)}</p>
<div id="plot" role="img" aria-label="${escaped(slot.plot.getAttribute("aria-label") ?? title)}"></div>
${paragraphs.join("\n")}
<p><a href="${escaped(link)}">${escaped(link)}</a></p>
<script>${library}</script>
<script>
const figure = ${figure};
Object.assign(figure.layout, { width: undefined, height: undefined, autosize: true });
Plotly.newPlot("plot", figure.data, figure.layout, { responsive: true, displaylogo: false });
</script></body></html>`;
}

function escaped(text) {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

// Larger letters and lines, to be read from the last row: all that has a size in pixels in a figure.
function enlarged(value, factor, within = "", name = "") {
  if (Array.isArray(value)) return value.map((item) => enlarged(item, factor, within, name));
  if (typeof value === "number") return isSize(within, name) ? value * factor : value;
  if (!value || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).map(([own, item]) => [own, enlarged(item, factor, name || within, own)]);
  return Object.fromEntries(entries);
}

function isSize(within, name) {
  if (name === "size") return /font$/.test(within) || within === "marker";
  if (name === "width") return within === "line";
  return within === "margin" && "ltrb".includes(name);
}
