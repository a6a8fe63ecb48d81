import type { Call } from './command.ts'
import { refuse } from './refuse.ts'

/** Goes on only if a person says so, by typing `word`, or `--yes` did; nobody there to ask is a no. */
export async function confirm({ flags, io }: Call, question: string, word: string): Promise<void> {
  if (flags.has('yes')) return
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    refuse('this needs a yes, and nobody is here to ask.', 'Add --yes if it is meant.')
  const answer = await io.ask(`${question}\nType ${word} to go on: `)
  if (answer.trim() !== word) refuse('nothing was done.', `It goes on only after ${JSON.stringify(word)}.`)
}
