import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildConsole } from './console.ts'
import { mergeChunks } from './merge.ts'

/** Makes `dist/` anew: JavaScript and types of everything in `src/`, and the console's pages. `npm ci` and `npm pack` run it. */
const root = join(import.meta.dirname, '..')
const tsc = join(root, 'node_modules/typescript/bin/tsc')

rmSync(join(root, 'dist'), { recursive: true, force: true })
const built = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
if (built.error) throw built.error
process.exitCode = built.status ?? 1
if (process.exitCode === 0) {
  await mergeChunks(join(root, 'dist'))
  chmodSync(join(root, 'dist/cli/main.js'), 0o755)
  await buildConsole(root)
}
