// Touch. A vertical swipe over a plot scrolls the page, as browsers do by themselves where no plot hears of it; a tap is a
// click. A drag along a scene, or two fingers, turn it, and two fingers apart bring it nearer.

const BEGIN_PX = 8; // from where on a finger goes along or up
const RADIANS_PER_PX = Math.PI / 300;
const ROOM_PX = 360; // of a scene whose titles have room
const HIGHEST = 1.55; // radians above the ground, just below a right angle
const ABOVE = 1.3; // from where on the heights stand one upon the other

// Keeps touches from the plot of a stage. While it holds a scene (`data-turns`), `turn(dx, dy, nearer)` is told of those
// that turn it.
function hearTouch(stage, turn) {
  let begun, last, turning;
  const hear = (name, act) =>
    stage.addEventListener(
      name,
      (event) => {
        event.stopPropagation();
        if ("turns" in stage.dataset) act(event);
      },
      { capture: true, passive: false },
    );
  const begin = ({ touches }) => {
    begun = last = placeOf(touches);
    turning = touches.length > 1 || (turning && touches.length > 0);
  };
  hear("touchstart", (event) => {
    begin(event);
    if (turning && event.cancelable) event.preventDefault(); // two fingers would move the page
  });
  hear("touchmove", (event) => {
    const now = placeOf(event.touches);
    const [along, up] = [Math.abs(now.x - begun.x), Math.abs(now.y - begun.y)];
    turning ||= along > Math.max(up, BEGIN_PX); // else the browser scrolls
    if (!turning) return;
    if (event.cancelable) event.preventDefault();
    turn(now.x - last.x, now.y - last.y, last.apart && now.apart ? now.apart / last.apart : 1);
    last = now;
  });
  hear("touchend", begin);
  hear("touchcancel", begin);
}

// The middle of all fingers, and how far the first two are apart.
function placeOf(touches) {
  const fingers = Array.from(touches, ({ clientX, clientY }) => [clientX, clientY]);
  const [x, y] = [0, 1].map((i) => fingers.reduce((sum, finger) => sum + finger[i], 0) / Math.max(1, fingers.length));
  const [one, other] = fingers;
  return { x, y, apart: other ? Math.hypot(one[0] - other[0], one[1] - other[1]) : 0 };
}

// A camera from so far that the titles, which do not shrink, have room in a narrow scene.
function farther(camera, width) {
  return turned(camera, 0, 0, 1 / Math.max(1, 0.4 + (0.6 * ROOM_PX) / width));
}

// A camera that went around its centre, as the scene follows a hand that moves by so many pixels.
function turned(camera, dx, dy, nearer) {
  const { eye, center } = camera;
  const { around, above, far } = polar(camera);
  const to = around - dx * RADIANS_PER_PX;
  const high = Math.min(HIGHEST, Math.max(-HIGHEST, above + dy * RADIANS_PER_PX));
  const length = far / nearer;
  return {
    ...camera,
    eye: {
      ...eye,
      x: center.x + length * Math.cos(high) * Math.cos(to),
      y: center.y + length * Math.cos(high) * Math.sin(to),
      z: center.z + length * Math.sin(high),
    },
  };
}

function polar({ eye, center }) {
  const [x, y, z] = ["x", "y", "z"].map((name) => eye[name] - center[name]);
  const far = Math.hypot(x, y, z);
  return { around: Math.atan2(y, x), above: Math.asin(z / far), far };
}

// Whether one looks along the heights, whose numbers then stand one upon the other.
function fromAbove(camera) {
  return Math.abs(polar(camera).above) > ABOVE;
}
