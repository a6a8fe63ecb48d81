/** Through `import`, `node:fs` would load all it could ever offer: 3 ms at each start. */
const { readFileSync } = process.getBuiltinModule('node:fs')

/** The version of this program, as its package says it. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
