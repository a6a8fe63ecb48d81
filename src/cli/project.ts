import { dirname, join } from 'node:path'
import { HoldfastError, type Position } from '../model/errors.ts'
import type { SourceSpec } from '../model/layer.ts'
import { printPath } from '../model/path.ts'
import { isTree, type Tree, type Value } from '../model/value.ts'

const { existsSync, readFileSync } = process.getBuiltinModule('node:fs')

export const PROJECT_FILE = 'holdfast.yaml'

/** What `holdfast.yaml` says once, so that the flags need not say it each time. */
export interface Project {
  readonly file: string
  /** The folder that its relative paths start from. */
  readonly directory: string
  readonly store: string | undefined
  /** The address of a server that has the store, for commands. */
  readonly server: string | undefined
  readonly namespaces: ReadonlyMap<string, ProjectNamespace>
  /** Settings of `holdfast serve`, and its cron table by name: read only by who uses them. */
  readonly serve: Tree
  readonly schedules: Tree
  /** Refuses what stands at `path`, with its line and column. */
  refuse(path: readonly string[], message: string): never
}

export interface ProjectNamespace {
  readonly sources: readonly SourceSpec[] | undefined
  readonly schema: string | undefined
}

/** A project whose file is still to be written. */
export const noProject = (file: string, directory: string): Project => ({
  file,
  directory,
  store: undefined,
  server: undefined,
  namespaces: new Map(),
  serve: {},
  schedules: {},
  refuse: (path, message) => new ProjectReader(file, new Map()).refuse(path, message),
})

/** The project that `folder` belongs to: the nearest `holdfast.yaml` in it or above. */
export async function findProject(folder: string): Promise<Project | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, PROJECT_FILE)
    if (existsSync(file)) return loadProject(file)
    if (at === dirname(at)) return undefined
  }
}

export async function loadProject(file: string): Promise<Project> {
  const { tree, positions } = await parse(readFileSync(file, 'utf8'), file)
  return new ProjectReader(file, positions).read(tree)
}

async function parse(text: string, file: string) {
  const { readPlainYaml } = await import('./plain-yaml.ts')
  const plain = readPlainYaml(text)
  if (plain !== undefined) return plain
  const [{ loadFormat }, { LIMITS }] = await Promise.all([import('../format/load.ts'), import('../model/limits.ts')])
  return (await loadFormat('yaml')).parse(text, { file, limits: LIMITS })
}

class ProjectReader {
  readonly #file: string
  readonly #positions: ReadonlyMap<string, Position>

  constructor(file: string, positions: ReadonlyMap<string, Position>) {
    this.#file = file
    this.#positions = positions
  }

  async read(tree: Tree): Promise<Project> {
    this.#onlyKnown(tree, [], ['store', 'server', 'namespaces', 'serve', 'schedules'])
    const namespaces = new Map<string, ProjectNamespace>()
    for (const [name, value] of Object.entries(this.#treeAt(tree, 'namespaces', []))) {
      namespaces.set(name, await this.#namespace(name, value))
    }
    const [store, server] = [this.#textAt(tree, 'store', []), this.#textAt(tree, 'server', [])]
    if (store !== undefined && server !== undefined)
      this.refuse(['server'], 'commands work on a store or on a server: say store or server, not both')
    return {
      file: this.#file,
      directory: dirname(this.#file),
      store,
      server,
      namespaces,
      serve: this.#treeAt(tree, 'serve', []),
      schedules: this.#treeAt(tree, 'schedules', []),
      refuse: (path, message) => this.refuse(path, message),
    }
  }

  async #namespace(name: string, value: Value): Promise<ProjectNamespace> {
    const path = ['namespaces', name]
    if (!isTree(value)) return this.refuse(path, 'a namespace is a map with sources and schema')
    this.#onlyKnown(value, path, ['sources', 'schema'])
    const sources = Object.hasOwn(value, 'sources')
      ? await this.#sources(value['sources']!, [...path, 'sources'])
      : undefined
    return { sources, schema: this.#textAt(value, 'schema', path) }
  }

  async #sources(value: Value, path: readonly string[]): Promise<readonly SourceSpec[]> {
    if (!Array.isArray(value))
      return this.refuse(path, 'sources is a list: [config/app.ini, { env: { prefix: APP_ } }]')
    const { parseSpec } = await import('../source/spec.ts')
    try {
      return value.map(parseSpec)
    } catch (error) {
      return this.refuse(path, error instanceof Error ? error.message : String(error))
    }
  }

  #onlyKnown(tree: Tree, path: readonly string[], known: readonly string[]): void {
    const unknown = Object.keys(tree).find((key) => !known.includes(key))
    if (unknown === undefined) return
    this.refuse([...path, unknown], `unknown key ${JSON.stringify(unknown)}; known here: ${known.join(', ')}`)
  }

  #treeAt(tree: Tree, key: string, path: readonly string[]): Tree {
    const value = Object.hasOwn(tree, key) ? tree[key] : {}
    return isTree(value) ? value : this.refuse([...path, key], `${key} is a map`)
  }

  #textAt(tree: Tree, key: string, path: readonly string[]): string | undefined {
    const value = Object.hasOwn(tree, key) ? tree[key] : undefined
    if (value === undefined || (typeof value === 'string' && value !== '')) return value
    return this.refuse([...path, key], `${key} is a text, as in ${key}: data/file`)
  }

  /** What has no place of its own is in the nearest thing around it that has one. */
  refuse(path: readonly string[], message: string): never {
    const places = path.map((_, i) => this.#positions.get(printPath(path.slice(0, path.length - i))))
    const { line, column } = places.find((place) => place !== undefined) ?? { line: 1, column: 1 }
    throw new HoldfastError('syntax', `${this.#file}:${line}:${column}: ${message}`, { file: this.#file, line, column })
  }
}
