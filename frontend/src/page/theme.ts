/** Light or dark: as the system says, unless a switch was set, which is remembered. */
import { choice } from "./element";

const KEY = "buildopt-theme";
const THEMES: [string, string][] = [["light dark", "as the system"], ["light", "light"], ["dark", "dark"]];

/** The switch; `onChanged` runs whenever the colours of the page are others. */
export function themeSwitch(onChanged: () => void): HTMLElement {
  const set = (scheme: string) => {
    document.documentElement.style.colorScheme = scheme;
    remember(scheme);
    onChanged();
  };
  const label = choice("Theme", THEMES, set);
  const known = remembered();
  if (known) {
    document.documentElement.style.colorScheme = known;
    label.querySelector("select")!.value = known;
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChanged);
  return label;
}

function remembered(): string | undefined {
  try {
    const known = localStorage.getItem(KEY);
    return THEMES.some(([scheme]) => scheme === known) ? known! : undefined;
  } catch {
    return undefined; // a page in a sandbox has no storage
  }
}

function remember(scheme: string): void {
  try {
    localStorage.setItem(KEY, scheme);
  } catch {
    // then it holds for this page only
  }
}
