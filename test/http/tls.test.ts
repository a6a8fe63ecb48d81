import { once } from 'node:events'
import { copyFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serve } from '../../src/server.ts'
import { refusal, until } from '../engine/helpers.ts'
import { hasOpenssl, makePair } from './pair.ts'
import { folder } from './serving.ts'

async function connected(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

const nameOf = (socket: TLSSocket): unknown => socket.getPeerCertificate().subject.CN

async function nameAt(port: number): Promise<unknown> {
  const socket = await connected(port)
  const name = nameOf(socket)
  socket.destroy()
  return name
}

async function asks(socket: TLSSocket): Promise<string> {
  socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return bytes.toString()
}

async function serving(tls: { readonly certFile: string; readonly keyFile: string }) {
  const warnings: string[] = []
  const log = { info: () => undefined, warn: (_: object, message: string) => void warnings.push(message) }
  const server = await serve({ directory: folder(), store: 'store.db', port: 0, tls, log })
  onTestFinished(() => server.close())
  return { server, warnings }
}

describe.skipIf(!hasOpenssl)('a certificate', () => {
  it('that was renewed is shown to new connections, while old ones go on', async () => {
    const files = makePair(folder(), 'first')
    const { server } = await serving(files)
    expect(server.url).toMatch(/^https:/)
    const old = await connected(server.port)
    expect(nameOf(old)).toBe('first')

    const next = makePair(folder(), 'second')
    copyFileSync(next.keyFile, files.keyFile)
    copyFileSync(next.certFile, files.certFile)
    await until(async () => (await nameAt(server.port)) === 'second')
    const answer = await asks(old)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toMatch(/strict-transport-security/i)
  })

  it('is followed through a link that is moved, as where a volume of secrets is mounted', async () => {
    const volume = folder()
    makePair(join(volume, '..1'), 'first')
    makePair(join(volume, '..2'), 'second')
    symlinkSync('..1', join(volume, '..data'))
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(volume, name))
    const { server } = await serving({ certFile: join(volume, 'tls.crt'), keyFile: join(volume, 'tls.key') })
    expect(await nameAt(server.port)).toBe('first')

    symlinkSync('..2', join(volume, '..next'))
    renameSync(join(volume, '..next'), join(volume, '..data'))
    await until(async () => (await nameAt(server.port)) === 'second')
  })

  it('that is broken, or of another key, changes nothing but the log', async () => {
    const files = makePair(folder(), 'first')
    const { server, warnings } = await serving(files)
    writeFileSync(files.certFile, 'not a certificate')
    await until(() => warnings.length === 1)
    expect(await nameAt(server.port)).toBe('first')
    expect(await refusal(server.reload())).toMatchObject({ code: 'source' })

    copyFileSync(makePair(folder(), 'second').certFile, files.certFile)
    await until(() => warnings.length === 2)
    expect(await refusal(server.reload())).toMatchObject({ code: 'source' })
    expect(await nameAt(server.port)).toBe('first')
  })

  it('is read again when that is asked for, and spoken of no older than TLS 1.2', async () => {
    const files = makePair(folder(), 'first')
    const { server } = await serving(files)
    const next = makePair(folder(), 'second')
    copyFileSync(next.keyFile, files.keyFile)
    copyFileSync(next.certFile, files.certFile)
    await server.reload()
    expect(await nameAt(server.port)).toBe('second')
    expect((await connected(server.port, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2')
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }
    await expect(connected(server.port, old)).rejects.toThrow()
  })

  it('is refused at the start where its key is another’s, or it is not there', async () => {
    const { certFile } = makePair(folder(), 'first')
    const { keyFile } = makePair(folder(), 'second')
    const start = (tls: object) => serve({ directory: folder(), port: 0, tls: { certFile, keyFile, ...tls } })
    expect(await refusal(start({}))).toMatchObject({ code: 'source', message: expect.stringContaining('tls.key') })
    expect(await refusal(start({ certFile: `${certFile}.gone` }))).toMatchObject({ code: 'source' })
  })
})
