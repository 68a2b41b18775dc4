/**
 * Events as they come: one stream for all tabs of a browser, since a browser opens six connections
 * to a server and no more. One tab holds a lock and tells the others; when it closes, the next one
 * goes on behind the last position that it has heard of, and nothing is missed.
 */

export interface Heard {
  /** Something happened, or more than is worth telling. */
  onEvents(): void;
  /** Samples came. */
  onMeasured(): void;
  onState(words: string): void;
}

interface Told {
  kind: "events" | "measured" | "state";
  position?: string;
  words?: string;
}

const NAME = "buildopt-stream";
const AGAIN_MS = 2000;

export function follow(start: string, heard: Heard): void {
  let position = start;
  const channel = new BroadcastChannel(NAME);
  const take = (told: Told) => {
    if (told.position && told.position > position) position = told.position;
    if (told.kind === "events") heard.onEvents();
    else if (told.kind === "measured") heard.onMeasured();
    else heard.onState(told.words ?? "");
  };
  const tell = (told: Told) => {
    take(told);
    channel.postMessage(told);
  };
  channel.addEventListener("message", (event: MessageEvent<Told>) => {
    heard.onState("● live");
    take(event.data);
  });
  if (navigator.locks) void navigator.locks.request(NAME, () => stream(() => position, tell));
  else void stream(() => position, tell);
}

/** Whether the cookie still opens the server; so it is where nobody answers. */
async function isLetIn(): Promise<boolean> {
  const answer = await fetch("/api/v1/origins").catch(() => undefined);
  return answer?.status !== 401;
}

/** Never ends: the lock is held until the tab closes. */
function stream(position: () => string, tell: (told: Told) => void): Promise<never> {
  const open = () => {
    const source = new EventSource(`/api/v1/stream?after=${encodeURIComponent(position())}`);
    source.addEventListener("open", () => tell({ kind: "state", words: "● live" }));
    source.addEventListener("message", (event) => tell({ kind: "events", position: event.lastEventId }));
    source.addEventListener("snapshot", (event) => tell({ kind: "events", position: (event as MessageEvent).lastEventId }));
    source.addEventListener("measured", () => tell({ kind: "measured" }));
    source.addEventListener("error", () => {
      tell({ kind: "state", words: "▲ not connected, trying again" });
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      setTimeout(open, AGAIN_MS);
      void isLetIn().then((isSo) => isSo || tell({ kind: "state", words: "▲ the token is another one: reload the page" }));
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  };
  open();
  return new Promise<never>(() => {});
}
