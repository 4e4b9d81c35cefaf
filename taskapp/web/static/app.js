/**
 * The pages work without this. With it, forms and links marked data-swap are sent by fetch, and
 * what comes back replaces the children of its target: live regions stay the ones listened to.
 */

/** @type {(selector: string, root?: ParentNode) => any} */
export const $ = (selector, root = document) => root.querySelector(selector);
/** @type {(selector: string, root?: ParentNode) => any[]} */
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const shown = () => location.pathname + location.search;

let address = shown();
/** The newest question for what is shown; answers to older ones come too late. */
let newest = new AbortController();
let busy = $("#content");
/** Acts go one by one, or an answer might not know of the act before. */
let acts = Promise.resolve();
const sending = new WeakSet();
/** Where the focus goes when a question is answered: to what it was about. @type {string[]} */
let about = [];

/**
 * Fetch the content of a page; throw what can be told to people.
 * @type {(url: string, init?: RequestInit) => Promise<{page: Document, response: Response}>}
 */
export async function ask(url, init) {
  let response, text;
  try {
    response = await fetch(url, { ...init, headers: { "X-Fragment": "1" } });
    text = await response.text();
  } catch (cause) {
    throw Error("The server cannot be reached.", { cause });
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  const main = $("#content", page);
  for (const each of $$("[autofocus]", page)) each.autofocus = false;
  const login = $("[data-log-in]", page) && response.url;
  if (main && !login && (response.ok || $("form", main))) return { page, response };
  const words = $$("h1, .lead, code", page).map((each) => each.textContent).join(" ");
  const message = login ? "You are logged out." : words || `The server answered ${response.status}.`;
  throw Object.assign(Error(message), { login, foreign: !main && response.ok });
}

/** @type {(text: string, how?: {className?: string, login?: string}) => void} */
export function tell(text, { className = "notice", login } = {}) {
  const [notice, words, link] = ["div", "p", "a"].map((tag) => document.createElement(tag));
  notice.className = className;
  words.textContent = `${text} `;
  Object.assign(link, { href: login, target: "_blank", textContent: "Log in, then send it again" });
  if (login) words.append(link);
  notice.append(words);
  $("#notices").replaceChildren(notice);
}

/** Where something is, so that its like is found in an answer. @type {(element: Element) => string} */
function path(element) {
  const { id, localName, parentElement } = element;
  if (id || !parentElement) return id ? `#${id}` : localName;
  const alike = [...parentElement.children].filter((each) => each.localName === localName);
  return `${path(parentElement)} > ${localName}:nth-of-type(${alike.indexOf(element) + 1})`;
}

/** Where the focus belongs if its element goes. @type {(element: Element) => string[]} */
function places(element) {
  const row = (element.closest(".bulk") ? $(".select:checked") : element)?.closest(".task[id]");
  if (!row) return [path(element)];
  const like = [element.localName, ...element.classList].join(".");
  // Also those of the lists beside its own, or it would be the last of a short one.
  const rows = $$(".task");
  const at = rows.indexOf(row);
  const itself = element.id || !row.contains(element) ? [path(element)] : [];
  return itself.concat([...rows.slice(at), ...rows.slice(0, at).reverse()]
    .flatMap(({ id }) => [`#${id} ${like}`, `#${id} a`, `#${id} button`]));
}

/** Focus the first that can be, never nothing. @type {(selectors: string[]) => void} */
function focusOn(selectors) {
  [...selectors, "#content"].some((selector) => {
    const element = $(selector);
    element?.focus({ preventScroll: true });
    // What is hidden has the focus until the next frame.
    return element?.getClientRects().length && document.activeElement === element;
  });
}

/**
 * What was typed or ticked, and not sent, goes on in the answer.
 * @type {(target: Element, fresh: Element, form: HTMLFormElement | null, isGet?: boolean) => void}
 */
function carryOver(target, fresh, form, isGet) {
  for (const old of $$("input:not([type=hidden]), textarea", target)) {
    const isTyped = old.type === "checkbox" ? old.checked : old.value && old.value !== old.defaultValue;
    if (!isTyped || old.form === form || (isGet && old.form?.matches("[data-live]"))) continue;
    const twin = $(places(old)[0], fresh);
    if (twin?.form?.getAttribute("action") !== old.form?.getAttribute("action")) continue;
    [twin.value, twin.checked] = [old.value, old.checked];
  }
  for (const edit of $$(".task > form.edit", target)) {
    const row = edit !== form && $(`#${edit.parentElement.id}`, fresh);
    if (row) putIn(row, edit);
  }
}

/**
 * Put an answer in the place of what it answers.
 * @type {(answer: {page: Document, response: Response}, how: any) => void}
 */
function swap({ page, response }, { selector, form, from, isGet, keep }) {
  const again = !response.ok && form?.matches(".task > form") && $(`#${form.id}`, page);
  if (again) {
    putIn(form.parentElement, again);
    return focusOn([`#${form.id} .errors`]);
  }
  if (!$(selector, page) || !$(selector)) selector = "#content";
  const [target, fresh, notices] = [$(selector), $(selector, page), $("#notices")];
  const active = document.activeElement === document.body ? from : document.activeElement;
  const lost = target.contains(active) || notices.contains(active) || active?.closest("[data-sync]");
  const born = $$("[data-task]", fresh).find(({ id }) => !$(`#${id}`));
  const moved = (isGet || response.ok) && new URL(response.url).pathname !== address.split("?")[0];
  const to = (form ?? from)?.contains(active) && (form ?? from).dataset.focus;
  const goals = moved || !response.ok ? ["#errors", "h1"] : to ? [to] : lost && active ? places(active) : [];
  if (notices.contains(active) && born) goals.push(`#${born.id} a`);
  if (response.ok) goals.push(...about);
  about = !response.ok && active?.closest(".task, .bulk") ? places(active) : [];

  // First, as the place scrolled to is known only while the page is as long as it was.
  if (isGet || response.ok) visit(new URL(response.url), keep);
  carryOver(target, fresh, form?.matches("[data-clear]") ? null : form, isGet);
  // What stands elsewhere, and has to know what changed.
  for (const part of $$("[data-sync]", page)) {
    if (!fresh.contains(part)) $(`#${part.id}`)?.replaceChildren(...part.childNodes);
  }
  if (isGet) $("#side")?.hidePopover?.();
  target.replaceChildren(...fresh.childNodes);
  notices.replaceChildren(...$("#notices", page).childNodes);
  document.title = page.title;
  $("h1")?.setAttribute("tabindex", -1);
  if (moved) scrollTo(0, 0);
  if (lost || goals.length) focusOn(goals);
  const now = document.activeElement;
  if (now !== active && now.id === active?.id && /text|search/.test(now.type)) {
    now.setSelectionRange(active.selectionStart, active.selectionEnd);
  }
  if (!response.ok) {
    now.scrollIntoView({ block: "nearest" });
    // What was refused counts as typed: it outlives the answer to what was added after it.
    for (const field of $$("[data-clear] [type=text]")) [field.value, field.defaultValue] = [field.value, ""];
  }
  const news = isGet ? $(".empty h2", target) ?? $("[aria-current=true]", target) : born && $(".title", born);
  if (news && !moved && !notices.children.length) tell(news.textContent, { className: "hidden" });
  prepare();
}

/** The address always is what a reload would show. @type {(url: URL, keep?: boolean) => void} */
function visit({ pathname, search }, keep) {
  if (pathname + search !== shown()) {
    if (!keep) history.replaceState({ y: scrollY }, "");
    history[keep ? "replaceState" : "pushState"](null, "", pathname + search);
  }
  address = shown();
}

/**
 * Append the rows of a further page, none twice; return the first.
 * @type {(to: Document, further: Document) => Element | undefined}
 */
function extend(to, further) {
  const rows = $$("#rows > li", further).filter(({ id }) => !$(`#${id}`, to));
  $("#rows", to).append(...rows);
  $("#more", to).replaceWith(...$$("#more", further));
  return rows[0];
}

/**
 * Send something, and show the answer.
 * @param {string} url
 * @param {{fail: (error: any) => void, body?: URLSearchParams, selector?: string,
 *   form?: HTMLFormElement | null, from?: HTMLElement | null, keep?: boolean}} how
 */
async function go(url, { body, fail, ...how }) {
  how.selector ||= "#content";
  newest.abort();
  const mine = (newest = Object.assign(new AbortController(), { isAct: !!body }));
  busy.ariaBusy = null;
  busy = $(how.selector);
  busy.ariaBusy = "true";
  const asked = acts.then(() => ask(url, body ? { method: "POST", body } : { signal: mine.signal }));
  if (body) acts = asked.catch(() => {});
  try {
    const answer = await asked;
    const { page, response } = answer;
    // An answer has one page of a list; as many rows as were there are to be there again.
    const rows = body ? $$("#rows > li").length : 0;
    for (let more; $$("#rows > li", page).length < rows && (more = $("#more a", page)); ) {
      const further = await ask(more.href).catch(() => null);
      if (!further) break; // the act is done all the same
      extend(page, further.page);
    }
    // A refusal is shown however late it comes, or what it gives back would be lost.
    if (mine.signal.aborted && response.ok) return;
    if (mine !== newest && !newest.isAct) newest.abort();
    swap(answer, { isGet: !body, ...how });
  } catch (error) {
    if (body || !mine.signal.aborted) fail(error);
  } finally {
    if (mine === newest || newest.signal.aborted) busy.ariaBusy = null;
  }
}

/**
 * Show at once what a button will do; return how to take it back.
 * @type {(form: HTMLFormElement, button: any) => () => void}
 */
function ahead(form, button) {
  const row = button?.closest(".task");
  const act = button?.dataset.act;
  const active = row?.contains(document.activeElement) ? document.activeElement : button;
  const field = form.matches("[data-clear]") && $("[type=text]", form);
  const typed = field?.value;
  const toggle = () => {
    const isDone = row.classList.toggle("done");
    row.classList.toggle("pending");
    button.value = !isDone;
    button.ariaLabel = button.ariaLabel.replace(/^\S+/, isDone ? "Reopen" : "Complete");
  };
  if (act === "complete") toggle();
  if (act === "delete") {
    row.hidden = true;
    focusOn(places(active));
  }
  if (field) field.value = "";
  return () => {
    if (act === "complete") toggle();
    if (act === "delete") {
      row.hidden = false;
      active.focus();
    }
    const now = field && $(path(field));
    if (now) now.value ||= typed;
  };
}

/** @type {(form: HTMLFormElement, button?: any, keep?: boolean) => void} */
function submit(form, button, keep) {
  const url = new URL(button?.getAttribute("formaction") ?? form.getAttribute("action"), location.href);
  const body = new URLSearchParams(new FormData(form, button));
  const selector = form.dataset.swap;
  if (form.method === "get") {
    for (const [name, value] of [...body]) if (!value) body.delete(name);
    url.search = body;
    // To be led away in the middle of a word would be worse than no result.
    const fail = (error) => (keep ? tell(error.message, error) : location.assign(url));
    return void go(url.href, { fail, selector, form, keep });
  }
  const act = button?.dataset.act;
  if (sending.has(form)) return;
  if (!act && !form.matches("[data-clear]")) sending.add(form);
  const what = [button?.ariaLabel ?? button?.textContent.trim(), !act && $("[type=text]", form)?.value];
  const takeBack = ahead(form, button);
  const fail = (error) => {
    takeBack();
    tell(`Not done: ${what.filter(Boolean).join(": ")}. ${error.message}`, error);
    (button ?? form).dispatchEvent(new Event("refused"));
    if (!error.foreign || !form.isConnected) return;
    // Whatever answered is none of ours: let the browser show it.
    form.removeAttribute("data-swap");
    form.requestSubmit(button);
  };
  go(url.href, { fail, body, selector, form: act ? null : form, from: button })
    .finally(() => sending.delete(form));
}

/** @type {(link: HTMLAnchorElement) => Promise<void>} */
export const follow = (link) =>
  go(link.href, { selector: link.dataset.swap, from: link, fail: () => location.assign(link.href) });

/** Put a form over what a row shows, its ids made its own. @type {(row: Element, form: any) => void} */
function putIn(row, form) {
  $("form.edit", row)?.remove();
  for (const part of form.dataset.own ? [] : $$("*", form)) {
    for (const name of ["id", "for", "aria-describedby", "href"]) {
      const value = part.getAttribute(name)?.replace(/(^#?|\s)(?=\w)/g, `$1${form.id}-`);
      if (value) part.setAttribute(name, value);
    }
  }
  form.dataset.own = "1";
  for (const child of row.children) child.hidden = true;
  row.classList.add("editing");
  row.append(form);
}

/** Edit in the row, beginning with a field. @type {(link: HTMLAnchorElement, name?: string) => Promise<void>} */
export async function edit(link, name = "title") {
  const row = link.closest(".task");
  try {
    const form = $("form.edit", (await ask(link.href)).page);
    if (row.matches(".editing") || !row.isConnected) return;
    // Back to the list as it is, not to the part of it that the row came with.
    $("[name=back]", form).value = shown();
    putIn(row, form);
    const field = form.elements[name];
    field.focus();
    if (field.type === "text") field.setSelectionRange(-1, -1);
  } catch {
    location.assign(link.href);
  }
}

/** @type {(form: HTMLFormElement) => void} */
function stopEditing(form) {
  const row = form.parentElement;
  form.remove();
  row.classList.remove("editing");
  for (const child of row.children) child.hidden = false;
  focusOn([`#${row.id} [data-inline]`, `#${row.id} a`]);
}

/** Close the second thoughts that are not under a place. @type {(place?: Element) => any[]} */
function closeConfirm(place) {
  const open = $$("details:is(.confirm, .change)[open]").filter((each) => !each.contains(place ?? null));
  for (const each of open) each.open = false;
  return open;
}

/** Load the next page of a list. @type {(link: HTMLAnchorElement) => Promise<void>} */
async function append(link) {
  nearing.unobserve(link);
  if (link.ariaBusy) return;
  link.ariaBusy = "true";
  const isWanted = () => document.activeElement === link;
  try {
    const { page } = await ask(link.href);
    if (!link.isConnected) return;
    const [wanted, first] = [isWanted(), extend(document, page)];
    if (wanted) focusOn(first ? [`#${first.id} a`, `#${first.id} button`] : []);
    prepare();
  } catch {
    // Coming near was no wish to go there.
    link.ariaBusy = null;
    if (isWanted()) location.assign(link.href);
  }
}
const nearing = new IntersectionObserver(
  (entries) => entries.forEach((each) => each.isIntersecting && append(each.target)),
  { rootMargin: "400px" },
);

/** Say how many are selected. */
export function count() {
  const bulk = $("fieldset.bulk");
  if (!bulk) return;
  const said = $(".selected", bulk) ?? bulk.appendChild(document.createElement("span"));
  Object.assign(said, { className: "selected", ariaLive: "polite" });
  const number = $$(".select:checked").length;
  said.textContent = number ? `${number} selected` : "";
}

/** What only the browser knows, and what is to be watched, of new content. */
function prepare() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const field of $$("[data-time-zone]")) field.value = zone;
  for (const hint of $$("[data-time-zone-hint]")) {
    const [choice, button] = [hint.closest("form").elements.time_zone, $("button", hint)];
    hint.hidden = choice.value === zone || !$(`[value="${zone}"]`, choice);
    button.textContent = zone;
    button.onclick = () => {
      choice.value = zone;
      hint.hidden = true;
      choice.focus();
    };
  }
  for (const link of $$("[data-append]")) nearing.observe(link);
  if ($("[data-order]")) import("./order.js");
  count();
}

let typing;
addEventListener("input", ({ target }) => {
  const form = target.closest("[data-live]");
  if (!form) return;
  clearTimeout(typing);
  typing = setTimeout(() => form.isConnected && submit(form, null, true), target.matches("select") ? 0 : 150);
});

addEventListener("submit", (event) => {
  if (!event.target.matches("[data-swap]")) return;
  event.preventDefault();
  clearTimeout(typing);
  submit(event.target, event.submitter);
});

/** Where a range begins. @type {HTMLInputElement | undefined} */
let anchor;
addEventListener("click", (event) => {
  const { target } = event;
  closeConfirm(target);
  if (target.matches(".select")) {
    const boxes = $$(".select");
    const [from, to] = [boxes.indexOf(anchor), boxes.indexOf(target)].sort((a, b) => a - b);
    const range = event.shiftKey && from >= 0 ? boxes.slice(from, to + 1) : [];
    for (const box of range) box.checked = target.checked;
    anchor = target;
  }
  const link = target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const inline = link.matches("[data-cancel]") && link.closest(".task > form");
  const act = inline ? () => stopEditing(inline)
    : "inline" in link.dataset ? edit
    : "append" in link.dataset ? append
    : "swap" in link.dataset && follow;
  if (!act) return;
  event.preventDefault();
  link.focus();
  act(link);
});

addEventListener("change", count);

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || $("dialog[open]")) return;
  const form = event.target.closest(".task > form.edit");
  const [closed] = form ? [] : closeConfirm();
  const giveUp = $("[data-escape]");
  if (!form && !closed && !giveUp) return;
  event.preventDefault();
  if (form) stopEditing(form);
  else if (closed) $("summary", closed).focus();
  else giveUp.click();
});

addEventListener("popstate", ({ state }) => {
  // A jump within the page is none of ours.
  if (shown() === address) return;
  go(location.href, { fail: () => location.reload() }).then(() => state && scrollTo(0, state.y));
});

prepare();
