// One pair at a time, with a key for each label; what is pressed goes to Python, which shows the next.
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "dedupe-news labelling";
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Label pairs");
  // Notebooks have shortcuts of their own: twice "d" removes a cell.
  box.dataset.lmSuppressShortcuts = "true";
  const pair = document.createElement("div");
  pair.setAttribute("aria-live", "polite");
  const keys = document.createElement("div");
  keys.className = "keys";
  const buttons = new Map();
  for (const [key, action, words] of model.get("buttons")) {
    const button = document.createElement("button");
    const shown = document.createElement("kbd");
    shown.textContent = key === " " ? "space" : key;
    button.append(shown, ` ${words}`);
    button.addEventListener("click", () => press(action));
    buttons.set(key, { button, action });
    keys.append(button);
  }
  let waits = false;
  function press(action) {
    if (waits) return; // of no pair that was seen
    waits = true;
    model.send({ action });
  }
  box.addEventListener("keydown", (event) => {
    const known = buttons.get(event.key.toLowerCase());
    if (!known || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    event.preventDefault();
    event.stopPropagation();
    if (!known.button.disabled) press(known.action);
  });
  function show() {
    const state = model.get("state");
    pair.innerHTML = state.html; // of Python, where every text is escaped
    for (const { button, action } of buttons.values()) {
      button.disabled = !state.allowed.includes(action);
    }
    waits = false;
  }
  model.on("change:state", show);
  box.append(pair, keys);
  el.append(box);
  show();
  return () => model.off("change:state", show);
}
export default { render };
