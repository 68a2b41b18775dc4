/** The view as it is now, put in the place of what it was; what did not change stays. */
import type { Charts } from "./charts";

const AGES = /\b(just now|\d+ (s|min|h) ago)\b/g;

/** The view as the server makes it now; nothing where it does not answer. */
export async function freshPage(): Promise<Document | undefined> {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => undefined);
  return answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : undefined;
}

/** Whether something was replaced that has to be dressed again. */
export function refreshPage(main: HTMLElement, page: Document, charts: Charts): boolean {
  let isNew = false;
  for (const old of main.querySelectorAll(".live-part")) if (!page.getElementById(old.id)) old.remove();
  for (const fresh of page.querySelectorAll<HTMLElement>(".live-part")) {
    const old = document.getElementById(fresh.id);
    if (!old) {
      place(main, fresh);
      isNew = true;
    } else if (old.querySelector("figure.chart")) isNew = updateCharts(old, fresh, charts) || isNew;
    else isNew = replace(old, fresh) || isNew;
  }
  return isNew;
}

/** A section that was not there: behind the one that it follows in the new page. */
function place(main: HTMLElement, fresh: HTMLElement): void {
  const before = fresh.previousElementSibling?.id;
  const old = before ? document.getElementById(before) : null;
  if (old) old.after(fresh);
  else main.append(fresh);
}

function updateCharts(old: HTMLElement, fresh: HTMLElement, charts: Charts): boolean {
  const lines = (root: HTMLElement) =>
    [...root.querySelectorAll("figure.chart")].map((figure) => figure.id + figure.querySelector("thead")!.textContent).join();
  if (lines(old) !== lines(fresh)) {
    for (const details of old.querySelectorAll("figure.chart details[open]")) {
      const id = CSS.escape(details.closest("figure")!.id);
      fresh.querySelector(`#${id} details`)?.setAttribute("open", "");
    }
    old.replaceWith(fresh);
    return true;
  }
  for (const figure of fresh.querySelectorAll<HTMLElement>("figure.chart")) {
    const known = document.getElementById(figure.id)!;
    if (known.dataset.metric) continue; // it asks for itself
    Object.assign(known.dataset, { from: figure.dataset.from, to: figure.dataset.to });
    known.querySelector("tbody")!.replaceChildren(...figure.querySelectorAll("tbody tr"));
    charts.update(known);
  }
  return false;
}

function replace(old: HTMLElement, fresh: HTMLElement): boolean {
  const isSaid = old.hasAttribute("aria-live");
  const words = (part: HTMLElement) => (part.textContent ?? "").replace(isSaid ? AGES : /$^/, "").replace(/\s+/g, " ");
  if (words(old) === words(fresh)) return false;
  const known = new Set([...old.querySelectorAll<HTMLElement>("tr[data-run]")].map((row) => row.dataset.run));
  const scrolled = [...old.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
  old.replaceChildren(...fresh.childNodes);
  if (known.size)
    for (const row of old.querySelectorAll<HTMLElement>("tr[data-run]"))
      if (!known.has(row.dataset.run)) row.classList.add("new-row");
  old.querySelectorAll(".scroll").forEach((part, index) => (part.scrollLeft = scrolled[index] ?? 0));
  return true;
}
