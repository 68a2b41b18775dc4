/** The data element of the page: JSON, or gzip of it in base64. */

export async function readData<T>(id: string): Promise<T> {
  const holder = document.getElementById(id) as HTMLScriptElement;
  const text = holder.textContent ?? "";
  return JSON.parse(holder.type === "application/json" ? text : await unpacked(text)) as T;
}

async function unpacked(base64: string): Promise<string> {
  const binary = atob(base64);
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}
