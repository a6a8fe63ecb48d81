/** Calls `step` every `ms` milliseconds, a tenth more or less so that many processes do not ask at once, until stopped. */
export function repeat(ms: number, step: () => void): () => Promise<void> {
  let timer: NodeJS.Timeout
  const wait = () => {
    timer = setTimeout(
      () => {
        wait()
        step()
      },
      ms * (0.9 + Math.random() * 0.2),
    ).unref()
  }
  wait()
  return async () => clearTimeout(timer)
}
