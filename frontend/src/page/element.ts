/** Elements made in code: names are put in as text, never as HTML. */

type Properties = Record<string, string | number | boolean | ((event: Event) => void)>;

/** An element with attributes, listeners (`onclick`) and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** A labelled choice. */
export function choice(
  label: string,
  options: [value: string, shown: string][],
  onChosen: (value: string) => void,
): HTMLLabelElement {
  const select = element("select", {}, ...options.map(([value, shown]) => element("option", { value }, shown)));
  select.addEventListener("change", () => onChosen(select.value));
  return element("label", {}, `${label} `, select);
}
