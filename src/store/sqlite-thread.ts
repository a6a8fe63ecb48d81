import { workerData } from 'node:worker_threads'
import { slowAnswers } from './sqlite-answer.ts'
import { answerWith } from './thread-answers.ts'

/** The thread's side of `sqlite-slow.ts`. */
answerWith(slowAnswers(workerData as string))
