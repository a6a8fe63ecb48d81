import { execFile } from 'node:child_process'
import { chmod, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { LIMITS } from '../../src/model/limits.ts'
import { file, openSource } from '../../src/source/open.ts'
import { folder, loaded, options, pause } from './helpers.ts'

const INI = '[server]\nport = 4949\n'

async function written(text = INI, name = 'a.conf') {
  const directory = await folder()
  const path = join(directory, name)
  await writeFile(path, text)
  return { directory, path, source: openSource(file(name), options({ directory })) }
}

/** Moves the clock on: a file's `ctime` is the system's and cannot be set back. */
function becomeOld() {
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 5000)
  onTestFinished(() => clock.mockRestore())
}

describe('a file', () => {
  it('is read in the format that its name tells, with positions', async () => {
    const { source } = await written()
    const found = await loaded(source)
    expect(found).toMatchObject({ tree: { server: { port: '4949' } }, isText: true })
    expect(found.positions.get('server.port')).toMatchObject({ line: 2 })
  })

  it('is read in the format that its spec says', async () => {
    const { directory } = await written('{"a": 1}', 'odd.txt')
    const source = openSource(file('odd.txt', { format: 'json' }), options({ directory }))
    expect(await loaded(source)).toMatchObject({ tree: { a: 1 }, isText: false })
  })

  it('is refused where nothing tells its format, with the words to write', async () => {
    const { source } = await written('', 'odd.txt')
    await expect(source.load()).rejects.toThrow('{ file: { path: odd.txt, format: ini } }')
  })

  it('that is missing is refused by the name given, and by the place looked in', async () => {
    const directory = await folder()
    const refused = openSource(file('conf/none.ini'), options({ directory })).load()
    await expect(refused).rejects.toMatchObject({ code: 'source', details: { source: 'conf/none.ini' } })
    await expect(refused).rejects.toThrow(
      `conf/none.ini: no such file, or a link to one that is missing (looked for ${join(directory, 'conf/none.ini')})`,
    )
  })

  it('that does not parse is refused with file, line and column', async () => {
    const { source } = await written('{\n  "a": 1,\n  "b": x\n}\n', 'a.json')
    const refused = source.load()
    await expect(refused).rejects.toMatchObject({ code: 'syntax', details: { file: 'a.json', line: 3, column: 8 } })
  })

  it('is followed through symbolic links', async () => {
    const { directory, path } = await written()
    await symlink(path, join(directory, 'link.conf'))
    expect((await loaded(openSource(file('link.conf'), options({ directory })))).tree).toEqual({
      server: { port: '4949' },
    })
  })

  it.runIf(process.getuid?.() !== 0)('that may not be read is refused with the reason', async () => {
    const { path, source } = await written()
    await chmod(path, 0)
    await expect(source.load()).rejects.toThrow('not readable by this user')
  })

  it('over the limit is refused unread, with the limit named', async () => {
    const { directory } = await written(`a = ${'x'.repeat(100)}`)
    const source = openSource(file('a.conf'), options({ directory, limits: { ...LIMITS, sourceBytes: 50 } }))
    await expect(source.load()).rejects.toMatchObject({
      code: 'too-large',
      details: { limit: 'sourceBytes', allowed: 50 },
    })
  })

  it.runIf(process.platform === 'linux')('that says size 0 and goes on is read, and cut off at the limit', async () => {
    const limits = { ...LIMITS, sourceBytes: 50 }
    const source = openSource(file('/proc/self/status', { format: 'properties' }), options({ limits }))
    await expect(source.load()).rejects.toMatchObject({ code: 'too-large', details: { limit: 'sourceBytes' } })
  })
})

