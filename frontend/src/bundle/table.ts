/** The table of packages, modules or files: searched with the map, sorted by its heads. */
import { choice, element } from "../page/element";
import { change, counted, exactBytes, share, size } from "../page/quantities";
import { keyOf, labelOf, leavesOf, pathOf, type Document, type Item } from "./tree";

const ROWS = 50;

type Kind = "owners" | "leaves" | "files";

interface Row {
  name: string;
  where: string;
  bytes: number;
  before: number;
  /** Size of the cell in the map, where that is not bytes. */
  value: number;
  copies: string;
  item: Item;
}

interface Column {
  head: string;
  isNumber: boolean;
  /** What is sorted by; numbers fall, words rise. */
  key(row: Row): number | string;
  shown(row: Row): string;
  exact?(row: Row): string;
}

export class Table {
  readonly section: HTMLElement;
  private readonly place = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table" });
  private readonly more = element("p", { class: "muted" });
  private kind: Kind = "owners";
  private sortedBy = "Bytes";
  private isTurned = false;
  private shown = ROWS;
  private measureName = "raw";

  constructor(
    private root: Item,
    private readonly document: Document,
    private readonly onChosen: (item: Item) => void,
  ) {
    this.sortedBy = document.kind === "diff" ? "Change" : "Bytes";
    const kinds: [Kind, string][] = document.kind === "archive"
      ? [["owners", "folders and kinds"], ["leaves", "files"]]
      : [["owners", "packages"], ["leaves", "modules"], ["files", "files"]];
    const pick = choice("Rows are", kinds, (value) => {
      this.kind = value as Kind;
      this.shown = ROWS;
      this.refresh();
    });
    const copy = element("button", { type: "button", onclick: () => void this.copy(copy) }, "Copy as CSV");
    this.section = element("section", { id: "parts", "aria-label": "Parts" },
      element("h2", {}, "All parts"), element("div", { class: "controls" }, pick, copy), this.place, this.more);
  }

  /** Other sizes or another tree. */
  show(root: Item, measureName: string): void {
    this.root = root;
    this.measureName = measureName;
    this.refresh();
  }

  /** The rows that match the search now. */
  refresh(): void {
    const rows = this.sorted();
    const columns = this.columns();
    this.place.replaceChildren(
      element("table", {},
        element("thead", {}, element("tr", {}, ...columns.map((column) => this.head(column)))),
        element("tbody", {}, ...rows.slice(0, this.shown).map((row) => this.row(row, columns))),
      ),
    );
    const rest = rows.length - this.shown;
    this.more.replaceChildren(
      counted(rows.length, "row"),
      ...(rest > 0 ? ["; ", element("button", { type: "button", onclick: () => this.showMore() },
        `show ${Math.min(rest, this.shown)} more`)] : ["."]),
    );
  }

  private showMore(): void {
    this.shown *= 2;
    this.refresh();
  }

  private columns(): Column[] {
    const total = this.root.bytes || 1;
    const bytes: Column = {
      head: "Bytes", isNumber: true, key: (row) => row.bytes,
      shown: (row) => size(row.bytes), exact: (row) => exactBytes(row.bytes),
    };
    const isDiff = this.document.kind === "diff";
    const extra: Column[] = isDiff
      ? [
          { head: "Before", isNumber: true, key: (row) => row.before, shown: (row) => size(row.before),
            exact: (row) => exactBytes(row.before) },
          { ...bytes, head: "After" },
          { head: "Change", isNumber: true, key: (row) => Math.abs(row.bytes - row.before),
            shown: (row) => change(row.before, row.bytes),
            exact: (row) => `${exactBytes(row.before)} before, ${exactBytes(row.bytes)} after` },
        ]
      : [bytes, { head: "Share", isNumber: true, key: (row) => row.bytes, shown: (row) => share(row.bytes / total) }];
    if (this.measureName !== "raw" && !isDiff) {
      const about = this.document.kind === "archive" ? "" : "≈ ";
      extra.push({ head: about + this.measureName, isNumber: true, key: (row) => row.value,
        shown: (row) => about + size(Math.round(row.value)), exact: (row) => exactBytes(Math.round(row.value)) });
    }
    const words = (head: string, key: (row: Row) => string): Column => ({ head, isNumber: false, key, shown: key });
    const tail = this.document.kind === "archive" || this.kind === "files" ? [] : [
      words(this.kind === "owners" ? "Files" : "File", (row) => row.where),
      ...(this.kind === "owners" ? [words("Copies", (row) => row.copies)] : []),
    ];
    return [words("Name", (row) => row.name), ...extra, ...tail];
  }

