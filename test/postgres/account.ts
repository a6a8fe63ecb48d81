import { existsSync, readFileSync } from 'node:fs'

/** Who PostgreSQL runs as: it refuses to run as root. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** An ordinary account of this machine where root runs the tests; undefined where whoever runs them may run PostgreSQL too. */
export function ordinaryAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const known = accounts()
  return known.get('postgres') ?? known.get('nobody')
}

/** Accounts by name. PostgreSQL asks for its own name, so that a number without one is of no use. */
function accounts(): ReadonlyMap<string, Account> {
  if (!existsSync('/etc/passwd')) return new Map()
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  return new Map(
    lines
      .map((line) => line.split(':'))
      .filter(([, , uid]) => Number(uid) > 0)
      .map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  )
}