describe('what is not a regular file', () => {
  const refused = (path: string) => openSource(file(path, { format: 'ini' }), options()).load()

  it('is refused: a directory', async () => {
    await expect(refused(await folder())).rejects.toThrow('is a directory; a source is a regular file')
  })

  it.runIf(process.platform !== 'win32')('is refused without waiting for a writer: a FIFO', async () => {
    const path = join(await folder(), 'fifo')
    await promisify(execFile)('mkfifo', [path])
    await expect(refused(path)).rejects.toThrow('a FIFO, socket or device')
  })

  it.runIf(process.platform !== 'win32')('is refused: a device, a socket, a circle of links', async () => {
    const directory = await folder()
    await expect(refused('/dev/zero')).rejects.toThrow('a FIFO, socket or device')

    const socket = createServer()
    await new Promise<void>((resolve) => socket.listen(join(directory, 'socket'), resolve))
    onTestFinished(() => void socket.close())
    await expect(refused(join(directory, 'socket'))).rejects.toThrow('a FIFO, socket or device')

    await symlink('round', join(directory, 'round'))
    await expect(refused(join(directory, 'round'))).rejects.toThrow('run in a circle')
    await expect(refused(join(directory, 'socket/below'))).rejects.toThrow('not a directory')
  })
})

describe('a file loaded before', () => {
  it('is unchanged without being read while its times, size and place are the same', async () => {
    const { source, path } = await written()
    becomeOld()
    const { fingerprint } = await loaded(source)
    expect(fingerprint).toHaveProperty('mtime')
    expect(await source.load({ ...fingerprint, sha256: 'not looked at' })).toBe('unchanged')

    await utimes(path, new Date(), new Date())
    expect((await loaded(source, fingerprint)).fingerprint).toHaveProperty('sha256', fingerprint['sha256'])
    await writeFile(path, '[server]\nport = 5050\n')
    expect((await loaded(source, fingerprint)).tree).toEqual({ server: { port: '5050' } })
  })

  it('is compared by content where it was written a moment before', async () => {
    const { source, path } = await written()
    const first = await loaded(source)
    expect(first.fingerprint).not.toHaveProperty('mtime')
    expect(await source.load(first.fingerprint)).toBe('unchanged')
    await writeFile(path, INI.replace('4949', '5050'))
    expect((await loaded(source, first.fingerprint)).tree).toEqual({ server: { port: '5050' } })
  })

  it('is loaded once more when it has settled, so that later looks need not read it', async () => {
    const { source } = await written()
    const first = await loaded(source)
    becomeOld()
    const { fingerprint, tree } = await loaded(source, first.fingerprint)
    expect(tree).toEqual(first.tree)
    expect(fingerprint).toHaveProperty('mtime')
    expect(await source.load({ ...fingerprint, sha256: 'not looked at' })).toBe('unchanged')
  })

  it('is changed where it is now read in another format', async () => {
    const { source, directory } = await written('{"a": 1}', 'a.json')
    const { fingerprint } = await loaded(source)
    const other = openSource(file('a.json', { format: 'json5' }), options({ directory }))
    expect(await other.load(fingerprint)).not.toBe('unchanged')
  })

  it('is refused after it vanished, and loads after it came back', async () => {
    const { source, path, directory } = await written()
    const { fingerprint } = await loaded(source)
    await rm(path)
    await expect(source.load(fingerprint)).rejects.toMatchObject({ code: 'source' })
    await writeFile(join(directory, 'new'), INI)
    await rename(join(directory, 'new'), path)
    expect(await source.load(fingerprint)).toBe('unchanged')
  })

  it('is read again where it was caught empty between truncating and writing', async () => {
    const { source, path } = await written()
    await truncate(path)
    const loading = loaded(source)
    await pause(20)
    await writeFile(path, '[server]\nport = 5050\n')
    expect((await loading).tree).toEqual({ server: { port: '5050' } })
  })

  it('may truly be empty', async () => {
    const { directory } = await written()
    await mkdir(join(directory, 'sub'))
    await writeFile(join(directory, 'sub/empty.conf'), '')
    const source = openSource(file('sub/empty.conf'), options({ directory }))
    expect((await loaded(source)).tree).toEqual({})
  })
})
