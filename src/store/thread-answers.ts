import { parentPort } from 'node:worker_threads'
import { HoldfastError } from '../model/errors.ts'
import type { ThreadError, ThreadMessage } from './thread.ts'

type Answer = (request: never, tell: (news: unknown) => void) => Promise<unknown>

const port = parentPort!

/** The thread's side of `startThread`: answers what is asked, each as it is done. */
export function answerWith(answer: Answer): void {
  port.on('message', ({ id, request }: { readonly id: number; readonly request: never }) => {
    const tell = (news: unknown) => port.postMessage({ id, news } satisfies ThreadMessage)
    void answer(request, tell)
      .then((result): ThreadMessage => ({ id, result }))
      .catch((error: unknown): ThreadMessage => ({ id, error: describe(error) }))
      .then((message) => port.postMessage(message))
  })
}

/** Tells something that was not asked for. */
export const tellUnasked = (news: unknown): void => port.postMessage({ id: 0, news } satisfies ThreadMessage)

function describe(error: unknown): ThreadError {
  if (error instanceof HoldfastError) return { message: error.message, code: error.code, details: error.details }
  const message = error instanceof Error ? error.message : String(error)
  return { message, code: error instanceof Error && 'code' in error ? String(error.code) : '' }
}
