import type { Progress } from '../model/admin.ts'
import type { Io } from './io.ts'
import type { Printer } from './print.ts'

const EVERY_MS = 100

/** A line on standard error that counts along with long work; only where a person sees it. */
export function progressLine(what: string, io: Io, print: Printer): { readonly onProgress: Progress; clear(): void } {
  let last = Date.now()
  let isShown = false
  const isSeen = io.stderr.isTTY === true && !print.quiet && !print.json
  return {
    onProgress(done, total) {
      if (!isSeen || Date.now() - last < EVERY_MS) return
      last = Date.now()
      isShown = true
      const share = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : ''
      io.stderr.write(`\r${what} ${done}${total > 0 ? `/${total}` : ''}${share}\u001b[K`)
    },
    clear() {
      if (isShown) io.stderr.write('\r\u001b[K')
    },
  }
}
