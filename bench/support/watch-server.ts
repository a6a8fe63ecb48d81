import { fsyncSync, openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { serve } from '../../src/server.ts'

/**
 * A server in a process of its own, ours or a bare one that does the same for a change: writes it down durably, then sends one buffer to each
 * socket. Says on its channel where it listens, and how much memory it has when it is asked.
 */
const [side = '', directory = ''] = process.argv.slice(2)
const ready = side === 'ours' ? await ours() : await bare()
process.on('message', (question) => {
  if (question === 'memory') void memory()
})
process.send!(ready)

async function ours() {
  let token = ''
  const server = await serve({
    directory,
    store: 'store.db',
    namespaces: { default: {} },
    port: 0,
    tokenRate: 1e9,
    tokenWatchers: 20_000,
    watchers: 20_000,
    onFirstToken: (text) => {
      token = text
    },
    log: { info: () => undefined, warn: (details, message) => console.error(message, details) },
  })
  return { port: server.port, token }
}

async function bare() {
  const sockets = new Set<Socket>()
  const file = openSync(join(directory, 'log'), 'a')
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.useChunkedEncodingByDefault = false
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('id: 0\n\n')
      sockets.add(response.socket!)
      response.on('close', () => sockets.delete(request.socket))
      return
    }
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      writeSync(file, body)
      fsyncSync(file)
      const event = Buffer.from(body)
      for (const socket of sockets) socket.write(event)
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, token: '' }
}

async function memory(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    gc!()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  process.send!({ bytes: process.memoryUsage.rss() })
}
