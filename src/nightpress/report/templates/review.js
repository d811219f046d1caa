"use strict";
(() => {
  const drafts = [...document.querySelectorAll("section")];
  const copied = document.getElementById("copied");
  let current = -1;

  const say = (text) => { copied.textContent = text; };
  const copy = copying(say);
  const go = (to) => {
    if (to < 0 || to >= drafts.length) return;
    if (current >= 0) drafts[current].classList.remove("current");
    current = to;
    drafts[to].classList.add("current");
    drafts[to].focus({ preventScroll: true });
    drafts[to].scrollIntoView();
    say(`${to + 1} of ${drafts.length}`);
  };
  const keys = {
    j: () => go(current + 1),
    k: () => go(current - 1),
    a: () => current >= 0 && copy(drafts[current].dataset.apply),
    r: () => current >= 0 && copy(drafts[current].dataset.reject),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.addEventListener("click", (event) => {
    const section = event.target.closest("section");
    if (section && drafts.indexOf(section) !== current) {
      if (current >= 0) drafts[current].classList.remove("current");
      current = drafts.indexOf(section);
      section.classList.add("current");
    }
    const button = event.target.closest("button");
    if (!button) return;
    if ("copy" in button.dataset) copy(button.dataset.copy);
    if ("unfold" in button.dataset) {
      const rows = button.closest("tbody").nextElementSibling;
      rows.hidden = !rows.hidden;
      button.setAttribute("aria-expanded", String(!rows.hidden));
    }
  });
})();
