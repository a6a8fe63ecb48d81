import { parentPort, workerData } from 'node:worker_threads'
import type { SlowReply, SlowRequest } from './slow-request.ts'
import { slowAnswers } from './sqlite-answer.ts'

/** The thread's side of `sqlite-slow.ts`. */
const port = parentPort!
const answer = slowAnswers(workerData as string)

port.on('message', ({ id, request }: { id: number; request: SlowRequest }) => {
  void answer(request)
    .then((result): SlowReply => ({ id, result }))
    .catch((error: unknown): SlowReply => ({ id, error: describe(error) }))
    .then((reply) => port.postMessage(reply))
})

const describe = (error: unknown) => ({
  message: error instanceof Error ? error.message : String(error),
  code: error instanceof Error && 'code' in error ? String(error.code) : '',
})
