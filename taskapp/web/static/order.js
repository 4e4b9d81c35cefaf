/**
 * Order by hand: tasks are dragged by their handle, with a mouse or a finger, or sent by the arrow
 * keys while the handle has the focus. What is dropped stands there at once; the form that says so
 * is the same that the page's buttons send, and its answer shows the list as it is.
 */
import { $, $$, tell } from "./app.js";

/** How far a press may slip and still be one; how near to an edge the page begins to scroll. */
const [SLIP, EDGE] = [5, 56];
const WAYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

/** @type {(list: Element) => any[]} */
const rowsOf = (list) => $$(".task", list).filter((each) => each.parentElement === list);
/** @type {(row: Element) => string} */
const titleOf = (row) => $(".title", row).textContent.trim();

/**
 * Put a row before another of a list, or last; send where, and take it back if that is refused.
 * @type {(row: any, list: any, before: Element | null) => void}
 */
function put(row, list, before) {
  const [from, next, focused] = [row.parentElement, row.nextElementSibling, document.activeElement];
  if (before === row || (from === list && next === before)) return;
  const rest = rowsOf(list).filter((each) => each !== row);
  const at = before ? rest.indexOf(before) : rest.length;
  const form = $("#drop");
  const place = (to, beside) => {
    to.insertBefore(row, beside);
    if (row.contains(focused)) focused.focus({ preventScroll: true });
  };
  const takeBack = () => from.isConnected && place(from, next?.parentElement === from ? next : null);

  place(list, before);
  row.scrollIntoView({ block: "nearest", inline: "nearest" });
  tell(`${titleOf(row)}: ${at + 1} of ${rest.length + 1}, ${list.ariaLabel}`, { className: "hidden" });
  form.action = `/tasks/${row.dataset.task}/place`;
  form.elements.section_id.value = list.dataset.section;
  form.elements.after.value = rest[at - 1]?.dataset.task ?? "";
  // A button for each, as several may be under way; it is told when its own is refused.
  const button = document.createElement("button");
  button.ariaLabel = `Move “${titleOf(row)}”`;
  button.dataset.act = "move";
  button.addEventListener("refused", takeBack);
  form.append(button);
  form.requestSubmit(button);
  button.remove();
}

/** Send a row one place on, or into the list beside its own. @type {(row: any, way: string) => void} */
function send(row, way) {
  const list = row.parentElement;
  const lists = $$("[data-order]");
  const [rows, other] = [rowsOf(list), lists[lists.indexOf(list) + (way === "left" ? -1 : 1)]];
  const at = rows.indexOf(row);
  if (way === "up" && at > 0) put(row, list, rows[at - 1]);
  else if (way === "down" && at < rows.length - 1) put(row, list, rows[at + 2] ?? null);
  else if ((way === "left" || way === "right") && other) put(row, other, null);
}

/** Follow a pointer that has pressed a handle. @type {(down: PointerEvent, handle: any) => void} */
function drag(down, handle) {
  let row = handle.closest(".task");
  const [mark, ending] = [document.createElement("li"), new AbortController()];
  const at = { x: down.clientX, y: down.clientY };
  const grip = { x: 0, y: 0 };
  let ghost, frame;
  mark.className = "drop";
  mark.ariaHidden = "true";

  const lift = () => {
    const { left, top, width } = row.getBoundingClientRect();
    Object.assign(grip, { x: left - down.clientX, y: top - down.clientY });
    const copy = row.cloneNode(true);
    for (const each of [copy, ...$$("[id], [form], [name]", copy)]) {
      for (const name of ["id", "form", "name"]) each.removeAttribute(name);
    }
    // In a list of its own, as rows are styled by the width of theirs.
    ghost = document.createElement("ul");
    Object.assign(ghost, { className: "rows ghost", ariaHidden: "true", inert: true });
    ghost.style.width = `${width}px`;
    ghost.append(copy);
    document.body.append(ghost);
    frame = requestAnimationFrame(scroll);
  };
  const show = () => {
    ghost.style.translate = `${at.x + grip.x}px ${at.y + grip.y}px`;
    // The answer to an earlier move may have put another row in its place.
    if (!row.isConnected) row = document.getElementById(row.id);
    if (!row) return end(false);
    row.classList.add("lifted");
    const group = document.elementFromPoint(at.x, at.y)?.closest("[data-order], .group");
    const list = group?.matches("[data-order]") ? group : group && $("[data-order]", group);
    if (!list) return;
    const before = rowsOf(list).find((each) => {
      const { top, height } = each.getBoundingClientRect();
      return each !== row && at.y < top + height / 2;
    });
    if (mark.parentElement !== list || mark.nextElementSibling !== (before ?? null)) {
      list.insertBefore(mark, before ?? null);
    }
  };
  /** Near an edge, go on beyond it. */
  const scroll = () => {
    const board = $(".board");
    const past = (value, low, high) => (value < low + EDGE ? -1 : value > high - EDGE ? 1 : 0) * 12;
    scrollBy(0, past(at.y, 0, innerHeight));
    if (board) {
      const { left, right } = board.getBoundingClientRect();
      board.scrollLeft += past(at.x, Math.max(left, 0), Math.min(right, innerWidth));
    }
    show();
    frame = requestAnimationFrame(scroll);
  };
  const end = (isDropped) => {
    ending.abort();
    if (!ghost) return;
    cancelAnimationFrame(frame);
    const [list, before] = [mark.parentElement, mark.nextElementSibling];
    ghost.remove();
    mark.remove();
    row?.classList.remove("lifted");
    // The press that ends here is no click on the handle.
    addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true, signal: soon() });
    if (isDropped && list?.isConnected && row?.isConnected) put(row, list, before);
  };

  const listen = (type, act) => addEventListener(type, act, { signal: ending.signal, capture: true });
  listen("pointermove", (event) => {
    if (event.pointerId !== down.pointerId) return;
    Object.assign(at, { x: event.clientX, y: event.clientY });
    if (!ghost && Math.hypot(at.x - down.clientX, at.y - down.clientY) < SLIP) return;
    if (!ghost) lift();
    event.preventDefault();
    show();
  });
  listen("pointerup", (event) => event.pointerId === down.pointerId && end(true));
  listen("pointercancel", (event) => event.pointerId === down.pointerId && end(false));
  listen("keydown", (event) => {
    if (event.key !== "Escape" || !ghost) return;
    event.preventDefault();
    event.stopPropagation();
    end(false);
  });
}

/** A signal for what only the next moment is to see. @type {() => AbortSignal} */
function soon() {
  const over = new AbortController();
  setTimeout(() => over.abort());
  return over.signal;
}

addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-order] .handle");
  if (handle && event.button === 0 && event.isPrimary) drag(event, handle);
});

addEventListener("keydown", (event) => {
  const way = WAYS[event.key];
  const handle = event.target.closest("[data-order] .handle");
  if (!way || !handle || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  handle.parentElement.open = false;
  send(handle.closest(".task"), way);
});

addEventListener("click", (event) => {
  const button = event.target.closest("[data-order] [data-way]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest(".task");
  $("details", row).open = false;
  $(".handle", row).focus();
  send(row, button.dataset.way);
});
