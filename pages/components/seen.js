// Tells the script from where the scenes are seen while a code of the link is shown, which holds that as the copied link does.

const REST_MS = 300; // since the last turn: a hand turns a scene many times a second
const told = new WeakMap(); // place -> what the script knows

export default function ({ parentElement, setStateValue }) {
  let rest;
  const tell = () => {
    const camera = seen();
    if (camera === (told.get(parentElement) ?? "")) return;
    told.set(parentElement, camera);
    setStateValue("camera", camera);
  };
  const turned = () => {
    clearTimeout(rest);
    rest = setTimeout(tell, REST_MS);
  };
  window.addEventListener("landscapecamera", turned);
  tell();
  return () => {
    clearTimeout(rest);
    window.removeEventListener("landscapecamera", turned);
  };
}

function seen() {
  const { page, text } = window.landscapeCamera ?? {};
  return page === window.location.pathname ? text : "";
}
