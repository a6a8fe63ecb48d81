import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { TcpProxy } from './proxy.ts'
import { until } from './until.ts'

/** Answers what it hears, with its own name in front. */
async function echo(name: string): Promise<{ readonly port: number; readonly sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('data', (chunk) => socket.write(`${name}:${chunk}`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

async function proxyTo(port: number): Promise<TcpProxy> {
  const proxy = await TcpProxy.to(port)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  return proxy
}

/** A client that keeps all that it heard. */
class Talker {
  heard = ''
  error = ''
  readonly socket: Socket

  constructor(port: number) {
    this.socket = dial(port, '127.0.0.1')
    onTestFinished(() => void this.socket.destroy())
    this.socket.setEncoding('utf8').on('data', (text: string) => (this.heard += text))
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code ?? ''))
  }

  async says(text: string, answer: string): Promise<void> {
    this.socket.write(text)
    await until(`"${answer}" is heard`, () => this.heard.endsWith(answer))
  }
}

it('carries bytes both ways, and new connections to another target when told so', async () => {
  const proxy = await proxyTo((await echo('a')).port)
  const first = new Talker(proxy.port)
  await first.says('1', 'a:1')
  proxy.retarget((await echo('b')).port)
  await new Talker(proxy.port).says('2', 'b:2')
  await first.says('3', 'a:3')
})

it('resets connections at both ends when the network is cut, and takes new ones', async () => {
  const { port, sockets } = await echo('a')
  const proxy = await proxyTo(port)
  const talker = new Talker(proxy.port)
  await talker.says('1', 'a:1')
  const errors: unknown[] = []
  for (const socket of sockets) socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code))
  proxy.cut()
  await until('both ends are reset', () => talker.error === 'ECONNRESET' && errors.length === 1)
  expect(errors).toEqual(['ECONNRESET'])
  await until('no connection is left', () => proxy.connections === 0)
  await new Talker(proxy.port).says('2', 'a:2')
})

it('refuses new connections until it is told to accept them, on the same port', async () => {
  const proxy = await proxyTo((await echo('a')).port)
  const talker = new Talker(proxy.port)
  await talker.says('1', 'a:1')
  proxy.refuse()
  const refused = new Talker(proxy.port)
  await until('the connection is refused', () => refused.error === 'ECONNREFUSED')
  await talker.says('2', 'a:2')
  await proxy.accept()
  await new Talker(proxy.port).says('3', 'a:3')
})

it('holds bytes back, of new connections too, and loses none of them', async () => {
  const { port, sockets } = await echo('a')
  const proxy = await proxyTo(port)
  const talker = new Talker(proxy.port)
  await talker.says('1', 'a:1')
  proxy.hold()
  talker.socket.write('2')
  const late = new Talker(proxy.port)
  late.socket.write('3')
  await until('the late one is connected', () => sockets.size === 2)
  expect([talker.heard, late.heard]).toEqual(['a:1', ''])
  proxy.release()
  await until('everything is heard', () => talker.heard === 'a:1a:2' && late.heard === 'a:3')
})

it('keeps the order of bytes that it delays', async () => {
  const proxy = await proxyTo((await echo('a')).port)
  proxy.delay(30)
  const talker = new Talker(proxy.port)
  const began = performance.now()
  await talker.says('1', 'a:1')
  expect(performance.now() - began).toBeGreaterThanOrEqual(59)
  for (const text of ['2', '3', '4']) talker.socket.write(text)
  await until('all is heard', () => talker.heard.length >= 8)
  expect(talker.heard.replaceAll('a:', '')).toBe('1234')
})

it('lets one direction end before the other', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk))).on('end', () => socket.end(`all: ${text}`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const talker = new Talker((await proxyTo((server.address() as AddressInfo).port)).port)
  talker.socket.end('said')
  await until('the answer came', () => talker.heard === 'all: said')
})

it('resets its client where nothing listens behind it', async () => {
  const { port } = await echo('a')
  const proxy = await proxyTo(port)
  const nowhere = await proxyTo(port)
  proxy.retarget(nowhere.port)
  nowhere.refuse()
  const talker = new Talker(proxy.port)
  await until('the client is reset', () => talker.error === 'ECONNRESET')
})
