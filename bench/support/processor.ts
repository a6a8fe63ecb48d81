import { readFileSync } from 'node:fs'
import { childrenOf } from '../../test/postgres/processes.ts'

/** Linux counts processor time in hundredths of a second, whatever the kernel was built with. */
const TICK_US = 10_000

/** Microseconds of processor time that a process and its children have had, those included that have ended; Linux only. */
export function processorTime(pid: number): number {
  const own = fieldsOf(pid)
  const ended = own.children + own.self
  return childrenOf(pid).reduce((sum, child) => sum + fieldsOf(child).self, ended) * TICK_US
}

/** Ticks; none where the process has ended meanwhile, and its parent counts them. */
function fieldsOf(pid: number): { readonly self: number; readonly children: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before the last bracket may have blanks in it. proc(5): utime is field 14, the state after the name field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [user = 0, system = 0, ofUser = 0, ofSystem = 0] = fields.slice(11, 15).map(Number)
    return { self: user + system, children: ofUser + ofSystem }
  } catch (error) {
    if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return { self: 0, children: 0 }
  }
}
