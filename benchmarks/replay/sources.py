"""Sources of a package as people write them: modules that use each other, an index, tests."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

NOUNS = ("Parcel", "Ledger", "Route", "Tariff", "Window", "Batch", "Marker", "Signal")
"""A module each."""
TEST_FILES = 2
"""In each package: Node starts a process for each."""
ADJECTIVES = ("steady", "narrow", "early", "shared", "plain", "recent", "whole", "quiet")


def package_sources(package: str, uses: Sequence[str], source: random.Random) -> dict[str, str]:
    """Modules below `src` and tests below `test`; `uses` are the packages that it imports."""
    stem = package.capitalize()
    names = [stem + noun for noun in NOUNS]
    files = {}
    for number, name in enumerate(names):
        neighbour = names[number - 1] if number else ""
        outside = uses[number % len(uses)] if uses else ""
        files[f"src/{_file(name)}.ts"] = _module(name, neighbour, outside, source)
    for number in range(TEST_FILES):
        tested = names[number::TEST_FILES]
        text = _IMPORTS + "".join(_test(package, name) for name in tested)
        files[f"test/{package}{number + 1}.test.mjs"] = text
    return files


def index_lines(sources: Mapping[str, str]) -> str:
    """The lines of an index that give out all modules among `sources`."""
    modules = [name for name in sorted(sources) if name.startswith("src/")]
    return "".join(f"export * from './{name[4:-3]}.js'\n" for name in modules)


def more_exports(name: str) -> str:
    """A function that a module gets besides."""
    return (
        f"\n/** How many of the {name} values lie above the rest. */\n"
        f"export function {name}(values: readonly number[]): number {{\n"
        "  const mean = values.reduce((sum, value) => sum + value, 0) / (values.length || 1)\n"
        "  return values.filter((value) => value > mean).length\n}\n"
    )


def _file(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


def _module(name: str, neighbour: str, outside: str, source: random.Random) -> str:
    imports, label = "", "item.id"
    if neighbour:
        imports += f"import {{ describe{neighbour} }} from './{_file(neighbour)}.js'\n"
        label = f"describe{neighbour}(item)"
    if outside:
        imports += f"import {{ {outside}Label }} from '@tally/{outside}'\n"
        label = f"{outside}Label({label})"
    text = _MODULE.replace("IMPORTS\n", imports + "\n" if imports else "")
    words = {
        "LABEL": label,
        "ADJECTIVE": source.choice(ADJECTIVES),
        "LIMIT": str(source.randint(20, 400)),
        "STEP": str(source.randint(2, 19)),
        "NAME": name,
    }
    for word, meaning in words.items():
        text = text.replace(f"@{word}@", meaning)
    return text


def label_module(package: str) -> str:
    """The module that other packages use."""
    return (
        f"/** Marks a text as one of {package}. */\n"
        f"export function {package}Label(text: string): string {{\n"
        f"  return text === '' ? '{package}' : `{package}:${{text}}`\n}}\n"
    )


def _test(package: str, name: str) -> str:
    return _TEST.replace("@PACKAGE@", package).replace("@NAME@", name)


_MODULE = """\
/** Keeps @NAME@ values in a @ADJECTIVE@ order. */
IMPORTS
export interface @NAME@ {
  readonly id: string
  readonly rank: number
  readonly tags: readonly string[]
  readonly note?: string
}

export type @NAME@Order = 'id' | 'rank' | 'tags'

export interface @NAME@Summary {
  count: number
  highest: number
  tags: Map<string, number>
}

const limit = @LIMIT@
const step = @STEP@

/** A collection that has no two values of one id. */
export class @NAME@Shelf implements Iterable<@NAME@> {
  private readonly byId = new Map<string, @NAME@>()

  constructor(items: Iterable<@NAME@> = []) {
    for (const item of items) this.add(item)
  }

  get size(): number {
    return this.byId.size
  }