  private rows(): Row[] {
    if (this.kind === "files") return this.root.children.filter((item) => item.matches).map(plainRow);
    if (this.kind === "owners") return ownerRows(this.root);
    return [...leavesOf(this.root)].filter((item) => item.matches).map(plainRow);
  }

  private sorted(): Row[] {
    const columns = this.columns();
    const column = columns.find((one) => one.head === this.sortedBy) ?? columns[1]!;
    const direction = column.isNumber === this.isTurned ? 1 : -1;
    return this.rows().sort((one, other) => {
      const [left, right] = [column.key(one), column.key(other)];
      const order = left < right ? -1 : left > right ? 1 : 0;
      return direction * order || (one.name < other.name ? -1 : 1);
    });
  }

  private head(column: Column): HTMLElement {
    const isChosen = column.head === this.sortedBy;
    const falls = column.isNumber !== this.isTurned;
    const sort = () => {
      this.isTurned = isChosen && !this.isTurned;
      this.sortedBy = column.head;
      this.refresh();
      this.place.querySelector<HTMLElement>("th[aria-sort] button")?.focus();
    };
    const mark = isChosen ? (falls ? " ▾" : " ▴") : "";
    return element("th", { scope: "col", ...(column.isNumber ? { class: "number" } : {}),
      ...(isChosen ? { "aria-sort": falls ? "descending" : "ascending" } : {}) },
      element("button", { type: "button", class: "head", onclick: sort }, column.head + mark));
  }

  private row(row: Row, columns: Column[]): HTMLElement {
    const [, ...others] = columns;
    const name = element("button", { type: "button", class: "name", onclick: () => this.onChosen(row.item) },
      element("code", {}, row.name));
    return element("tr", {}, element("th", { scope: "row" }, name), ...others.map((column) =>
      element("td", { ...(column.isNumber ? { class: "number" } : {}),
        ...(column.exact ? { title: column.exact(row) } : {}) }, column.shown(row))));
  }

  private async copy(button: HTMLButtonElement): Promise<void> {
    const head = this.document.kind === "diff" ? ["name", "before_bytes", "bytes", "file"] : ["name", "bytes", "file"];
    const lines = this.sorted().map((row) =>
      this.document.kind === "diff" ? [row.name, row.before, row.bytes, row.where] : [row.name, row.bytes, row.where]);
    const text = [head, ...lines].map((line) => line.map(quoted).join(",")).join("\n");
    try {
      await navigator.clipboard.writeText(`${text}\n`);
      button.textContent = `Copied ${counted(lines.length, "row")}`;
    } catch {
      button.textContent = "The browser does not let this page copy";
    }
  }
}

function plainRow(item: Item): Row {
  return { name: pathOf(item), where: item.file, bytes: item.bytes, before: item.before,
    value: item.value, copies: "", item };
}

/** A row an owner, over all files; only what matches counts. */
function ownerRows(root: Item): Row[] {
  const rows = new Map<string, Row & { files: Set<string> }>();
  const add = (item: Item) => {
    if (!item.matches) return;
    if (!item.startsOwner) return item.children.forEach(add);
    const key = keyOf(item);
    const row = rows.get(key) ?? { name: labelOf(item), where: "", bytes: 0, before: 0, value: 0,
      copies: copiesOf(item), item, files: new Set<string>() };
    for (const leaf of leavesOf(item)) {
      if (!leaf.matches) continue;
      row.bytes += leaf.bytes;
      row.before += leaf.before;
      row.value += leaf.value;
      row.files.add(leaf.file);
    }
    rows.set(key, row);
  };
  add(root);
  const named = (files: Set<string>) => files.size === 1 ? [...files][0]! : counted(files.size, "file");
  return [...rows.values()].map((row) => ({ ...row, where: named(row.files) }));
}

function copiesOf({ owner }: Item): string {
  if (owner?.isDuplicate) return "▨ one of several";
  return owner?.instance ? "one" : "";
}

/** A field of CSV; a spreadsheet must not take a name for a formula. */
function quoted(value: string | number): string {
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
