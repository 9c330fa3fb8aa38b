// Tells the script which place of the horizontal axis was clicked in the plots of a container, or what the clicked point
// itself says is to be set, by name, or its trace. A plot is listened to
// from the first time on that a pointer comes over it: plots come and go as the viewer draws.

const STILL_PX = 4; // a press that moves farther turns a scene
const SEEN_MS = 120; // for a scene to tell what lies under a press
const choosers = new WeakMap(); // container -> what a click there calls
const heard = new WeakSet(); // plots

export default function ({ data: [given], parentElement, setTriggerValue }) {
  const { key, marked } = given;
  const place = parentElement.closest(`.st-key-${key}`);
  if (!place) return;
  place.classList.add("lp-place");
  if (!choosers.has(place))
    for (const name of ["pointermove", "pointerdown"]) place.addEventListener(name, listen, { capture: true });
  // Other figures carry numbers for their labels there: only fields by name are to be set.
  const named = (given) => given?.constructor === Object;
  choosers.set(place, (point) => {
    const sets = point.data?.meta?.sets;
    if (marked && !sets) return;
    const { x, customdata } = point;
    setTriggerValue("picked", sets ? placed(sets, point) : named(customdata) ? customdata : x);
  });
}

// What a trace says is to be set: a value, or a coordinate by its name, from a middle on in shares of a reach.
function placed(sets, point) {
  const value = (given) => (Array.isArray(given) ? (point[given[0]] - given[1]) / given[2] : given);
  return Object.fromEntries(Object.entries(sets).map(([name, given]) => [name, value(given)]));
}

function listen({ target, currentTarget: place }) {
  const plot = target.closest(".js-plotly-plot");
  if (!plot?.on || heard.has(plot)) return;
  heard.add(plot);
  if (plot._fullLayout.scene) return hearScene(plot, place);
  plot.on("plotly_click", ({ points }) => points.length && choosers.get(place)(points[0]));
}

// A scene calls each press on it a click, also one that turns it: a press that stays where it was is taken, with the point
// that the scene says lies under it.
function hearScene(plot, place) {
  let from, under;
  plot.on("plotly_hover", ({ points }) => (under = points[0]));
  plot.on("plotly_unhover", () => (under = undefined));
  const begin = ({ clientX, clientY }) => (from = [clientX, clientY]);
  plot.addEventListener("pointerdown", begin, { capture: true });
  plot.addEventListener("click", ({ clientX, clientY, target }) => {
    const still = from && Math.hypot(clientX - from[0], clientY - from[1]) < STILL_PX;
    if (!still || target.closest(".modebar")) return;
    setTimeout(() => under && choosers.get(place)(under), SEEN_MS);
  }, { capture: true });
}
