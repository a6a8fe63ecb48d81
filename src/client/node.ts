import { open, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../model/errors.ts'

export { hostname }

/** Takes the name of a new file, has `work` write it, whole or not at all, with mode 0600; nothing that is there is overwritten. */
export async function writeNew<T>(path: string, work: (write: Write) => Promise<T>): Promise<T> {
  const file = resolve(path)
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`)
  await reserve(file)
  try {
    const result = await work((body) => writeAll(temporary, body))
    await rename(temporary, file)
    return result
  } catch (error) {
    await rm(temporary, { force: true })
    await rm(file, { force: true })
    throw error
  }
}

/** Writes all of a stream and tells how many bytes that were. */
export type Write = (body: AsyncIterable<Uint8Array>) => Promise<number>

async function writeAll(path: string, body: AsyncIterable<Uint8Array>): Promise<number> {
  await using out = await open(path, 'wx', 0o600)
  let bytes = 0
  for await (const chunk of body) {
    await out.writeFile(chunk)
    bytes += chunk.length
  }
  await out.sync()
  return bytes
}

/** Two downloads never mix. */
async function reserve(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') {
      throw new HoldfastError('exists', `${file} is there already; name a new file`, { what: file }, { cause: error })
    }
    const message = `${file} cannot be written (${code}): name a file in a folder that is there`
    throw new HoldfastError('malformed', message, { what: file }, { cause: error })
  }
}
