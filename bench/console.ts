import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { serve } from '../src/server.ts'
import { CHROMIUM, FLAGS } from '../test/console/chromium.ts'
import type { Benchmark, Row } from './support/report.ts'
import { scratch } from './support/scratch.ts'

const KEYS = 10_000
const SECTIONS = 20
const NAMESPACE = 'large'
const FRAME_MS = 1000 / 60

/** The console in a real browser on this machine: what a first load carries, when it can be used, and how a filter over many keys feels. */
export const pages: Benchmark = {
  name: 'console',
  about: `first load, and a filter over ${KEYS} keys, in Chromium`,
  async run() {
    if (CHROMIUM === undefined) return []
    let token = ''
    const server = await serve({
      directory: scratch(),
      store: 'store.db',
      port: 0,
      log: { info: () => undefined, warn: () => undefined },
      onFirstToken: (text) => {
        token = text
      },
    })
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS] })
    try {
      const at: Place = { url: server.url, token }
      await call(at, 'PUT', `/api/v1/namespaces/${NAMESPACE}`)
      await call(at, 'POST', `/api/v1/namespaces/${NAMESPACE}/changes`, { set: manyKeys() })
      return [...(await firstLoad(at, browser)), ...(await filtering(at, browser))]
    } finally {
      await browser.close()
      await server.close()
    }
  },
}

interface Place {
  readonly url: string
  readonly token: string
}

async function call({ url, token }: Place, method: string, path: string, body?: object): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
}

function manyKeys(): object {
  const each = KEYS / SECTIONS
  const keys = (section: number): object =>
    Object.fromEntries(Array.from({ length: each }, (_, i) => [`key_${section}_${i}`, `value ${i} of ${section}`]))
  return Object.fromEntries(Array.from({ length: SECTIONS }, (_, section) => [`section_${section}`, keys(section)]))
}

type Browser = Awaited<ReturnType<typeof chromium.launch>>

/** Begins a session, and leaves an empty page of the same origin. */
async function signedIn({ url, token }: Place, browser: Browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  const blank = `${url}/blank`
  await page.route(blank, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>blank' }))
  await page.goto(blank)
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) }
  await page.evaluate(`fetch('/api/v1/session', ${JSON.stringify(request)})`)
  return page
}

/** Scripts that a first visit to the overview fetches, as they cross the wire, and the time until it shows what is live. */
async function firstLoad(at: Place, browser: Browser): Promise<readonly Row[]> {
  const page = await signedIn(at, browser)
  const scripts = new Set<string>()
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (pathname.endsWith('.js')) scripts.add(pathname)
  })
  const start = performance.now()
  await page.goto(`${at.url}/namespaces/${NAMESPACE}`)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const ready = performance.now() - start
  await page.locator('.chart canvas').waitFor()
  const kilobytes = [...scripts].reduce((sum, path) => sum + compressed(path), 0) / 1024
  return [limited('script of the first load', 'kB', kilobytes, 170), limited('overview in sight', 'ms', ready, 1000)]
}

const limited = (name: string, unit: Row['unit'], ours: number, limit: number, peerName = 'limit'): Row => ({
  name,
  unit,
  ours,
  peer: limit,
  peerName,
  ratio: ours / limit,
  required: { atMost: 1 },
})

const ASSETS = join(import.meta.dirname, '../dist/console/assets')
const FILES = new Set(readdirSync(ASSETS))

function compressed(path: string): number {
  const name = path.slice('/assets/'.length)
  return statSync(join(ASSETS, FILES.has(`${name}.br`) ? `${name}.br` : name)).size
}

/** Types into the filter as a person does, and tells how long the page was busy with each keystroke, in milliseconds, shortest first. */
const TYPING = `(async () => {
  const box = document.querySelector('input[data-filter]')
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set
  const found = []
  for (const text of ['k', 'ke', 'key_7', 'key_7_4', 'key_7_49', 'nothing', 'value 3', 'section_11', '']) {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 150)))
    const begin = performance.now()
    set.call(box, text)
    box.dispatchEvent(new Event('input', { bubbles: true }))
    await new Promise((resolve) => setTimeout(resolve, 0))
    found.push(performance.now() - begin)
  }
  return found.sort((one, other) => one - other)
})()`

async function filtering(at: Place, browser: Browser): Promise<readonly Row[]> {
  const page = await signedIn(at, browser)
  const start = performance.now()
  await page.goto(`${at.url}/namespaces/${NAMESPACE}/configuration`)
  await page
    .getByRole('button', { name: /^Edit section_0\./ })
    .first()
    .waitFor()
  const ready = performance.now() - start
  const times = (await page.evaluate(TYPING)) as number[]
  const median = times[Math.floor(times.length / 2)]!
  return [
    limited(`configuration of ${KEYS} keys in sight`, 'ms', ready, 1000),
    limited('a keystroke in the filter, median', 'ms', median, FRAME_MS, 'a frame'),
  ]
}
