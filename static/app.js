// What the pages can do a little better with scripts than without. Nothing depends on it.
"use strict";

// Breaches of the content policy, for the tests to find.
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.__violations.push(event.violatedDirective));

// Copy buttons appear where copying works.
const showCopyButtons = () => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy][hidden]")) button.hidden = false;
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    const word = button.querySelector("span");
    const before = word?.textContent;
    if (word) word.textContent = "Copied";
    setTimeout(() => {
      button.classList.remove("copied");
      if (word) word.textContent = before;
    }, 1500);
  } catch {
    button.hidden = true;
  }
});

// The switcher closes as menus do.
const closeSwitch = (focus) => {
  const menu = document.querySelector("details.switch[open]");
  if (!menu) return;
  menu.open = false;
  if (focus) menu.querySelector("summary").focus();
};
document.addEventListener("keydown", (event) => event.key === "Escape" && closeSwitch(true));
document.addEventListener("click", (event) => event.target.closest?.("details.switch") || closeSwitch(false));

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// After a refused form the first wrong field is where one wants to be.
const firstFault = () => document.querySelector("[aria-invalid=true], fieldset.wrong :checked, fieldset.wrong input");
const focusFirstFault = () => firstFault()?.focus();

document.addEventListener("DOMContentLoaded", () => {
  showCopyButtons();
  focusFirstFault();
});
// A part of the page has become another one: its heading gets the focus, which also lets screen readers say it.
document.addEventListener("htmx:after:swap", (event) => {
  showCopyButtons();
  // A menu that fills itself leaves the focus where it is.
  if (event.target.closest?.(".switch")) return;
  if (firstFault()) return focusFirstFault();
  const heading = document.querySelector("#main h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
});