  add(item: @NAME@): this {
    if (item.id === '') throw new RangeError('an id is needed')
    this.byId.set(item.id, { ...item, rank: clamp@NAME@(item.rank) })
    return this
  }

  find(id: string): @NAME@ | undefined {
    return this.byId.get(id)
  }

  remove(id: string): boolean {
    return this.byId.delete(id)
  }

  sorted(order: @NAME@Order = 'rank'): @NAME@[] {
    return [...this.byId.values()].sort(compare@NAME@(order))
  }

  [Symbol.iterator](): Iterator<@NAME@> {
    return this.byId.values()
  }
}

/** Ranks beyond the limit count as the limit, in whole steps. */
export function clamp@NAME@(rank: number): number {
  if (!Number.isFinite(rank)) throw new TypeError(`not a rank: ${rank}`)
  const bounded = Math.min(Math.max(rank, -limit), limit)
  return Math.round(bounded / step) * step
}

export function compare@NAME@(order: @NAME@Order): (a: @NAME@, b: @NAME@) => number {
  switch (order) {
    case 'id':
      return (a, b) => a.id.localeCompare(b.id)
    case 'rank':
      return (a, b) => a.rank - b.rank || a.id.localeCompare(b.id)
    case 'tags':
      return (a, b) => a.tags.length - b.tags.length || a.id.localeCompare(b.id)
  }
}

export function describe@NAME@(item: { id: string; rank: number }): string {
  const sign = item.rank < 0 ? 'below' : 'above'
  return `${@LABEL@} ${sign} ${Math.abs(item.rank)}`
}

export function group@NAME@(items: Iterable<@NAME@>): Map<string, @NAME@[]> {
  const groups = new Map<string, @NAME@[]>()
  for (const item of items) {
    for (const tag of item.tags.length > 0 ? item.tags : ['']) {
      const group = groups.get(tag)
      if (group) group.push(item)
      else groups.set(tag, [item])
    }
  }
  return groups
}

export function summarise@NAME@(items: Iterable<@NAME@>): @NAME@Summary {
  const summary: @NAME@Summary = { count: 0, highest: -Infinity, tags: new Map() }
  for (const [tag, group] of group@NAME@(items)) {
    summary.tags.set(tag, group.length)
    summary.count += group.length
    for (const item of group) summary.highest = Math.max(summary.highest, item.rank)
  }
  return summary
}

export function parse@NAME@(text: string): @NAME@ {
  const [id = '', rank = '0', ...tags] = text.split(/\\s+/)
  return { id, rank: clamp@NAME@(Number(rank)), tags }
}
"""

_IMPORTS = """\
import assert from 'node:assert/strict'
import { test } from 'node:test'
"""

_TEST = """\
import {
  @NAME@Shelf, compare@NAME@, describe@NAME@, group@NAME@, parse@NAME@, summarise@NAME@,
} from '@tally/@PACKAGE@'

test('@NAME@', async (t) => {
  const items = ['a 1 red', 'b 40 red blue', 'c -7'].map(parse@NAME@)

  await t.test('keeps one value of each id', () => {
    const shelf = new @NAME@Shelf(items).add(items[0])
    assert.equal(shelf.size, 3)
    assert.equal(shelf.remove('b'), true)
    assert.equal(shelf.find('b'), undefined)
  })

  await t.test('sorts', () => {
    const ids = new @NAME@Shelf(items).sorted('id').map((item) => item.id)
    assert.deepEqual(ids, ['a', 'b', 'c'])
    assert.ok(compare@NAME@('tags')(items[1], items[2]) > 0)
  })

  await t.test('groups by tag', () => {
    assert.deepEqual([...group@NAME@(items).keys()], ['red', 'blue', ''])
    assert.equal(summarise@NAME@(items).count, 4)
  })

  await t.test('describes', () => {
    assert.match(describe@NAME@(items[1]), /above/)
  })
})
"""
