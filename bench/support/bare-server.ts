import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tellParent } from './server.ts'

/** What a read of a configuration costs with nothing but `node:http`: the token compared as a digest, the ETag compared, the same bytes sent. */
const body = Buffer.from(process.argv[2] ?? '{}')
const etag = `"${createHash('sha256').update(body).digest('hex')}"`
const token = `bare_${randomBytes(32).toString('hex')}`
const expected = createHash('sha256').update(token).digest()
const digests = new Map<string, Buffer>()

const server = createServer((request, response) => {
  const sent = request.headers.authorization ?? ''
  let digest = digests.get(sent)
  if (digest === undefined) {
    digest = createHash('sha256').update(sent.slice('Bearer '.length)).digest()
    digests.set(sent, digest)
  }
  if (!timingSafeEqual(digest, expected)) response.writeHead(401).end()
  else if (request.method !== 'GET' || request.url !== '/config') response.writeHead(404).end()
  else if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
  else {
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'cache-control': 'private, no-cache',
      etag,
    })
    response.end(body)
  }
})
server.listen(0, '127.0.0.1', () => tellParent({ port: (server.address() as AddressInfo).port, token }))
