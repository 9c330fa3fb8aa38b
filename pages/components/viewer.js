// Draws the panels of viewer.py with Plotly. One viewer stands for each place in the page, and every new message goes
// into the plots that stand: `Plotly.react`, never a new plot, so that nothing flickers and the camera stays. It is long, as
// it is one class: what a message draws, how it grows, plays and is resized.

const GROUPS = { scene: 1, path: 1, curve: 0.75, activation: 1 }; // their heights, relative to a scene's
const PLAY_SECONDS = 6;
const FRAME_MS = 25; // of work in a frame of playback
const ALIVE_MS = 50; // of drawing, after which the page may answer
const LATE_SECONDS = 10;
const UNABLE =
  "This browser draws nothing in three dimensions: it has no WebGL, or it is switched off. Contours need none.";
const COLOURS = [
  ...["--st-text-color", "--st-background-color", "--st-secondary-background-color", "--st-primary-color"],
  ...["--st-border-color", "--st-gray-color", "--st-base-radius", "--st-font"],
];
const viewers = new WeakMap();

// The mark of a term in a notice is a link, as Markdown has it, that leads nowhere.
document.landscapeTerms ??= (event) => event.target.closest?.('a[href="#term"]') && event.preventDefault();
document.addEventListener("click", document.landscapeTerms, { capture: true });

export default function ({ data, parentElement, setTriggerValue }) {
  let viewer = viewers.get(parentElement);
  if (!viewer) viewers.set(parentElement, (viewer = new Viewer(parentElement)));
  viewer.receive(new TextDecoder().decode(data));
  viewer.ask = (what) => setTriggerValue(what, true);
  viewer.expect();
  // Streamlit calls this also for a message that a newer one has overtaken: only a viewer that left the page ends.
  return () => setTimeout(() => viewer.root.isConnected || viewer.end(), 0);
}

class Viewer {
  constructor(parent) {
    this.parent = parent;
    this.root = element("div", "lv", parent);
    this.message = element("div", "lv-message", this.root);
    this.message.setAttribute("role", "status");
    this.rows = {};
    for (const group of Object.keys(GROUPS)) {
      this.rows[group] = element("div", "lv-row", this.root);
      this.rows[group].dataset.group = group;
    }
    this.along = "step";
    this.makeBar();
    this.slots = []; // the panels that stand
    this.fraction = 1; // of the slider
    this.readouts = [];
    this.snapshot = 0;
    this.camera = cameraOf(new URLSearchParams(window.location.search).get("camera"));
    this.work = Promise.resolve();
    this.print = () => this.slots.forEach(copyScene);
    window.addEventListener("beforeprint", this.print);
    this.observer = new ResizeObserver((entries) => {
      for (const { target } of entries) this.resize(this.slots.find(({ stage }) => stage === target));
    });
  }

  makeBar() {
    this.bar = element("div", "lv-bar", this.root);
    this.play = element("button", "lv-play", this.bar);
    this.play.type = "button";
    this.slider = element("input", "lv-slider", this.bar);
    Object.assign(this.slider, { type: "range", min: 0, max: 0, step: 1 });
    this.step = element("output", "lv-step", this.bar);
    this.words = element("div", "lv-words", this.bar);
    this.play.onclick = () => (this.playing ? this.pause() : this.start());
    this.slider.oninput = () => {
      this.pause();
      this.moveTo(Number(this.slider.value));
    };
    this.pause();
  }

  // A script that runs again sends the same message again; only a new one, or a new theme, is drawn. A message is a number
  // and JSON. While this module loads messages wait for it, and Chromium lets those that wait go on in any order.
  receive(text) {
    const number = Number.parseInt(text);
    if (number < this.number) return;
    this.number = number;
    const theme = getComputedStyle(this.root);
    const key = COLOURS.map((name) => theme.getPropertyValue(name)).join();
    // What stands outside of every component, as tables do, has none of these.
    for (const name of COLOURS) document.documentElement.style.setProperty(name, theme.getPropertyValue(name));
    if (text === this.text && key === this.theme) return;
    this.text = text;
    this.theme = key;
    const turn = (this.turn = {});
    this.work = this.work.then(() => this.draw(text, turn)).catch((error) => this.fail(error));
  }

