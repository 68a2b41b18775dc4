/** Where somebody stands on a page: what has the focus and which row is chosen, also in rows that are made anew. */

const PARTS = "a[href], button, summary, [tabindex]";

/** What puts both back, once the page is as it will be. */
export function standing(main: HTMLElement): () => void {
  const focused = placeOf(main, document.activeElement);
  const chosen = placeOf(main, main.querySelector(".chosen-row"));
  return () => {
    const row = chosen && scopeOf(main, chosen);
    if (row && row.tagName === "TR" && !main.querySelector(".chosen-row")) row.classList.add("chosen-row");
    if (!focused || focused.element.isConnected) return;
    partsOf(scopeOf(main, focused))[focused.index]?.focus({ preventScroll: true });
  };
}

interface Place {
  element: Element;
  /** Of the section, and of the row in it where there is one. */
  id: string;
  row: string | undefined;
  /** Among the parts of the row, or of the section. */
  index: number;
}

function placeOf(main: HTMLElement, element: Element | null): Place | undefined {
  const part = element?.closest<HTMLElement>(".live-part");
  if (!element || !part || !main.contains(part)) return undefined;
  const row = element.closest<HTMLElement>("tbody tr");
  const index = partsOf(row ?? part).indexOf(element as HTMLElement);
  return { element, id: part.id, row: row ? keyOf(row) : undefined, index };
}

function scopeOf(main: HTMLElement, place: Place): HTMLElement | null {
  const part = main.querySelector<HTMLElement>(`#${CSS.escape(place.id)}`);
  if (!part || place.row === undefined) return part;
  return [...part.querySelectorAll<HTMLElement>("tbody tr")].find((row) => keyOf(row) === place.row) ?? null;
}

function partsOf(scope: HTMLElement | null): HTMLElement[] {
  return [...(scope?.querySelectorAll<HTMLElement>(PARTS) ?? [])];
}

function keyOf(row: HTMLElement): string {
  const { run, incident } = row.dataset;
  return run ?? incident ?? row.querySelector("a")?.getAttribute("href") ?? row.firstElementChild?.textContent ?? "";
}
