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

// Two minutes before a session ends because nothing happens, whoever sits there is asked whether they still do. Other tabs may have
// kept it alive, so the server is asked first; asking does not keep it alive.
const idle = {
  soon: 120,
  // Why the session is over, once it is: what was typed waits for whoever was away, and for nobody else.
  over: "over",
  timer: undefined,
  ticking: undefined,
  dialog: () => document.querySelector("dialog#idle"),
  async ask(method) {
    const account = encodeURIComponent(this.dialog().dataset.account);
    try {
      const answer = await fetch(`/me/idle?account=${account}`, { method, headers: { "x-frontdesk-background": "yes" } });
      if (!answer.ok) return undefined;
      const [seconds, why] = (await answer.text()).split(" ");
      this.over = why === "idle" ? "over" : "ended";
      return Number(seconds);
    } catch {
      return undefined;
    }
  },
  arm(seconds) {
    clearTimeout(this.timer);
    clearInterval(this.ticking);
    if (this.dialog()?.open) this.dialog().close();
    // A timer of more than 24 days would go off at once.
    this.timer = setTimeout(() => this.check(), Math.min(Math.max(seconds - this.soon, 1) * 1000, 2 ** 31 - 1));
  },
  async check() {
    const left = await this.ask("GET");
    // Without an answer there is nothing to say; a minute later there may be one.
    if (left === undefined) return this.arm(this.soon + 60);
    if (left > this.soon) return this.arm(left);
    this.show(left);
  },
  show(left) {
    const dialog = this.dialog();
    clearTimeout(this.timer);
    clearInterval(this.ticking);
    for (const part of dialog.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== (left > 0 ? "soon" : this.over);
    if (!dialog.open) dialog.showModal();
    if (left <= 0) return;
    const ends = Date.now() + left * 1000;
    const tick = () => {
      const rest = Math.ceil((ends - Date.now()) / 1000);
      dialog.querySelector("[data-left]").textContent = rest === 1 ? "one second" : `${Math.max(rest, 0)} seconds`;
      if (rest > 0) return;
      clearInterval(this.ticking);
      this.check();
    };
    tick();
    this.ticking = setInterval(tick, 1000);
  },
  async stay() {
    const left = await this.ask("POST");
    if (left === undefined) return;
    if (left > 0) this.arm(left);
    else this.show(0);
  },
};
document.addEventListener("DOMContentLoaded", () => {
  const dialog = idle.dialog();
  if (!dialog) return;
  idle.arm(Number(dialog.dataset.idle));
  dialog.querySelector("[data-stay]").addEventListener("click", () => idle.stay());
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  // Another tab may have answered meanwhile, and a computer may have slept.
  document.addEventListener("visibilitychange", () => document.hidden || idle.check());
  // Whatever was asked for is a sign of life in the account, but for the switcher, which stands above all accounts.
  document.addEventListener("htmx:after:swap", (event) => event.target.closest?.(".switch") || idle.arm(Number(dialog.dataset.idle)));
});
