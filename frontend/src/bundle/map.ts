/** The map that can be zoomed: pointer, keyboard, and words for what is chosen. */
import { element } from "../page/element";
import { draw, readPalette, type Palette } from "./draw";
import { tilesOf, type Tile } from "./layout";
import type { Item } from "./tree";

const KEYS = "Arrows move, Enter zooms in, Escape zooms out.";

export interface MapEvents {
  /** An item is pointed at or chosen; undefined when none is. */
  onChosen(item: Item | undefined): void;
  onZoomed(item: Item): void;
}

export class TreeMap {
  readonly holder: HTMLElement;
  private readonly canvas = element("canvas", { role: "img", "aria-label": "Treemap by bytes" });
  private readonly context = this.canvas.getContext("2d")!;
  private palette: Palette | undefined;
  private tiles: Tile[] = [];
  private zoomed: Item;
  private chosen: Item | undefined;
  private isPinned = false;
  private awaitsFrame = false;

  constructor(root: Item, private readonly isComparison: boolean, private readonly events: MapEvents) {
    this.zoomed = root;
    this.holder = element(
      "div",
      { class: "canvas", tabindex: 0, role: "group", "aria-label": `Treemap. ${KEYS}` },
      this.canvas,
    );
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.isPinned || this.choose(undefined));
    this.canvas.addEventListener("click", (event) => this.click(event));
    this.canvas.addEventListener("dblclick", () => this.zoomIn());
    this.holder.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.layout()).observe(this.holder);
  }

  /** Lays out again: other sizes, another tree or another part of it. */
  show(zoomed: Item): void {
    this.zoomed = zoomed;
    this.chosen = undefined;
    this.isPinned = false;
    this.layout();
  }

  /** The same cells in the colours of another theme, or with other ones dimmed. */
  repaint(withNewColours = false): void {
    if (withNewColours) this.palette = undefined;
    if (this.awaitsFrame) return;
    this.awaitsFrame = true;
    requestAnimationFrame(() => {
      this.awaitsFrame = false;
      this.palette ??= readPalette(this.context);
      draw(this.context, this.tiles, this.palette, this.chosen, this.isComparison);
    });
  }

  /** Into what is chosen, or into the folder that holds it. */
  zoomIn(): void {
    const { chosen } = this;
    if (!chosen) return;
    const target = chosen.children.length ? chosen : chosen.parent;
    if (target && target !== this.zoomed) this.events.onZoomed(target);
  }

  /** Marks an item. */
  choose(item: Item | undefined): void {
    if (item === this.chosen) return;
    this.chosen = item;
    this.events.onChosen(item);
    this.repaint();
  }

  private layout(): void {
    const { clientWidth: width, clientHeight: height } = this.holder;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.tiles = tilesOf(this.zoomed, width, height);
    this.repaint(true);
  }

  private at(event: MouseEvent): Item | undefined {
    const { offsetX: x, offsetY: y } = event;
    const holds = (tile: Tile) =>
      x >= tile.x && x < tile.x + tile.width && y >= tile.y && y < tile.y + tile.height;
    return this.tiles.findLast(holds)?.item;
  }

  private point(event: PointerEvent): void {
    if (event.pointerType === "mouse" && !this.isPinned) this.choose(this.at(event));
  }

  private click(event: MouseEvent): void {
    const item = this.at(event);
    this.isPinned = item !== undefined && !(this.isPinned && item === this.chosen);
    this.choose(item);
  }

  private press(event: KeyboardEvent): void {
    const moves: Record<string, () => void> = {
      ArrowRight: () => this.step(1),
      ArrowLeft: () => this.step(-1),
      ArrowDown: () => this.keep(this.shownChildren(this.chosen ?? this.zoomed)[0]),
      ArrowUp: () => this.keep(this.chosen?.parent === this.zoomed ? undefined : this.chosen?.parent),
      Enter: () => this.zoomIn(),
      Escape: () => this.zoomed.parent && this.events.onZoomed(this.zoomed.parent),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
  }

  private step(by: number): void {
    const siblings = this.shownChildren(this.chosen?.parent ?? this.zoomed);
    const place = this.chosen ? siblings.indexOf(this.chosen) + by : 0;
    this.keep(siblings[(place + siblings.length) % siblings.length]);
  }

  private keep(item: Item | undefined): void {
    if (!item) return;
    this.isPinned = true;
    this.choose(item);
  }

  /** The largest first, as the eye finds them. */
  private shownChildren(item: Item): Item[] {
    return this.tiles
      .map((tile) => tile.item)
      .filter((shown) => shown.parent === item)
      .sort((one, other) => other.value - one.value);
  }
}
