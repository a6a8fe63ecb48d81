import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CacheFile, type Kept } from '../../src/client/cache-file.ts'
import { refusal, until } from '../engine/helpers.ts'
import { connected, folder, log } from './helpers.ts'
import { json, snapshot, stranger } from './stranger.ts'

/** Where nobody listens. */
const AWAY = 'http://127.0.0.1:2'
const LIMIT = 1_000_000

const kept = (more: Partial<Kept> = {}): Kept => ({
  url: AWAY,
  namespace: 'default',
  reveal: true,
  isWhole: true,
  answer: snapshot(7, { config: { server: { port: 7 } } }),
  ...more,
})

/** A cache file that is good, and what stands in it. */
async function good(more: Partial<Kept> = {}): Promise<{ readonly cacheFile: string; readonly bytes: Buffer }> {
  const cacheFile = join(folder(), 'cache.json')
  const file = new CacheFile(cacheFile, log(), LIMIT)
  file.save(kept(more))
  await file.settled()
  return { cacheFile, bytes: readFileSync(cacheFile) }
}

const sealed = (content: string): string => `${createHash('sha256').update(content).digest('hex')}\n${content}`

describe('a cache file', () => {
  it('is what a client starts from when the server is away, and says that it is stale', async () => {
    const { cacheFile } = await good()
    const lines = log()
    const config = await connected({ url: AWAY, cacheFile, log: lines })
    expect(config.get('server.port')).toBe(7)
    expect(config.version?.id).toBe(7)
    expect(config.connection).toBe('stale')
    expect(lines.lines[0]).toContain('started from the cache file with version 7')
    const writing = expect(config.update('server', { port: 1 })).rejects.toMatchObject({ code: 'closed' })
    await config.close()
    await writing
  })

  it('is written when the client is ready, with mode 0600 in a folder of mode 0700, and after each change', async () => {
    const cacheFile = join(folder(), 'new', 'deep', 'cache.json')
    let id = 1
    const { url } = await stranger({
      snapshot: (_, response) => json(response, snapshot(id)),
      reload: (_, response) => json(response, []),
    })
    const config = await connected({ url, cacheFile })
    await until(() => existsSync(cacheFile) && readFileSync(cacheFile, 'utf8').includes('"id":1'))
    expect(statSync(cacheFile).mode & 0o777).toBe(0o600)
    expect(statSync(join(cacheFile, '..')).mode & 0o777).toBe(0o700)
    id = 2
    await config.reload()
    await config.close()
    const text = readFileSync(cacheFile, 'utf8')
    expect(text).toContain('"id":2')
    expect(text).toBe(sealed(text.slice(text.indexOf('\n') + 1)))
    expect(readdirSync(join(cacheFile, '..'))).toEqual(['cache.json'])
  })

  it('is the first good word where there is none: without a file the refusal is the server being away', async () => {
    const error = await refusal(connected({ url: AWAY, cacheFile: join(folder(), 'none'), readyTimeoutMs: 200 }))
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining(AWAY) })
  })

  it('is not what a client starts from where the server refuses it', async () => {
    const { url } = await stranger({
      '*': (_, response) => json(response, { code: 'unauthenticated', reason: 'revoked', detail: 'revoked' }, 401),
    })
    const { cacheFile } = await good({ url })
    await expect(connected({ url, cacheFile })).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it.each([
    ['of another namespace', { namespace: 'other' }],
    ['of another server', { url: 'https://elsewhere.example' }],
  ])('%s is left alone, with a warning', async (_, more) => {
    const { cacheFile } = await good(more)
    const lines = log()
    await expect(connected({ url: AWAY, cacheFile, log: lines, readyTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'unavailable',
    })
    expect(lines.lines.join()).toContain('of another server or namespace')
  })

  it('with secrets is not read by a client that asks for none', async () => {
    const { cacheFile } = await good({ reveal: true })
    await expect(connected({ url: AWAY, cacheFile, reveal: false })).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is ignored wherever it is cut or a byte of it is another, and nothing breaks', async () => {
    const { cacheFile, bytes } = await good()
    const damaged = fc.oneof(
      fc.nat(bytes.length - 1).map((end) => bytes.subarray(0, end)),
      fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
        const copy = Buffer.from(bytes)
        copy[at] = copy[at]! ^ by
        return copy
      }),
      fc.uint8Array({ maxLength: 200 }).map((any) => Buffer.from(any)),
    )
    await fc.assert(
      fc.asyncProperty(damaged, async (content) => {
        writeFileSync(cacheFile, content)
        const lines = log()
        expect(await new CacheFile(cacheFile, lines, LIMIT).load(kept())).toBeUndefined()
        expect(lines.lines).toHaveLength(1)
      }),
      { numRuns: 300 },
    )
  })

  it('with a right hash over anything else than a configuration is ignored too', async () => {
    const { cacheFile } = await good()
    const hostile = fc.oneof(
      fc.json(),
      fc.constantFrom('', '{', '['.repeat(100_000), '{"__proto__":{}}', JSON.stringify({ ...kept(), answer: {} })),
      fc.jsonValue().map((answer) => JSON.stringify({ ...kept(), answer })),
      fc.jsonValue().map((config) => JSON.stringify({ ...kept(), answer: { ...snapshot(1), version: config } })),
    )
    await fc.assert(
      fc.asyncProperty(hostile, async (content) => {
        writeFileSync(cacheFile, sealed(content))
        const found = await new CacheFile(cacheFile, log(), LIMIT).load(kept())
        expect(found === undefined || found.answer.version === null).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('larger than an answer may be is not read', async () => {
    const { cacheFile } = await good()
    const lines = log()
    expect(await new CacheFile(cacheFile, lines, 100).load(kept())).toBeUndefined()
    expect(lines.lines[0]).toContain('responseBytes')
  })

  it('that others may write, that is a link, or no file at all is not read', async () => {
    const { cacheFile } = await good()
    const load = (path: string) => new CacheFile(path, log(), LIMIT).load(kept())
    expect(await load(cacheFile)).toEqual(kept())
    chmodSync(cacheFile, 0o620)
    expect(await load(cacheFile)).toBeUndefined()
    chmodSync(cacheFile, 0o600)
    const link = join(folder(), 'link')
    symlinkSync(cacheFile, link)
    expect(await load(link)).toBeUndefined()
    const directory = join(folder(), 'directory')
    mkdirSync(directory)
    expect(await load(directory)).toBeUndefined()
  })

  it('takes the place of a link that stands there, and what the link names stays', async () => {
    const directory = folder()
    const precious = join(directory, 'precious')
    const link = join(directory, 'cache.json')
    writeFileSync(precious, 'precious')
    symlinkSync(precious, link)
    symlinkSync(precious, join(directory, `.cache.json.${process.pid}.tmp`))
    const file = new CacheFile(link, log(), LIMIT)
    file.save(kept())
    await file.settled()
    expect(readFileSync(precious, 'utf8')).toBe('precious')
    expect(await file.load(kept())).toEqual(kept())
  })

  it('that cannot be written is a line in the log, and the client works', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'plain'), '')
    const lines = log()
    const { url } = await stranger()
    const config = await connected({ url, cacheFile: join(directory, 'plain', 'cache.json'), log: lines })
    await until(() => lines.lines.some((line) => line.includes('could not be written')))
    expect(config.get('server.port')).toBe(4949)
  })
})
