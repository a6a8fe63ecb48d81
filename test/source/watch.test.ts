import { execFile } from 'node:child_process'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { equal, type Value } from '../../src/model/value.ts'
import { file, openSource } from '../../src/source/open.ts'
import { folder, follow, options, pause, until } from './helpers.ts'

const text = (port: number) => `[server]\nport = ${port}\n`

/** A source on `path` below a fresh folder, followed; `shows` waits until what the watch told of leads to this port. */
async function watched(path = 'a.conf', prepare?: (directory: string) => Promise<unknown>) {
  const directory = await folder()
  const at = (name: string) => join(directory, name)
  await (prepare === undefined ? writeFile(at(path), text(1)) : prepare(directory))
  const source = openSource(file(path), options({ directory }))
  await source.load().catch(() => 'missing')
  const seen = follow(source)
  await pause(50)
  const shows = (port: number) => until(() => equal(seen.last as Value, { server: { port: String(port) } }))
  return { at, seen, shows }
}

describe('a watched file', () => {
  it('tells of a file renamed over it', async () => {
    const { at, shows } = await watched()
    for (const port of [2, 3]) {
      await writeFile(at('a.tmp'), text(port))
      await rename(at('a.tmp'), at('a.conf'))
      await shows(port)
    }
  })

  it('tells of a file truncated and written in place', async () => {
    const { at, shows } = await watched()
    for (const port of [2, 3]) {
      await writeFile(at('a.conf'), text(port))
      await shows(port)
    }
  })

  it('tells of a save that moves the old file away first', async () => {
    const { at, shows } = await watched()
    for (const port of [2, 3]) {
      await rename(at('a.conf'), at('a.conf~'))
      await writeFile(at('a.conf'), text(port))
      await shows(port)
    }
  })

  it('tells of a burst of writes a few times at most, and after the last of them', async () => {
    const { at, seen, shows } = await watched()
    for (let port = 2; port < 42; port++) await writeFile(at('a.conf'), text(port))
    await shows(41)
    expect(seen.count).toBeLessThan(20)
  })

  it('tells of a ConfigMap whose ..data link is swapped', async () => {
    const { at, shows } = await watched('a.conf', async (directory) => {
      await mkdir(join(directory, '..v1'))
      await writeFile(join(directory, '..v1/a.conf'), text(1))
      await symlink('..v1', join(directory, '..data'))
      await symlink('..data/a.conf', join(directory, 'a.conf'))
    })
    for (const port of [2, 3]) {
      await mkdir(at(`..v${port}`))
      await writeFile(at(`..v${port}/a.conf`), text(port))
      await symlink(`..v${port}`, at('..data_tmp'))
      await rename(at('..data_tmp'), at('..data'))
      await rm(at(`..v${port - 1}`), { recursive: true })
      await shows(port)
    }
  })

  it('tells of a file that links through other folders lead to', async () => {
    const { at, shows } = await watched('etc/a.conf', async (directory) => {
      for (const name of ['etc', 'v1', 'v2']) await mkdir(join(directory, name))
      for (const number of [1, 2]) await writeFile(join(directory, `v${number}/a.conf`), text(number))
      await symlink(join(directory, 'v1'), join(directory, 'current'))
      await symlink('../current/a.conf', join(directory, 'etc/a.conf'))
    })
    await writeFile(at('v1/a.conf'), text(7))
    await shows(7)
    await symlink('v2', at('next'))
    await rename(at('next'), at('current'))
    await shows(2)
    await writeFile(at('v2/a.conf'), text(8))
    await shows(8)
  })

  it('tells of its deletion and of its return', async () => {
    const { at, seen, shows } = await watched()
    await rm(at('a.conf'))
    await until(() => seen.last === 'missing')
    await writeFile(at('a.conf'), text(2))
    await shows(2)
  })

  it('tells of its arrival in a folder that was not there', async () => {
    const { at, shows } = await watched('x/y/a.conf', async () => {})
    await mkdir(at('x/y'), { recursive: true })
    await writeFile(at('x/y/a.conf'), text(2))
    await shows(2)
  })

  it('tells of its folder being deleted, made again and swapped', async () => {
    const { at, seen, shows } = await watched('x/a.conf', async (directory) => {
      await mkdir(join(directory, 'x'))
      await writeFile(join(directory, 'x/a.conf'), text(1))
    })
    await rm(at('x'), { recursive: true })
    await until(() => seen.last === 'missing')
    await mkdir(at('new'))
    await writeFile(at('new/a.conf'), text(2))
    await rename(at('new'), at('x'))
    await shows(2)
    await writeFile(at('x/a.conf'), text(3))
    await shows(3)

    await mkdir(at('other'))
    await writeFile(at('other/a.conf'), text(4))
    await rename(at('x'), at('old'))
    await rename(at('other'), at('x'))
    await shows(4)
  })

  it('tells of a swap of a folder further up, which no event reports', async () => {
    const { at, shows } = await watched('x/y/a.conf', async (directory) => {
      for (const [name, port] of [
        ['x', 1],
        ['new', 2],
      ] as const) {
        await mkdir(join(directory, name, 'y'), { recursive: true })
        await writeFile(join(directory, name, 'y/a.conf'), text(port))
      }
    })
    await rename(at('x'), at('old'))
    await rename(at('new'), at('x'))
    await shows(2)
  })

  it('is not confused by its neighbours', async () => {
    const { at, seen } = await watched()
    for (let i = 0; i < 5; i++) await writeFile(at(`b${i}.conf`), text(i))
    await pause(300)
    expect(seen.count).toBe(0)
  })

  it('counts a change between loading and watching', async () => {
    const directory = await folder()
    await writeFile(join(directory, 'a.conf'), text(1))
    const source = openSource(file('a.conf'), options({ directory }))
    await source.load()
    await writeFile(join(directory, 'a.conf'), text(22))
    const seen = follow(source)
    await until(() => seen.count > 0)
  })

  it('is left alone once the watch was stopped, however early', async () => {
    const { at, seen } = await watched()
    await seen.stop()
    const early = follow(openSource(file(at('a.conf')), options()))
    await early.stop()
    await writeFile(at('a.conf'), text(2))
    await pause(300)
    expect(seen.count + early.count).toBe(0)
  })

  it('does not keep a process running', async () => {
    const directory = await folder()
    await writeFile(join(directory, 'a.conf'), text(1))
    const program = `
      import { file, openSource, url } from ${JSON.stringify(new URL('../../src/source/open.ts', import.meta.url).href)}
      const options = { directory: ${JSON.stringify(directory)}, environment: {}, limits: {} }
      openSource(file('a.conf'), options).watch(() => {})
      openSource(url('https://localhost/a.json'), options).watch(() => {})
      setTimeout(() => console.log('over'), 300)`
    const node = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 })
    expect((await node).stdout).toBe('over\n')
  })
})
