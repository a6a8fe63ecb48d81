import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, rmSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Account, ordinaryAccount } from './account.ts'
import { type Binaries, findBinaries, runnable } from './binaries.ts'
import { scratchFolder } from './scratch.ts'

export const USER = 'holdfast'
/** Another one in each run: who may connect to these servers may run programs as their account. */
export const PASSWORD = randomBytes(12).toString('hex')

/** What all servers of this process begin with. */
export interface Template {
  readonly binaries: Binaries
  readonly account: Account | undefined
  /** A folder as `initdb` leaves it. */
  readonly data: string
}

const found = findBinaries()

/** Why no PostgreSQL can be started here; undefined where it can. */
export const missing = reasonNot()

let made: Promise<Template> | undefined

/** Made once in a process, as it takes longer than a copy. */
export function template(): Promise<Template> {
  made ??= make()
  return made
}

function reasonNot(): string | undefined {
  if (process.platform === 'win32') return 'PostgreSQL is paused and killed by signals, which Windows has not'
  if (found === undefined) return 'there is no PostgreSQL 14 or later: run npm ci, or install one'
  if (process.getuid?.() === 0 && ordinaryAccount() === undefined)
    return 'PostgreSQL does not run as root, and this machine has neither an account postgres nor one nobody'
  return undefined
}

async function make(): Promise<Template> {
  if (missing !== undefined) throw new Error(missing)
  const account = ordinaryAccount()
  const binaries = runnable(found!, account)
  const folder = scratchFolder(account)
  const data = join(folder, 'data')
  const password = join(folder, 'password')
  writeFileSync(password, PASSWORD, { mode: 0o600 })
  if (account !== undefined) chownSync(password, account.uid, account.gid)
  const options = ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions', '--wal-segsize=1']
  const access = [`--username=${USER}`, '--auth=scram-sha-256', `--pwfile=${password}`]
  await initdb(join(binaries.bin, 'initdb'), ['-D', data, ...options, ...access], { account, folder })
  rmSync(password)
  await appendFile(join(data, 'postgresql.conf'), "include_if_exists 'holdfast.conf'\n")
  return { binaries, account, data }
}

interface Place {
  readonly account: Account | undefined
  readonly folder: string
}

async function initdb(program: string, args: readonly string[], { account, folder }: Place): Promise<void> {
  const child = spawn(program, args, {
    ...account,
    cwd: folder,
    env: { LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`initdb ended with ${status}: ${said}`)
}
