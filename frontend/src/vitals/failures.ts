/** Chunks that could not be loaded: Vite tells it, webpack and browsers reject with an error. */
const MOST = 20;
const ADDRESS = /(?:https?:\/\/[^\s'"()]+|\/[^\s'"()]+)\.(?:m?js|css)/;
const IS_LOAD = /ChunkLoadError|dynamically imported module|Importing a module script failed|preload CSS/;

export class Failures {
  #new = new Set<string>();

  constructor() {
    addEventListener("vite:preloadError", (event) => this.#see((event as Event & { payload?: unknown }).payload, true));
    addEventListener("unhandledrejection", (event) => this.#see(event.reason, false));
  }

  take(): string[] {
    const found = [...this.#new];
    this.#new.clear();
    return found;
  }

  #see(reason: unknown, isLoad: boolean): void {
    const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
    if (!isLoad && !IS_LOAD.test(text)) return;
    const address = ADDRESS.exec(text)?.[0];
    if (this.#new.size < MOST) this.#new.add(address ? new URL(address, location.href).pathname : "unknown");
  }
}
