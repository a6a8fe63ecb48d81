import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { type Config, type HoldfastError, type OpenOptions, openConfig } from '../../src/index.ts'

/** A folder of its own for the test that asks, gone afterwards. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-engine-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

export const STORE = 'overrides.db'

export const quiet = { info: () => undefined, warn: () => undefined }

/** How a test opens a store unless it says otherwise: as alice, with an empty environment. */
export const AS_ALICE = { store: STORE, actor: 'alice', environment: {}, log: quiet } as const

/** Opens a store in `directory` with an empty environment and closes it after the test. */
export async function open(directory: string, options: OpenOptions = {}): Promise<Config> {
  const config = await openConfig({ directory, ...AS_ALICE, ...options })
  onTestFinished(() => config.close())
  return config
}

/** Writes a file of `directory` and gives its name. */
export function write(directory: string, name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return name
}

/** Runs SQL on the database file as another program would, past every trigger. */
export function tamper(directory: string, ...statements: readonly string[]): void {
  const db = new Database(join(directory, STORE))
  try {
    const triggers = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all() as { name: string }[]
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`)
    for (const sql of statements) db.exec(sql)
  } finally {
    db.close()
  }
}

export function query<Row>(directory: string, sql: string): Row[] {
  const db = new Database(join(directory, STORE), { readonly: true })
  try {
    return db.prepare(sql).all() as Row[]
  } finally {
    db.close()
  }
}

/** Waits until `isSo`, with a limit that only a broken program reaches. */
export async function until(isSo: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The refusal `work` ends in. */
export async function refusal(work: Promise<unknown>): Promise<HoldfastError> {
  return work.then(
    () => {
      throw new Error('it was not refused')
    },
    (error: HoldfastError) => error,
  )
}

/** A clock that goes on by one second each time it is asked. */
export function ticking(start = '2026-11-01T12:00:00.000Z'): () => Date {
  let time = Date.parse(start)
  return () => {
    time += 1000
    return new Date(time)
  }
}
