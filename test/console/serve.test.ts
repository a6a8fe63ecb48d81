import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ask } from '../http/raw.ts'
import { served } from '../http/serving.ts'
import { NS, PAGES, World } from './world.ts'

const DIST = join(import.meta.dirname, '../../dist/console')
const FILES = readdirSync(join(DIST, 'assets'))
const PLAIN = FILES.filter((name) => !/\.(br|gz)$/.test(name))
/** One that is long enough to be sent compressed. */
const SCRIPT = PLAIN.find((name) => name.endsWith('.js') && FILES.includes(`${name}.br`))!

let world: World
beforeAll(async () => {
  world = await World.start({ addressRate: 60 })
})
afterAll(() => world[Symbol.asyncDispose]())

const get = (path: string, headers: Readonly<Record<string, string>> = {}) => fetch(world.url + path, { headers })

/** As it is on the wire: nothing tidies the address, nothing unpacks the body. */
const raw = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
  ask(world.server.port, { method, path, headers })

function policyOf(header: unknown): Readonly<Record<string, string>> {
  const parts = String(header)
    .split('; ')
    .map((part) => /^(\S+) (.*)$/.exec(part)!)
  return Object.fromEntries(parts.map(([, name, value]) => [name!, value!]))
}

describe('the console’s document', () => {
  it('answers every page, to anybody, with filters in the address', async () => {
    const bodies = await Promise.all(
      [...PAGES, `/namespaces/${NS}/history?by=ana&section=server`].map(async (path) => {
        const answer = await get(path, { accept: 'text/html' })
        expect([path, answer.status]).toEqual([path, 200])
        expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
        return (await answer.text()).replace(/content="[^"]{24}"/, '')
      }),
    )
    expect(new Set(bodies).size).toBe(1)
  })

  it('allows nothing but files of this server, and styles that show a nonce which is new each time', async () => {
    const nonces = new Set<string>()
    for (const path of PAGES) {
      const answer = await get(path)
      const [, nonce] = /<meta name="csp-nonce" content="([^"]+)" \/>/.exec(await answer.text()) ?? []
      expect(policyOf(answer.headers.get('content-security-policy'))).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': `'self' 'nonce-${nonce}'`,
        'img-src': "'self'",
        'font-src': "'self'",
        'connect-src': "'self'",
        'base-uri': "'none'",
        'form-action': "'none'",
        'frame-ancestors': "'none'",
      })
      nonces.add(nonce!)
    }
    expect(nonces.size).toBe(PAGES.length)
  })

  it('is asked for again each time, and keeps to itself', async () => {
    expect(Object.fromEntries((await get('/')).headers)).toMatchObject({
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'request-id': expect.any(String),
    })
    expect((await get('/')).headers.has('etag')).toBe(false)
  })

  it('names only files that are served here', async () => {
    const text = await (await get('/')).text()
    const names = Array.from(text.matchAll(/(?:src|href)="([^"]+)"/g), ([, name]) => name!)
    expect(names.length).toBeGreaterThan(1)
    for (const name of names) expect([name, (await get(name)).status]).toEqual([name, 200])
    expect(text).not.toMatch(/<script(?! type="module" crossorigin src="\/assets\/)|style=|\son\w+=/)
  })

  it('has a head without a body', async () => {
    const head = await raw('/', {}, 'HEAD')
    expect([head.status, head.text]).toEqual([200, ''])
    expect(head.headers['content-length']).toBe((await raw('/')).headers['content-length'])
  })

  it('is not given for an address that is no page of it', async () => {
    for (const path of ['/nothing', '/namespaces', '/administration', `/namespaces/${NS}/a/b`, '/index.html']) {
      const answer = await get(path, { accept: 'text/html' })
      expect([path, answer.status]).toEqual([path, 404])
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    }
    expect((await raw('/namespaces/NotAName')).status).toBe(400)
    expect((await raw('/', {}, 'POST')).status).toBe(405)
  })

  it('is not given to a page that reached this server by a name of its own', async () => {
    for (const path of [...PAGES, `/assets/${SCRIPT}`])
      expect(await raw(path, { host: 'evil.example' })).toMatchObject({ status: 400 })
  })

  it('asks nobody for a token, however often it is opened', async () => {
    for (let i = 0; i < 100; i++) expect((await raw(i % 2 ? '/' : `/assets/${SCRIPT}`)).status).toBe(200)
  })
})

