import type { Progress } from '../model/admin.ts'
import type { Io } from './io.ts'
import type { Printer } from './print.ts'

const EVERY_MS = 100
const CELLS = 20

/** A bar on standard error that grows along with long work; only where a person sees it. */
export function progressLine(what: string, io: Io, print: Printer): { readonly onProgress: Progress; clear(): void } {
  let last = Date.now()
  let isShown = false
  const isSeen = io.stderr.isTTY === true && !print.quiet && !print.json
  return {
    onProgress(done, total) {
      if (!isSeen || Date.now() - last < EVERY_MS) return
      last = Date.now()
      isShown = true
      io.stderr.write(`\r${what} ${total > 0 ? barOf(done, total) : done}\u001b[K`)
    },
    clear() {
      if (isShown) io.stderr.write('\r\u001b[K')
    },
  }
}

function barOf(done: number, total: number): string {
  const share = Math.min(1, done / total)
  const full = Math.floor(CELLS * share)
  return `${'█'.repeat(full)}${'░'.repeat(CELLS - full)} ${Math.floor(100 * share)} % ${done}/${total}`
}
