import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../src')

/** The rooms and what each may import, `docs/ARCHITECTURE.md`'s table. A room that is not here does not exist. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  format: ['model'],
  store: ['model'],
  wire: ['model'],
  source: ['model', 'format'],
  client: ['model', 'wire'],
  engine: ['model', 'format', 'store', 'source'],
  console: ['model', 'wire', 'client'],
  http: ['model', 'format', 'wire', 'engine'],
  cli: ['model', 'format', 'store', 'source', 'engine', 'wire', 'client', 'http'],
}

/** The files outside any room: the package's entry. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  'index.ts': ['model', 'source', 'engine'],
  'client.ts': ['model', 'client'],
  'server.ts': ['model', 'http'],
}

/** The floor of the house: values in, values out. Hashing is the one thing of Node that it uses. */
const PURE = 'model'
const NODE_IN_PURE: Readonly<Record<string, readonly string[]>> = { 'model/hash.ts': ['node:crypto'] }

interface Package {
  readonly devDependencies: Readonly<Record<string, string>>
}

interface Import {
  readonly from: string
  /** A file below `src/`, or the name of a package or of a module of Node. */
  readonly to: string
}

const imports: readonly Import[] = filesIn().flatMap((file) => importsOf(file))
const within = imports.filter(({ to }) => /\.tsx?$/.test(to))
const outside = imports.filter(({ to }) => !/\.tsx?$/.test(to))

describe('the house', () => {
  it('has no room that is not on the plan', () => {
    const unknown = filesIn().filter((file) => !Object.hasOwn(ROOMS, roomOf(file)) && !Object.hasOwn(ENTRIES, file))
    expect(unknown).toEqual([])
  })

  it('has arrows that only go downwards', () => {
    const upwards = within.filter(
      ({ from, to }) => roomOf(from) !== roomOf(to) && !mayImport(from).includes(roomOf(to)),
    )
    expect(upwards.map(shown)).toEqual([])
  })

  it('is drawn in docs/ARCHITECTURE.md as it is here', () => {
    const page = readFileSync(join(SRC, '../docs/ARCHITECTURE.md'), 'utf8')
    const rows = Array.from(page.matchAll(/^\| `(\w+)` \| .* \| (.*) \|$/gm), ([, room, may]) => [
      room!,
      may === '–' ? [] : may!.split(', '),
    ])
    expect(Object.fromEntries(rows)).toEqual(ROOMS)
  })

  it('imports only files that are there', () => {
    const files = new Set(filesIn())
    expect(within.filter(({ to }) => !files.has(to)).map(shown)).toEqual([])
  })

  it('has no circle between files, not by types and not by lazy imports either', () => {
    expect(circles().map((circle) => circle.join(' → '))).toEqual([])
  })

  it('keeps its floor pure: no package, and of Node nothing but a hash', () => {
    const impure = outside.filter(({ from, to }) => roomOf(from) === PURE && !NODE_IN_PURE[from]?.includes(to))
    expect(impure.map(shown)).toEqual([])
  })

  it('lets only the console use what it is made of, which no user of the package gets', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8')) as Package
    const users = outside.filter(({ from, to }) => roomOf(from) !== 'console' && isOf(to, Object.keys(devDependencies)))
    // What is an optional part of the package stands among its peers, and among what its tests need.
    expect(users.filter(({ to }) => to !== 'pg').map(shown)).toEqual([])
  })

  it('names its database in one room', () => {
    const doors = outside.filter(({ from, to }) => /^(better-sqlite3|pg|kysely)\b/.test(to) && roomOf(from) !== 'store')
    expect(doors.map(shown)).toEqual([])
  })
})

describe('the reader of imports', () => {
  it('sees every form of import', () => {
    const text = `
      import a from './a.ts'
      import type { B } from "./b.ts"
      export { c } from './c.ts'
      import {
        d,
      } from './d.ts'
      import './e.ts'
      const f = await import('./f.ts')
      let g: import('./g.ts').G`
    expect(namesIn(text)).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g.ts'])
  })
})

function filesIn(): readonly string[] {
  return globSync('**/*.{ts,tsx}', { cwd: SRC })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
}

function importsOf(file: string): readonly Import[] {
  const names = namesIn(readFileSync(join(SRC, file), 'utf8'))
  return names.map((name) => ({ from: file, to: name.startsWith('.') ? posix.join(posix.dirname(file), name) : name }))
}

function namesIn(text: string): readonly string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return Array.from(code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g), (found) => found[2]!)
}

function roomOf(file: string): string {
  const [room = '', rest] = file.split('/')
  return rest === undefined ? '' : room
}

function mayImport(file: string): readonly string[] {
  return ROOMS[roomOf(file)] ?? ENTRIES[file] ?? []
}

const isOf = (name: string, packages: readonly string[]): boolean =>
  packages.some((one) => name === one || name.startsWith(`${one}/`))

const shown = ({ from, to }: Import): string => `${from} → ${to}`

/** Each circle once, as the files on the way round. */
function circles(): readonly (readonly string[])[] {
  const targets = Map.groupBy(within, ({ from }) => from)
  const found = new Map<string, readonly string[]>()
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file)
    if (start !== -1) {
      const circle = way.slice(start)
      found.set(circle.toSorted().join(), [...circle, file])
    } else if (!done.has(file)) {
      for (const { to } of targets.get(file) ?? []) visit(to, [...way, file])
      done.add(file)
    }
  }
  for (const file of targets.keys()) visit(file, [])
  return [...found.values()]
}