describe('the console’s files', () => {
  it('are sent as what they are, to be kept for ever', async () => {
    for (const name of PLAIN) {
      const answer = await raw(`/assets/${name}`)
      expect([name, answer.status]).toEqual([name, 200])
      expect(answer.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        vary: 'Accept-Encoding',
        etag: `"${createHash('sha256')
          .update(readFileSync(join(DIST, 'assets', name)))
          .digest('hex')}"`,
      })
      expect(answer.headers['content-type']).toMatch(/^(text\/(javascript|css); charset=utf-8|image\/svg\+xml|font\/)/)
    }
  })

  it('come compressed to who takes that, each form with its own tag', async () => {
    const forms = await Promise.all(
      [
        ['identity', undefined, (bytes: Buffer) => bytes],
        ['gzip', 'gzip', gunzipSync],
        ['gzip, deflate, br', 'br', brotliDecompressSync],
        ['br;q=0, gzip', 'gzip', gunzipSync],
      ].map(async ([accepted, coding, unpack]) => {
        const bytes = await bytesOf(`/assets/${SCRIPT}`, accepted as string, coding as string | undefined)
        const whole = (unpack as (bytes: Buffer) => Buffer)(bytes)
        expect(whole.equals(readFileSync(join(DIST, 'assets', SCRIPT)))).toBe(true)
        return (await raw(`/assets/${SCRIPT}`, { 'accept-encoding': accepted as string })).headers['etag']
      }),
    )
    expect(new Set(forms).size).toBe(3)
    const known = await raw(`/assets/${SCRIPT}`, { 'accept-encoding': 'br', 'if-none-match': String(forms[2]) })
    expect([known.status, known.text]).toEqual([304, ''])
  })

  it('have a head without a body', async () => {
    const headers = { 'accept-encoding': 'br' }
    const [head, whole] = [await raw(`/assets/${SCRIPT}`, headers, 'HEAD'), await raw(`/assets/${SCRIPT}`, headers)]
    expect([head.status, head.text]).toEqual([200, ''])
    for (const name of ['content-length', 'content-encoding', 'etag'])
      expect(head.headers[name]).toBe(whole.headers[name])
  })

  it('are found by their exact name, and nothing else of the disk is', async () => {
    const names = [
      '',
      '.',
      '..',
      '%2e%2e',
      '..%2f..%2fpackage.json',
      '..%5c..%5cpackage.json',
      '../index.html',
      '../../package.json',
      '%2fetc%2fpasswd',
      'index.html',
      `${SCRIPT}.br`,
      `${SCRIPT}/`,
      `${SCRIPT}%00`,
      `${SCRIPT} `.replace(' ', '%20'),
      SCRIPT.toUpperCase(),
      `./${SCRIPT}`,
      `x/${SCRIPT}`,
      `%${SCRIPT.charCodeAt(0).toString(16)}${SCRIPT.slice(1)}%2f`,
      '__proto__',
      'constructor',
      'x'.repeat(5000),
    ]
    for (const name of names) {
      const answer = await raw(`/assets/${name}`)
      expect([400, 404], name).toContain(answer.status)
      expect(answer.headers['content-type'], name).toMatch(/^application\/problem\+json/)
      expect(answer.headers['cache-control'], name).toBe('no-store')
    }
  })
})

describe('a server without a console', () => {
  it('says at its pages how one is made, and does all else', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-no-console-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const at = await served(directory, { consoleDirectory: join(directory, 'none') })
    for (const path of PAGES) {
      const { status, json } = await at.get(path, { token: null })
      expect([status, json.what]).toEqual([404, 'console'])
      expect(json.detail).toContain('npm run build')
    }
    expect((await at.get(`/assets/${SCRIPT}`, { token: null })).status).toBe(404)
    expect((await at.get('/api/v1/namespaces')).status).toBe(200)
  })
})

/** A body as it came, in the coding that the answer names. */
async function bytesOf(path: string, accepted: string, coding: string | undefined): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const sent = request(world.url + path, { headers: { 'accept-encoding': accepted } }, (response) => {
    expect(response.headers['content-encoding']).toBe(coding)
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)))
  })
  sent.on('error', reject).end()
  return promise
}
