/** Names as the server shows them: nothing of them turns text, hides, or goes on without end. */

const UNSHOWN = /[\p{C}\p{Z}]/gu;
const LIMIT = 300;

/** The name, with controls and marks that turn text written out, cut where it is too long. */
export function plain(name: string, limit = LIMIT): string {
  const cut = name.length > limit ? `${name.slice(0, limit)}… (${name.length.toLocaleString("en-US")} characters)` : name;
  return cut.replace(UNSHOWN, (mark) => (mark === " " ? mark : written(mark.codePointAt(0)!)));
}

function written(code: number): string {
  if (code < 256) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 65_536 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}
