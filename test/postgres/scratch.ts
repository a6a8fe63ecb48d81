import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from './account.ts'
import { lifeline } from './lifeline.ts'
import { isReachable } from './reachable.ts'

/** Ends what runs in the folders of `$1` and removes them. A paused server hears nothing before it is continued. */
const CLEAN = `
for file in "$1"/*/data/postmaster.pid; do
  [ -f "$file" ] && pid=$(head -n 1 "$file") && kill -QUIT "$pid" && kill -CONT "$pid"
done
for turn in 1 2 3; do rm -rf "$1" && break; sleep 1; done`

let root: string | undefined
let count = 0

/** A folder of this process that `account` owns and nobody else reads. It is gone when this process is, with the server that runs in it. */
export function scratchFolder(account: Account | undefined): string {
  root ??= newRoot(account)
  const folder = join(root, String(++count))
  mkdirSync(folder, { mode: 0o700 })
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  return folder
}

function newRoot(account: Account | undefined): string {
  const places = [tmpdir(), '/tmp', '/var/tmp'].filter((path) => existsSync(path)).map((path) => realpathSync(path))
  const place = places.find((path) => isReachable(path, account))
  if (place === undefined) throw new Error(`no temporary folder that user ${account?.uid} can enter`)
  const made = mkdtempSync(join(place, 'holdfast-pg-'))
  chmodSync(made, 0o711)
  lifeline(CLEAN, made)
  return made
}
