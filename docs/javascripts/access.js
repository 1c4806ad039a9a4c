// What the theme leaves without a name or out of the keyboard's reach.

// Its search is a dialog without a name, which screen readers would read as "dialog".
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

// A table wider than the page scrolls in a box of the theme, which no key would scroll.
const reachable = (box) => {
  if (box.scrollWidth > box.clientWidth) {
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Table, wider than the page");
  } else {
    for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
  }
};
addEventListener("load", () => {
  const watched = new ResizeObserver((entries) => entries.forEach(({ target }) => reachable(target)));
  document.querySelectorAll(".md-typeset__scrollwrap").forEach((box) => watched.observe(box));
});
