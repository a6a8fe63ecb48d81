import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../../src')

/** Files that only Node can run: each is loaded when it is needed, and only there. */
const ONLY_NODE = ['client/cache-file.ts', 'client/node.ts']

describe('the client in a browser', () => {
  it('loads no module of Node and no package', () => {
    const files = reachable('client.ts', importsAtStart)
    expect(files).toContain('client/connect.ts')
    expect(files).toContain('wire/sse.ts')
    const strangers = [...files].flatMap((file) =>
      importsAtStart(file)
        .filter((name) => !name.startsWith('.'))
        .map((name) => `${file} → ${name}`),
    )
    expect(strangers).toEqual([])
    for (const file of ONLY_NODE) expect(files).not.toContain(file)
  })

  it('loads later, and only where it is asked for a file or a host name, what needs Node', () => {
    const all = reachable('client.ts', importsEver)
    const withNode = [...all].filter((file) => importsEver(file).some((name) => name.startsWith('node:')))
    expect(withNode.sort()).toEqual(ONLY_NODE)
  })

  it('names no global that only Node has without asking whether it is there', () => {
    const files = [...reachable('client.ts', importsAtStart)].filter((file) => file.startsWith('client/'))
    const users = files.filter((file) =>
      /(?<!globalThis\.)\b(process|Buffer|require|setImmediate)\b[.(]/.test(code(file)),
    )
    expect(users).toEqual([])
  })
})

function reachable(entry: string, imports: (file: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set([entry])
  for (const file of found) {
    for (const name of imports(file)) {
      if (name.startsWith('.')) found.add(posix.join(posix.dirname(file), name))
    }
  }
  return found
}

function code(file: string): string {
  const text = readFileSync(join(SRC, file), 'utf8')
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

/** What a file loads when it is loaded: types are gone by then, `import()` comes later. */
const importsAtStart = (file: string): readonly string[] =>
  Array.from(
    code(file).matchAll(/^(?:import|export)\s(?!type\b)(?:[^'"=;]*?\sfrom\s+)?['"]([^'"\n]+)['"]/gm),
    (found) => found[1]!,
  )

const importsEver = (file: string): readonly string[] => [
  ...importsAtStart(file),
  ...Array.from(code(file).matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]/g), (found) => found[1]!),
]
