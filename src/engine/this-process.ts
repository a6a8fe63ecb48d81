import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { NodeRow } from '../store/shelves.ts'

/** This process as a node; with another id each time it is asked. */
export function thisProcess(startedAt: string, ttl: number): Omit<NodeRow, 'beat' | 'beatAt'> {
  const host = hostname()
  const id = `${host}-${randomBytes(4).toString('hex')}`
  return { id, host, machine: machine(), pid: process.pid, startedAt, ttl }
}

/** True where a node ran on this machine and its process is there no more: nobody need wait for its beat. A number that was given again says nothing. */
export function hasEnded({ machine: its, pid }: Pick<NodeRow, 'machine' | 'pid'>): boolean {
  if (its === null || its !== machine()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** This start of the machine, and within it the space that numbers of processes are from: containers have their own. */
function machine(): string | null {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return null
  }
}
