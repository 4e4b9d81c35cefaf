/**
 * Single keys, for those who want them. What has a key of its own says so in the markup
 * (data-key); rows share theirs.
 */
import { $, $$, ask, count, edit, follow } from "./app.js";

const IN_ROW = { x: ".select", e: "[data-act=complete]", " ": "[data-act=complete]", "#": "[data-act=delete]" };
/** What a key sends for a row: to which address, under which name, what. */
const SENDS = {
  1: ["mark", "priority", "high"],
  2: ["mark", "priority", "medium"],
  3: ["mark", "priority", "low"],
  4: ["mark", "priority", "none"],
  t: ["mark", "due", "today"],
  J: ["shift", "by", "1"],
  K: ["shift", "by", "-1"],
};
/** What the cursor goes through. */
const ROW = ".task, .thing";
const FIELD = "textarea, select, input:not([type=checkbox], [type=radio])";

/** A g that waits for its letter. */
let begun = "";

/** The row that the keys are about. @type {() => HTMLElement | null} */
const current = () => document.activeElement.closest(ROW) ?? $(".cursor");

/** Move the cursor. @type {(by: number) => void} */
function move(by) {
  const rows = $$(ROW);
  const at = rows.indexOf(current());
  const row = rows[at < 0 ? 0 : at + by];
  (row?.querySelector("a.title, a.name") ?? row?.querySelector("button"))?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

/** Send what a key means for a row, as a button in it would. @type {(row: HTMLElement, key: string) => void} */
function send(row, key) {
  const [act, name, value] = SENDS[key];
  const button = document.createElement("button");
  const url = $("[data-act=complete]", row).getAttribute("formaction").replace(/complete$/, act);
  Object.assign(button, { hidden: true, name, value, ariaLabel: `${name} ${value}` });
  button.setAttribute("form", "bulk");
  button.setAttribute("formaction", url);
  button.dataset.act = act;
  row.append(button);
  button.click();
  button.remove();
}

/** Show the help over the page. @type {(link: HTMLAnchorElement) => Promise<void>} */
async function help(link) {
  try {
    const sheet = $("#help", (await ask(link.href)).page);
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", link.textContent);
    dialog.tabIndex = -1;
    dialog.innerHTML = '<form method="dialog"><button class="button small">Close</button></form>';
    dialog.prepend(sheet);
    dialog.onclose = () => dialog.remove();
    dialog.onclick = ({ target }) => target === dialog && dialog.close();
    document.body.append(dialog);
    dialog.showModal();
    dialog.focus(); // and not the first link of the sheet, which is at its end
  } catch {
    location.assign(link.href);
  }
}

/** Press what has this key; say whether something has. @type {(key: string) => boolean} */
function press(key) {
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const group = current()?.closest(".group");
  // Of several fields the one of this section, or the first; of several notices with an Undo, the last.
  const target = (group && $(selector, group)) ?? $$(selector).at(key === "q" ? 0 : -1);
  const tasks = $('[data-key="g o"]');
  if (target?.matches(FIELD)) {
    target.focus();
    target.select();
  } else if (target && key === "?") help(target);
  else if (target) target.click();
  else if ("q/".includes(key) && tasks) follow(tasks).then(() => $(`[data-key="${key}"]`)?.focus());
  else return false;
  return true;
}

/** Leave a field, or nothing selected. @type {(target: HTMLElement) => void} */
function escape(target) {
  if (target.matches(FIELD)) target.blur();
  else for (const box of $$(".select:checked")) box.checked = false;
  count();
}

/** @type {(event: KeyboardEvent) => void} */
function onKey(event) {
  const { key, target } = event;
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if ($("dialog[open]")) return;
  if (key === "Escape") return escape(target);
  if (target.matches(FIELD) || target.isContentEditable) return;
  const sequence = begun + key;
  begun = key === "g" && !begun ? "g " : "";
  const part = !begun && sequence === key && current()?.querySelector(IN_ROW[key] ?? "none");
  // Space is the browser's own on what it presses.
  if (key === " " && (!part || target.closest("button, input, summary"))) return;
  const row = !begun && sequence === key && $("form#bulk") && current();
  if ("jk".includes(sequence)) move(key === "j" ? 1 : -1);
  else if (row && key in SENDS && $("[data-act=complete]", row)) event.repeat || send(row, key);
  else if (row && key === "d" && $("[data-inline]", row)) edit($("[data-inline]", row), "due_on");
  else if (part) event.repeat || part.click();
  else if (!press(sequence)) return;
  event.preventDefault();
}

addEventListener("keydown", onKey);

// Show which row the keys are about.
addEventListener("focusin", ({ target }) => {
  $(".cursor")?.classList.remove("cursor");
  if (target.matches(":focus-visible")) target.closest(ROW)?.classList.add("cursor");
});
