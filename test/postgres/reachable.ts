import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Account } from './account.ts'

/** Whether `account` can read and enter `path` and enter all folders above it; groups are not looked at. */
export function isReachable(path: string, account: Account | undefined): boolean {
  if (account === undefined) return true
  return allows(path, account, 0o5) && foldersAbove(path).every((folder) => allows(folder, account, 0o1))
}

function allows(path: string, { uid }: Account, bits: number): boolean {
  const { mode, uid: owner } = statSync(path)
  return ((owner === uid ? mode >> 6 : mode) & bits) === bits
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...foldersAbove(folder)]
}