  // What is to come is asked for where it does not: one message lost on the way must not leave the page waiting for ever.
  expect() {
    clearTimeout(this.waiting);
    if (/"revision": ?"pending/.test(this.text)) this.waiting = setTimeout(() => this.ask("late"), LATE_SECONDS * 1000);
  }

  // Begins anew with the next message, also if it is the same.
  fail(error) {
    this.text = undefined;
    for (const slot of this.slots) this.clear(slot);
    this.say(`The plots could not be drawn (${error.message}). Reload the page to try again.`);
  }

  clear(slot) {
    window.Plotly?.purge(slot.plot);
    slot.drawn = slot.config = slot.linked = undefined;
  }

  say(text) {
    this.message.textContent = text;
  }

  async draw(text, turn) {
    if (turn !== this.turn) return;
    const { panels, steps, along, readouts, height, revision, plotly, flat, enlarge, terms } = JSON.parse(text.slice(text.indexOf("{")));
    this.steps = steps;
    this.setAlong(along);
    this.enlarge = enlarge;
    this.setReadouts(readouts);
    this.flat = flat; // whether contours can be asked for in place of scenes
    this.layOut(panels, height, terms);
    this.setSlider(panels.some((panel) => !panel.figure && !panel.empty && panel.group === "path"));
    try {
      await loadPlotly(plotly);
    } catch {
      throw new Error("plotly.js did not load");
    }
    this.say("");
    this.drawing = turn;
    try {
      const variable = variablesOf(this.root);
      const inSight = this.slots.map(({ box }) => inView(box));
      let begin = performance.now();
      for (const seen of [true, false]) {
        if (!seen) await idle(); // what is in view in other viewers of the page goes first, too
        for (const i of panels.keys()) {
          if (inSight[i] !== seen || !panels[i].figure) continue;
          if (performance.now() - begin > ALIVE_MS) {
            await pause(); // the page stays alive between two plots
            begin = performance.now();
          }
          if (turn !== this.turn) return; // a newer message takes over between two panels
          await this.drawPanel(this.slots[i], panels[i], variable);
        }
      }
    } finally {
      this.drawing = undefined;
      this.follow();
    }
    await nextFrame(); // the scenes are drawn in the frame after their data came
    if (turn !== this.turn) return;
    this.root.dataset.ready = panels.filter((panel) => panel.figure).length;
    this.root.dataset.revision = revision;
  }

  // Puts a box for each panel in its place: the ones that stand are taken again, the rest end.
  layOut(panels, height, terms) {
    const left = {};
    for (const slot of this.slots) (left[slot.group] ??= []).push(slot);
    this.slots = panels.map(({ group }) => left[group]?.shift() ?? this.makeSlot(group));
    for (const slot of Object.values(left).flat()) this.remove(slot);
    panels.forEach((panel, i) => {
      const slot = this.slots[i];
      slot.stage.style.setProperty("--height", `${Math.round(height * GROUPS[panel.group])}px`);
      slot.title.textContent = panel.title;
      if (panel.colour) {
        const dot = element("span", "lv-dot");
        dot.style.setProperty("--dot", panel.colour);
        slot.title.prepend(dot);
      }
      explain(slot.caption, panel.caption, terms);
      slot.pending.textContent = panel.pending;
      slot.stale = !panel.figure;
      slot.box.classList.remove("lv-unable");
      if (panel.empty) this.clear(slot);
      slot.box.classList.toggle("lv-stale", slot.stale);
      slot.take.opener.setAttribute("aria-label", `Take along: ${panel.title}`);
      slot.take.menu.hidden = slot.stale;
      slot.plot.setAttribute("aria-label", `${panel.title}. ${panel.alt || panel.pending}`);
    });
    for (const [group, row] of Object.entries(this.rows)) {
      const count = panels.filter((panel) => panel.group === group).length;
      row.dataset.columns = count > 4 ? 3 : count;
    }
    // Below the first row of pictures, and over none: what moves stands on either side of it.
    const first = Object.values(this.rows).find((row) => row.childElementCount);
    if (first && first.nextElementSibling !== this.bar) first.after(this.bar);
  }

  makeSlot(group) {
    const box = element("figure", "lv-panel", this.rows[group]);
    const title = element("div", "lv-title", box);
    const stage = element("div", "lv-stage", box);
    this.observer.observe(stage);
    const plot = element("div", "lv-plot", stage);
    const pending = element("div", "lv-pending", stage);
    pending.setAttribute("role", "status");
    plot.setAttribute("role", "img");
    const slot = { group, box, title, stage, plot, pending, caption: element("figcaption", "lv-caption", box) };
    takeMenu(slot);
    // The wheel scrolls the page; with Control it zooms into a scene.
    if (group === "scene")
      plot.addEventListener("wheel", (event) => event.ctrlKey || event.stopPropagation(), { capture: true });
    stage.addEventListener("pointerleave", () => (slot.pointed = false));
    stage.addEventListener("pointerenter", () => {
      slot.pointed = true;
      drawingOf(plot)?.update();
    });
    hearTouch(stage, (...by) => this.setCamera(turned(this.camera ?? this.home, ...by)));
    return slot;
  }

  remove(slot) {
    window.Plotly?.purge(slot.plot); // frees its WebGL context
    this.observer.unobserve(slot.stage);
    slot.box.remove();
  }

  async drawPanel(slot, panel, variable) {
    const drawn = JSON.stringify([panel.figure, panel.animation, this.enlarge]) + this.theme;
    if (drawn === slot.drawn) return;
    const own = themed(panel.figure, variable);
    const { data, layout } = this.enlarge > 1 ? enlarged(own, this.enlarge) : own;
    slot.stage.toggleAttribute("data-turns", Boolean(layout.scene));
    if (layout.scene && !hasWebGL()) return this.sayUnable(slot);
    slot.animation = panel.animation;
    slot.whole = data.map(({ x, y, z }) => ({ x: decoded(x), y: decoded(y), z: decoded(z) }));
    slot.rows = panel.animation.map(({ rows }) => rows && decodedRows(rows));
    slot.frames = panel.animation.map(({ frames, trace }) => frames && decodedFrames(frames, data[trace]));
    slot.shown = {};
    if (layout.scene) {
      slot.near = layout.scene.camera;
      this.home = farther(slot.near, slot.stage.clientWidth);
      layout.scene.camera = this.camera ?? this.home;
      slot.above = fromAbove(layout.scene.camera);
      layout.scene.zaxis.showticklabels = !slot.above;
    }
    for (const { trace, attributes } of this.changes(slot)) Object.assign(data[trace], attributes);
    for (const i of this.notes(slot)) annotationsOf(layout)[i].visible = this.atEnd;
    slot.noted = this.atEnd;
    for (const [name, value] of Object.entries(this.shapes(slot))) {
      const [, index, end] = name.match(/shapes\[(\d+)\]\.(x[01])/);
      layout.shapes[index][end] = value;
    }
    slot.at = this.snapshot;
    Object.assign(slot, { moved: 0, cost: 1 });
    // The same settings each time: other ones, if only in a function, make Plotly throw the plot away and start anew,
    // which for a scene is a new WebGL context and ten times the time.
    slot.config ??= this.config(slot);
    await window.Plotly.react(slot.plot, data, layout, slot.config);
    slot.drawn = drawn;
    if (layout.scene) pickWherePointed(slot);
    if (!slot.linked && slot.group === "scene") this.link(slot);
    slot.linked = true;
  }

  sayUnable(slot) {
    this.clear(slot);
    slot.box.classList.add("lv-unable");
    slot.pending.textContent = UNABLE;
    if (!this.flat) return;
    const button = element("button", "lv-flat", slot.pending);
    Object.assign(button, { type: "button", textContent: "Show contours", onclick: () => this.ask("flat") });
  }

  config(slot) {
    const reset = {
      name: "reset",
      title: "Reset the view",
      icon: window.Plotly.Icons.home,
      click: () => this.setCamera(this.home),
    };
    return {
      displaylogo: false,
      responsive: true,
      plotGlPixelRatio: Math.min(Math.max(window.devicePixelRatio, 1), SCALE), // else two, four times the pixels
      modeBarButtons: [[slot.group === "scene" ? reset : "resetScale2d"]],
    };
  }

  // The camera of one scene is that of all. A plot answers a new camera with the same event: equal cameras end the echo.
  link(slot) {
    const follow = (event) => event?.["scene.camera"] && this.setCamera(event["scene.camera"], slot);
    slot.plot.on("plotly_relayouting", follow);
    slot.plot.on("plotly_relayout", (event) => {
      follow(event);
      this.showHeights(slot); // of the one that was turned itself, once the hand lets go
    });
  }

  // What a scene needs to show its numbers of heights from this camera, or to hide them.
  showHeights(slot, update = {}) {
    if (this.camera && slot.above !== fromAbove(this.camera)) {
      slot.above = !slot.above;
      update["scene.zaxis.showticklabels"] = !slot.above;
    }
    if (Object.keys(update).length) window.Plotly.relayout(slot.plot, update);
  }

  setCamera(camera, source) {
    const text = JSON.stringify(camera);
    if (text === JSON.stringify(this.camera ?? this.home)) return;
    this.camera = JSON.parse(text);
    window.landscapeCamera = { page: window.location.pathname, text: cameraText(this.camera) }; // for links
    window.dispatchEvent(new Event("landscapecamera"));
    if (this.copying) return;
    this.copying = requestAnimationFrame(() => {
      this.copying = 0;
      for (const slot of this.slots)
        if ("turns" in slot.stage.dataset && slot.drawn && slot !== source)
          this.showHeights(slot, { "scene.camera": JSON.parse(JSON.stringify(this.camera)) });
    });
  }

  setSlider(waiting) {
    const last = Math.max(0, this.steps.length - 1);
    this.slider.max = last;
    this.slider.disabled = this.play.disabled = last === 0;
    this.bar.hidden = last === 0 && !waiting; // while panels are awaited it keeps its place
    this.moveTo(Math.round(this.fraction * last), false);
  }

  // What the slider goes along: the steps of training, or else what its name says.
  setAlong(along) {
    this.along = along;
    this.slider.setAttribute("aria-label", along === "step" ? "Step of training" : along);
    if (!this.playing) this.pause();
  }

  // Words on each network beside the slider, a dot of its colour before them.
  setReadouts(readouts) {
    this.words.replaceChildren();
    this.readouts = readouts.map(({ name, colour, words }) => {
      const line = element("span", "lv-readout", this.words);
      element("span", "lv-dot", line).style.setProperty("--dot", colour);
      return { name, words, text: element("span", "", line) };
    });
  }

  moveTo(snapshot, byHand = true) {
    const last = Math.max(1, this.steps.length - 1);
    if (byHand) this.fraction = snapshot / last;
    this.snapshot = snapshot;
    this.slider.value = snapshot;
    const told = this.readouts.map(({ name, words, text }) => {
      text.textContent = words[Math.min(snapshot, words.length - 1)] ?? "";
      return `${name}: ${text.textContent}`;
    });
    const text = `${this.along} ${this.steps[snapshot] ?? 0} of ${this.steps.at(-1) ?? 0}`;
    this.step.textContent = text;
    this.slider.setAttribute("aria-valuetext", [text, ...told].join("; "));
    this.follow();
  }

  get atEnd() {
    return this.snapshot >= this.steps.length - 1;
  }

  // Moves the panels to the snapshot, as many in a frame as fit, those first that waited longest for what they cost:
  // where plots are slow to draw the slider still moves, and the panels skip snapshots.
  follow() {
    this.following ??= requestAnimationFrame(() => {
      this.following = undefined;
      if (this.drawing) return; // panels about to be drawn anew need not move before
      const begin = performance.now();
      const late = this.slots.filter((slot) => slot.drawn && !slot.stale && slot.at !== this.snapshot);
      late.sort((a, b) => (begin - b.moved) / b.cost - (begin - a.moved) / a.cost);
      for (const slot of late) {
        if (performance.now() - begin > FRAME_MS) break;
        this.showSnapshot(slot);
      }
      if (late.length) this.follow();
      else this.root.dataset.snapshot = this.snapshot;
    });
  }

  start() {
    const last = this.steps.length - 1;
    if (this.snapshot >= last) this.moveTo(0);
    const begin = performance.now() - (this.snapshot / last) * PLAY_SECONDS * 1000;
    const frame = (now) => {
      const end = this.steps.length - 1;
      const snapshot = Math.min(end, Math.floor(((now - begin) / 1000 / PLAY_SECONDS) * end));
      if (snapshot > this.snapshot) this.moveTo(snapshot);
      if (snapshot >= end) return this.pause();
      this.playing = requestAnimationFrame(frame);
    };
    this.playing = requestAnimationFrame(frame);
    this.play.textContent = "❚❚";
    this.play.setAttribute("aria-label", "Pause");
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.play.textContent = "▶";
    this.play.setAttribute("aria-label", this.along === "step" ? "Play the training" : "Play");
  }

  // What each moving trace shows at the snapshot.
  changes(slot) {
    return slot.animation
      .map(({ trace, mode, offset, scale }, i) => {
        const whole = slot.whole[trace];
        const attributes = {};
        if (mode === "note") return { trace, attributes };
        if (mode === "end") {
          if (this.change(slot, i, this.atEnd)) attributes.visible = this.atEnd;
        } else if (mode === "frames") {
          const { at, shots, own } = slot.frames[i];
          const number = this.atEnd ? at.length : at.findLastIndex((first) => first <= this.snapshot);
          if (this.change(slot, i, number)) Object.assign(attributes, shots[number] ?? own);
        } else if (mode === "row") {
          const rows = slot.rows[i];
          const row = rows[Math.min(this.snapshot, rows.length - 1)];
          attributes.y = Float32Array.from(row, (value) => offset + scale * value);
        } else if (mode !== "line") {
          const last = Math.min(this.snapshot, whole.x.length - 1);
          for (const name of ["x", "y", "z"])
            if (whole[name]) attributes[name] = whole[name].slice(mode === "point" ? last : 0, last + 1);
        }
        return { trace, attributes };
      })
      .filter(({ attributes }) => Object.keys(attributes).length);
  }

  // Notes whether what moves stands otherwise than it did.
  change(slot, i, state) {
    const changed = slot.shown[i] !== state;
    slot.shown[i] = state;
    return changed;
  }

  notes(slot) {
    return slot.animation.filter(({ mode }) => mode === "note").map(({ trace }) => trace);
  }

  shapes(slot) {
    const x = this.steps[this.snapshot] ?? 0;
    const lines = slot.animation.filter(({ mode }) => mode === "line");
    return Object.fromEntries(lines.flatMap(({ trace }) => ["x0", "x1"].map((end) => [`shapes[${trace}].${end}`, x])));
  }

  showSnapshot(slot) {
    const begin = performance.now();
    slot.at = this.snapshot;
    const changes = this.changes(slot);
    const shapes = this.shapes(slot);
    if (changes.length) {
      const update = {};
      // What a trace has not is undefined there, which leaves it as it is.
      const names = new Set(changes.flatMap(({ attributes }) => Object.keys(attributes)));
      for (const name of names) update[name] = changes.map((c) => c.attributes[name]);
      window.Plotly.restyle(slot.plot, update, changes.map(({ trace }) => trace));
    }
    if (slot.noted !== this.atEnd) {
      const place = slot.plot.layout.scene ? "scene.annotations" : "annotations";
      for (const i of this.notes(slot)) shapes[`${place}[${i}].visible`] = this.atEnd;
      slot.noted = this.atEnd;
    }
    if (Object.keys(shapes).length) window.Plotly.relayout(slot.plot, shapes);
    slot.moved = performance.now();
    slot.cost = Math.max(1, slot.moved - begin);
  }

  // A place changes its size with the window, and with the number of panels in its row.
  resize(slot) {
    const size = slot?.stage.clientWidth && [slot.stage.clientWidth, slot.stage.clientHeight].join();
    if (!size || size === slot.size) return;
    slot.size = size;
    if (!slot.drawn) return;
    window.Plotly.Plots.resize(slot.plot);
    if (!slot.near || this.camera) return;
    this.home = farther(slot.near, slot.stage.clientWidth);
    window.Plotly.relayout(slot.plot, { "scene.camera": this.home });
  }

  end() {
    this.turn = null;
    clearTimeout(this.waiting);
    viewers.delete(this.parent);
    window.removeEventListener("beforeprint", this.print);
    this.pause();
    this.observer.disconnect();
    for (const slot of this.slots) this.remove(slot);
    this.slots = [];
    this.root.remove();
  }
}
