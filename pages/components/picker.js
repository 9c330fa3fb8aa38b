// Tells the script which place of the horizontal axis was clicked in the plots of a container, or what the clicked point
// itself says is to be set, by name. A plot is listened to
// from the first press on it on: plots come and go as the viewer draws.

const choosers = new WeakMap(); // container -> what a click there calls
const heard = new WeakSet(); // plots

export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.closest(`.st-key-${data}`);
  if (!place) return;
  place.classList.add("lp-place");
  if (!choosers.has(place)) place.addEventListener("pointerdown", listen, { capture: true });
  // Other figures carry numbers for their labels there: only fields by name are to be set.
  const named = (given) => given?.constructor === Object;
  choosers.set(place, ({ x, customdata }) => setTriggerValue("picked", named(customdata) ? customdata : x));
}

function listen({ target, currentTarget: place }) {
  const plot = target.closest(".js-plotly-plot");
  if (!plot?.on || heard.has(plot)) return;
  heard.add(plot);
  plot.on("plotly_click", ({ points }) => points.length && choosers.get(place)(points[0]));
}
