// What the viewer needs of Plotly and of the browser: the script, the colours of the page, arrays, and turns of drawing.

function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent?.append(made);
  return made;
}

// Writes a text in which each term, where it stands first, shows its sentence. One that stands there already stays, with the
// keyboard at its term.
function explain(box, text, terms) {
  if (box.textContent === text) return;
  const names = Object.keys(terms).sort((one, other) => other.length - one.length);
  const words = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
  const sentences = Object.fromEntries(names.map((name) => [name.toLowerCase(), terms[name]]));
  box.replaceChildren();
  for (const part of names.length ? text.split(new RegExp(`\\b((?:${words})(?:s|es)?)\\b`, "iu")) : [text]) {
    const said = part.toLowerCase();
    const name = [said, said.replace(/s$/, ""), said.replace(/es$/, "")].find((one) => Object.hasOwn(sentences, one));
    if (!name) {
      box.append(part);
      continue;
    }
    const mark = element("abbr", "lv-term", box);
    Object.assign(mark, { textContent: part, title: sentences[name], tabIndex: 0 });
    delete sentences[name];
  }
}

// What draws the scene of a plot, or undefined.
function drawingOf(plot) {
  return plot._fullLayout?.scene?._scene?.glplot;
}

// With each drawing of a scene goes a second, unseen one by which Plotly finds what a pointer is at, as dear as the first:
// it is drawn only where there is a pointer.
function pickWherePointed(slot) {
  for (const one of drawingOf(slot.plot).objects) {
    if (Object.hasOwn(one, "drawPick")) continue;
    const drawPick = one.drawPick;
    one.drawPick = (...given) => slot.pointed && drawPick.apply(one, given);
  }
}

// plotly.js is served beside the app, which may stand below a path of its own.
function loadPlotly(address) {
  if (window.Plotly) return Promise.resolve();
  window.landscapePlotly ??= [new URL(address, document.baseURI), new URL(`/${address}`, location.origin)]
    .reduce((tried, url) => tried.catch(() => loadScript(url.href)), Promise.reject())
    .catch((error) => {
      window.landscapePlotly = undefined; // so that the next message tries again
      throw error;
    });
  return window.landscapePlotly;
}

function loadScript(src) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src, onerror: reject, onload: () => (window.Plotly ? resolve() : reject()) });
    document.head.append(script);
  });
}

// Figures name colours and fonts by the CSS variables of the page; a plot needs their values.
function themed(value, variable) {
  if (typeof value === "string") {
    const name = value.match(/^var\((--[\w-]+)\)$/)?.[1];
    return name ? variable(name) : value;
  }
  if (Array.isArray(value)) return value.map((item) => themed(item, variable));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, themed(item, variable)]));
  return value;
}

// Reads each CSS variable once: the first look at a style after a change of the page computes the page's styles anew.
function variablesOf(element) {
  const style = getComputedStyle(element);
  const values = {};
  return (name) => (values[name] ??= style.getPropertyValue(name).trim());
}

// Resolves with the next frame, or after a moment where none comes, as in a window that nobody sees.
function nextFrame() {
  return new Promise((resume) => (requestAnimationFrame(resume), setTimeout(resume, 1000)));
}

// Resolves when the browser has done what waits for it.
function pause() {
  return new Promise((resume) => setTimeout(resume, 0));
}

// Resolves when the browser has nothing else to do, or after a moment.
function idle() {
  return new Promise((resume) => (window.requestIdleCallback ?? setTimeout)(resume, { timeout: 200 }));
}

function inView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

const ARRAYS = { f4: Float32Array, f8: Float64Array, u1: Uint8Array, i1: Int8Array, i2: Int16Array, i4: Int32Array };

function decoded(array) {
  if (!array?.bdata) return array;
  return new ARRAYS[array.dtype](Uint8Array.from(atob(array.bdata), (char) => char.charCodeAt(0)).buffer);
}

function decodedRows(array) {
  const [count, bins] = array.shape.split(",").map(Number);
  const flat = decoded(array);
  return Array.from({ length: count }, (_, row) => flat.subarray(row * bins, (row + 1) * bins));
}

// The frames of a surface, each as what its trace takes; and what the trace holds by itself.
function decodedFrames({ at, x, y, z, told }, trace) {
  const [alphas, betas, heights, losses] = [x, y, z, told].map(decoded);
  const size = alphas.length * betas.length;
  const rows = (flat, number) =>
    Array.from(betas, (_, row) => flat.subarray(number * size + row * alphas.length, number * size + (row + 1) * alphas.length));
  const shots = at.map((_, i) => ({ x: alphas, y: betas, z: rows(heights, i), customdata: rows(losses, i) }));
  const own = { x: decoded(trace.x), y: decoded(trace.y) };
  for (const name of ["z", "customdata"]) own[name] = decodedRows(trace[name]);
  return { at, shots, own };
}

// The annotations of a figure, in space or flat.
function annotationsOf(layout) {
  return (layout.scene ?? layout).annotations ?? [];
}

let webgl;

// Whether scenes can be drawn here. Asked once: a browser keeps few contexts.
function hasWebGL() {
  if (webgl === undefined) {
    const context = document.createElement("canvas").getContext("webgl");
    webgl = Boolean(context);
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return webgl;
}
