import { copyFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { serve } from '../../src/server.ts'
import { folder, NS, served } from './serving.ts'

const FIXTURES = join(import.meta.dirname, '../source/fixtures')

/** The status of a read over TLS, and the protection it promises. */
function overTls(port: number, token: string): Promise<readonly [number | undefined, unknown]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly [number | undefined, unknown]>()
  const headers = { authorization: `Bearer ${token}` }
  const sent = request({
    port,
    host: '127.0.0.1',
    path: `${NS}/config`,
    headers,
    rejectUnauthorized: false,
    agent: false,
  })
  sent.on('error', reject)
  sent.on('response', (response) => {
    response.resume()
    resolve([response.statusCode, response.headers['strict-transport-security']])
  })
  sent.end()
  return promise
}

describe('a server', () => {
  it('believes X-Forwarded-For of the proxies it is told to trust, and of nobody else', async () => {
    const sourceOf = async (trustProxy: readonly string[] | undefined) => {
      const at = await served(folder(), trustProxy === undefined ? {} : { trustProxy })
      await at.ask('POST', `${NS}/changes`, {
        body: { set: { a: { b: 1 } } },
        headers: { 'x-forwarded-for': '198.51.100.7, 192.0.2.1' },
      })
      return (await at.get(`${NS}/history`)).json.items[0].sourceIp
    }
    expect(await sourceOf(undefined)).toBe('127.0.0.1')
    expect(await sourceOf(['127.0.0.1'])).toBe('192.0.2.1')
    expect(await sourceOf(['127.0.0.0/8', '192.0.2.0/24'])).toBe('198.51.100.7')
    await expect(served(folder(), { trustProxy: ['not an address'] })).rejects.toMatchObject({ code: 'malformed' })
  })

  it('speaks TLS, takes a new certificate, and keeps the old one where the new one is no good', async () => {
    const directory = folder()
    const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
    copyFileSync(join(FIXTURES, 'tls-cert.pem'), certFile)
    copyFileSync(join(FIXTURES, 'tls-key.pem'), keyFile)
    let token = ''
    await using server = await serve({
      directory,
      store: 'store.db',
      port: 0,
      namespaces: { default: {} },
      tls: { certFile, keyFile },
      onFirstToken: (text) => {
        token = text
      },
    })
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:/)
    expect((await overTls(server.port, token))[1]).toBe('max-age=31536000')
    writeFileSync(certFile, 'nonsense')
    await expect(server.reload()).rejects.toMatchObject({ code: 'source' })
    expect((await overTls(server.port, token))[1]).toBe('max-age=31536000')
    copyFileSync(join(FIXTURES, 'tls-cert.pem'), certFile)
    await server.reload()
  })

  it('does not begin where it cannot: a port that is taken, a certificate that is none', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    await expect(served(folder(), { port })).rejects.toMatchObject({ code: 'unavailable' })
    other.close()
    const nowhere = join(folder(), 'nowhere.pem')
    await expect(served(folder(), { tls: { certFile: nowhere, keyFile: nowhere } })).rejects.toMatchObject({
      code: 'source',
    })
  })

  it('finishes what is under way when it stops, and can begin again', async () => {
    const directory = folder()
    const at = await served(directory)
    const changes = Array.from({ length: 20 }, (_, i) =>
      at.ask('POST', `${NS}/changes`, { body: { set: { a: { [`k${i}`]: i } } } }),
    )
    const first = await Promise.race(changes)
    const stopped = at.server.close()
    const ended = await Promise.allSettled(changes)
    await stopped
    const made = ended.filter((one) => one.status === 'fulfilled' && one.value.status === 201).length
    expect([first.status, made > 0]).toEqual([201, true])

    const again = await served(directory, {}, at.admin)
    expect(Object.keys((await again.get(`${NS}/config/a`)).json).length).toBeGreaterThanOrEqual(made)
  })

  it('shows the first token once', async () => {
    const directory = folder()
    const first = await served(directory)
    expect(first.admin).toMatch(/^hf_/)
    await first.server.close()
    expect((await served(directory, {}, 'unchanged')).admin).toBe('unchanged')
  })
})
