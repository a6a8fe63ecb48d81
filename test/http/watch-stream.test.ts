import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Frame, toBatch, WatchStream } from '../../src/http/watch-stream.ts'
import { until } from '../engine/helpers.ts'

let server: Server
beforeAll(async () => {
  server = createServer({ allowHalfOpen: false }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => {
  server.close()
})

/** A socket of a server, and the client at its other end. */
async function pair(): Promise<{ readonly socket: Socket; readonly client: Socket; readonly heard: () => string }> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  let text = ''
  client.on('data', (chunk) => {
    text += chunk.toString()
  })
  return { socket, client, heard: () => text }
}

const frame = (version: number): Frame => ({ version, bytes: Buffer.from(`${version} `) })
const numbers = (text: string): readonly number[] => text.split(' ').filter(Boolean).map(Number)

describe('a stream', () => {
  it('tells each version once and in order, whatever it is offered again and whenever the past was being told', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('offer' as const), from: fc.nat(30), count: fc.integer({ min: 1, max: 5 }) }),
      fc.constant({ kind: 'hold' as const }),
      fc.constant({ kind: 'release' as const }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { socket, client, heard } = await pair()
        const stream = new WatchStream(socket, 1_000_000)
        let published = 0
        for (const one of steps) {
          if (one.kind === 'hold') {
            stream.release()
            stream.hold()
          } else if (one.kind === 'release') stream.release()
          else {
            // what comes may have been told already in part, and never leaves a gap
            const from = Math.max(1, published + 1 - one.from)
            stream.take(toBatch(Array.from({ length: one.count }, (_, i) => frame(from + i))))
            published = Math.max(published, from + one.count - 1)
          }
        }
        stream.release()
        stream.end('end')
        await once(client, 'close')
        expect(heard()).toMatch(/end$/)
        expect(numbers(heard().slice(0, -3))).toEqual(Array.from({ length: published }, (_, i) => i + 1))
      }),
      { numRuns: 60 },
    )
  })

  it('tells what has no version each time', async () => {
    const { socket, heard } = await pair()
    const stream = new WatchStream(socket, 1000)
    stream.last = 5
    stream.take(toBatch([frame(5), { bytes: Buffer.from('beat ') }, frame(6)]))
    stream.take(toBatch([{ bytes: Buffer.from('beat ') }]))
    await until(() => heard() === 'beat 6 beat ')
    stream.destroy()
  })

  it('asks to read the past again where too much came while it was told', async () => {
    const { socket, heard } = await pair()
    const stream = new WatchStream(socket, 10)
    stream.hold()
    for (let version = 1; version < 20; version++) stream.take(toBatch([frame(version)]))
    expect(stream.release()).toBe(false)
    stream.hold()
    stream.last = 19
    stream.take(toBatch([frame(20)]))
    expect(stream.release()).toBe(true)
    await until(() => heard() === '20 ')
    stream.destroy()
  })

  it('holds for a client that does not read what it may, and then closes', async () => {
    const { socket, client } = await pair()
    client.pause()
    const limit = 200_000
    const stream = new WatchStream(socket, limit)
    const bytes = Buffer.alloc(10_000, 'x')
    let most = 0
    for (let version = 1; stream.isOpen; version++) {
      stream.take(toBatch([{ version, bytes }]))
      most = Math.max(most, socket.writableLength)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(most).toBeGreaterThan(limit)
    expect(most).toBeLessThanOrEqual(limit + bytes.length)
    client.destroy()
  })

  it('ends also where the farewell is not read', async () => {
    const { socket, client } = await pair()
    client.pause()
    const stream = new WatchStream(socket, 1e9)
    for (let version = 1; version < 200; version++) {
      stream.take(toBatch([{ version, bytes: Buffer.alloc(100_000, 'x') }]))
    }
    expect(socket.writableLength).toBeGreaterThan(0)
    stream.end('end')
    expect(stream.isOpen).toBe(false)
    await once(socket, 'close')
    client.destroy()
  })

  it('is written piece by piece as fast as its client reads, and closes where that reads nothing', async () => {
    const { socket, client } = await pair()
    const stream = new WatchStream(socket, 1000)
    let read = 0
    client.on('data', (chunk) => {
      read += chunk.length
    })
    for (let piece = 0; piece < 200; piece++) {
      await stream.write(Buffer.alloc(100_000, 'x'), 60_000)
      expect(socket.writableLength).toBeLessThanOrEqual(100_000)
    }
    await until(() => read === 200 * 100_000)
    client.pause()
    while (stream.isOpen) await stream.write(Buffer.alloc(100_000, 'x'), 50)
    client.destroy()
  })
})
