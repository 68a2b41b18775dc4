/** The page of a bundle: puts a map that can be zoomed and searched in the place of the picture. */
import { TreeMap } from "./bundle/map";
import { Table } from "./bundle/table";
import { byOwner, measure, pathOf, search, treeOf, type Document, type Item } from "./bundle/tree";
import { readData } from "./page/data";
import { choice, element } from "./page/element";
import { change, counted, exactBytes, share, size } from "./page/quantities";
import { themeSwitch } from "./page/theme";

void readData<Document>("data").then(start);

function start(data: Document): void {
  const byFile = treeOf(data);
  const isDiff = data.kind === "diff";
  const areas = areasOf(data, byFile);
  let root = byFile;
  let zoomed = byFile;
  let query = "";
  let chosenArea = Object.keys(areas)[0]!;

  const crumbs = element("nav", { class: "crumbs", "aria-label": "Zoomed into" });
  const words = element("p", { class: "chosen muted", "aria-live": "polite" });
  const found = element("span", { class: "muted", role: "status" });
  const map = new TreeMap(root, isDiff, { onChosen: describe, onZoomed: zoom });
  const table = new Table(root, data, reveal);

  const controls = element("div", { class: "controls" },
    searchField((text) => {
      query = text;
      filter();
      map.repaint();
      table.refresh();
    }),
    found,
    ...(Object.keys(areas).length > 1
      ? [choice("Area", Object.entries(areas).map(([name, { shown }]) => [name, shown]), (name) => {
          chosenArea = name;
          rebuild();
        })]
      : []),
    ...(data.kind !== "archive"
      ? [choice("Group by", [["file", "file"], ["owner", "package"]], (by) => {
          root = by === "owner" ? byOwner(byFile) : byFile;
          zoomed = root;
          rebuild();
        })]
      : []),
  );
  document.querySelector(".top")?.append(themeSwitch(() => map.repaint(true)));
  const section = document.getElementById("map")!;
  const legend = section.querySelector(".legend");
  section.replaceChildren(controls, crumbs, map.holder, words, ...(legend ? [legend] : []));
  const packages = document.getElementById("packages");
  if (packages && !isDiff) packages.replaceWith(table.section);
  else document.querySelector("main")!.append(table.section);
  rebuild();

  function rebuild(): void {
    measure(root, areas[chosenArea]!.of);
    filter();
    table.show(root, chosenArea);
    zoom(zoomed);
  }

  function filter(): void {
    const count = search(root, query);
    found.textContent = query.trim() ? `${counted(count, "part")}, ${size(matchedBytes(root))}` : "";
  }

  function zoom(item: Item): void {
    zoomed = item;
    map.show(item);
    describe(undefined);
    const way: Item[] = [];
    for (let at: Item | undefined = item; at; at = at.parent) way.unshift(at);
    crumbs.replaceChildren(...way.flatMap((at, place) => [
      ...(place ? [" / "] : []),
      at === item ? element("span", { "aria-current": "true" }, at.name)
        : element("button", { type: "button", onclick: () => zoom(at) }, at.name),
    ]), `, ${areas[chosenArea]!.said(item.value)}`);
  }

  function reveal(item: Item): void {
    zoom(item.children.length ? item : (item.parent ?? root));
    map.choose(item.children.length ? undefined : item);
    map.holder.scrollIntoView({ block: "center" });
    map.holder.focus({ preventScroll: true });
  }

  function describe(item: Item | undefined): void {
    if (!item) {
      words.replaceChildren("Point at a part, or move with the arrows: Enter or a double click zooms in, Escape out.");
      return;
    }
    const canZoom = (item.children.length ? item : item.parent) !== zoomed;
    words.replaceChildren(
      element("code", {}, pathOf(item)), ", ", sizeWords(item),
      ...(item.owner?.isDuplicate ? [", ▨ one of several copies"] : []),
      ...(canZoom ? [" ", element("button", { type: "button", onclick: () => map.zoomIn() }, "Zoom in")] : []),
      ...(item.owner?.chain.length ? [element("br"), `imports that lead to it: ${item.owner.chain.join(" → ")}`] : []),
    );
  }

  function sizeWords(item: Item): string {
    if (isDiff) return `${size(item.bytes)}, ${change(item.before, item.bytes)}`;
    const exact = `${size(item.bytes)} (${exactBytes(item.bytes)}), ${share(item.bytes / (root.bytes || 1))} of all`;
    return chosenArea === "raw" ? exact : `${exact}, ${areas[chosenArea]!.said(item.value)}`;
  }
}

function searchField(onChanged: (text: string) => void): HTMLElement {
  const field = element("input", { type: "search", placeholder: "package, module, file", autocomplete: "off", spellcheck: "false" });
  field.addEventListener("input", () => onChanged(field.value));
  return element("label", {}, "Search ", field);
}

/** What the area of a cell may be. */
interface Area {
  /** As a choice. */
  shown: string;
  /** A size of this kind in words. */
  said(value: number): string;
  of(leaf: Item): number;
}

function areasOf(data: Document, root: Item): Record<string, Area> {
  if (data.kind === "diff") {
    return {
      raw: { shown: "bytes now", said: size, of: (leaf) => leaf.bytes },
      change: { shown: "bytes that changed", said: (value) => `${size(value)} changed`,
        of: (leaf) => Math.abs(leaf.bytes - leaf.before) },
    };
  }
  const raw: Area = { shown: data.kind === "archive" ? "unpacked" : "raw", said: size, of: (leaf) => leaf.bytes };
  if (data.figures.compressed) {
    return { raw, compressed: { shown: "compressed", said: (value) => `${size(value)} compressed`,
      of: (leaf) => leaf.compressed } };
  }
  const rawOf = new Map(root.children.map((file) => [file.name, file.bytes]));
  const scaled = Object.entries(data.scales).map(([encoding, sizes]): [string, Area] => [encoding, {
    shown: `≈ ${encoding}`,
    said: (value) => `≈ ${size(Math.round(value))} ${encoding}`,
    of: (leaf) => (leaf.bytes * (sizes[leaf.file] ?? 0)) / (rawOf.get(leaf.file) || 1),
  }]);
  return { raw, ...Object.fromEntries(scaled) };
}

function matchedBytes(item: Item): number {
  if (!item.matches) return 0;
  return item.children.length ? item.children.reduce((sum, child) => sum + matchedBytes(child), 0) : item.bytes;
}
