import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { folder } from '../engine/helpers.ts'
import { ServerProcess } from './server-process.ts'
import { change, running, Watcher } from './watching.ts'

describe('every watcher is told every version once and in order', () => {
  it('200 of them, under 8 writers', async () => {
    const at = await running(folder())
    const start = await change(at, { start: { x: 1 } })
    const watchers = await Promise.all(Array.from({ length: 200 }, () => Watcher.open(at)))
    const write = async (writer: number): Promise<readonly number[]> => {
      const versions: number[] = []
      for (let n = 0; n < 25; n++) versions.push(await change(at, { [`w${writer}`]: { n } }))
      return versions
    }
    const written = (await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))).flat()
    const expected = written.toSorted((a, b) => a - b)
    expect(expected).toEqual(Array.from({ length: 200 }, (_, i) => start + 1 + i))
    await Promise.all(watchers.map((watcher) => watcher.reached(expected.at(-1)!)))
    for (const watcher of watchers) expect(watcher.versions).toEqual(expected)
  })

  it('also those who lose their connection again and again', async () => {
    const at = await running(folder())
    const start = await change(at, { start: { x: 1 } })
    let isDone = false
    const writing = Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; n < 40; n++) await change(at, { [`w${writer}`]: { n } })
      }),
    ).then(() => {
      isDone = true
    })
    const follow = async (): Promise<readonly number[]> => {
      const told: number[] = []
      for (let lastEventId = String(start); !isDone || told.at(-1) !== start + 160; ) {
        const watcher = await Watcher.open(at, { lastEventId })
        await delay(Math.random() * 40)
        watcher.close()
        told.push(...watcher.versions)
        expect(watcher.resets).toEqual([])
        lastEventId = watcher.events.at(-1)?.lastEventId ?? lastEventId
      }
      return told
    }
    const told = await Promise.all(Array.from({ length: 10 }, follow))
    await writing
    for (const versions of told) expect(versions).toEqual(Array.from({ length: 160 }, (_, i) => start + 1 + i))
  })

  it('also where the server is killed', { timeout: 60_000 }, async () => {
    const server = await ServerProcess.start(folder(), { namespaces: { default: {} } })
    try {
      const start = await change(server, { start: { x: 1 } })
      const told: number[] = []
      let lastEventId = String(start)
      let last = start
      for (let life = 0; life < 3; life++) {
        const watcher = await Watcher.open(server, { lastEventId })
        for (let n = 0; n < 20; n++) last = await change(server, { [`life${life}`]: { n } })
        await server.kill()
        await watcher.ended()
        expect(watcher.resets).toEqual([])
        told.push(...watcher.versions)
        lastEventId = watcher.events.at(-1)?.lastEventId ?? lastEventId
        await server.start()
      }
      const watcher = await Watcher.open(server, { lastEventId })
      last = await change(server, { end: { x: 1 } })
      await watcher.reached(last)
      told.push(...watcher.versions)
      expect(told).toEqual(Array.from({ length: last - start }, (_, i) => start + 1 + i))
    } finally {
      await server.kill()
    }
  })
})
