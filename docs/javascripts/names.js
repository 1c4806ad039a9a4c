// The theme's search is a dialog without a name, which screen readers would read as "dialog".
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
