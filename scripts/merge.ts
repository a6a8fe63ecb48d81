import { readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'

/**
 * Modules that are loaded together become one file. Node takes 0.2 ms for each, whatever its size, and `holdfast get` needs seventy of
 * them: as they are it takes 2.4 times what `node -e 0` does, and merged 1.9 times. A chunk has what its roots import statically and no chunk
 * before it has; what is imported lazily stays apart. The library loads no chunk of the command line.
 */
const CHUNKS: Readonly<Record<string, readonly string[]>> = {
  shared: ['model/errors.js', 'model/suggest.js'],
  start: ['cli/run.js'],
  read: ['engine/open.js', 'engine/reveal.js', 'store/sqlite.js'],
  base: ['source/spec.js', 'source/file.js', 'engine/sources.js', 'engine/schema-input.js'],
  get: ['cli/commands/get.js', 'cli/plain-yaml.js'],
}

/** Merges the modules below `dist`. Each stays where it is and exports what it did, from the chunk that now holds its code. */
export async function mergeChunks(dist: string): Promise<void> {
  const chunkOf = new Map<string, string>()
  for (const [chunk, roots] of Object.entries(CHUNKS)) for (const root of roots) assign(dist, root, chunk, chunkOf)

  const merged = await rolldown({
    input: Object.fromEntries([...chunkOf.keys()].map((file) => [file.slice(0, -'.js'.length), join(dist, file)])),
    plugins: [outside(dist, chunkOf)],
    platform: 'node',
    treeshake: { moduleSideEffects: false },
    checks: { ineffectiveDynamicImport: false },
  })
  await merged.write({
    dir: dist,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: {
      groups: Object.keys(CHUNKS).map((name) => ({ name, test: (id) => chunkOf.get(within(dist, id)) === name })),
    },
  })
}

/** Everything that is in no chunk, which the chunks find by its place. */
const outside = (dist: string, chunkOf: ReadonlyMap<string, string>): Plugin => ({
  name: 'outside',
  resolveId(id, importer) {
    if (importer === undefined) return null
    if (!id.startsWith('.')) return { id, external: true }
    const file = join(dirname(importer), id)
    return { id: file, external: chunkOf.has(within(dist, file)) ? false : 'relative' }
  },
})

function assign(dist: string, file: string, chunk: string, chunkOf: Map<string, string>): void {
  if (chunkOf.has(file)) return
  chunkOf.set(file, chunk)
  const code = readFileSync(join(dist, file), 'utf8')
  if (code.includes('import.meta')) throw new Error(`${file} asks where it is, so it cannot be merged into ${chunk}`)
  for (const [, name] of code.matchAll(STATIC)) assign(dist, posix.join(posix.dirname(file), name!), chunk, chunkOf)
}

/** A module's name below `dist`, as `CHUNKS` says it. */
const within = (dist: string, file: string): string => relative(dist, file).replaceAll('\\', '/')

const STATIC = /^(?:import|export)\b[^'"]*?from\s*['"](\.[^'"]+)['"]/gm
