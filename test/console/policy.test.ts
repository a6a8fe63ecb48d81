import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { hasOpenssl, makePair } from '../http/pair.ts'
import { served } from '../http/serving.ts'
import { describeWithBrowser } from './browser.ts'
import { NS, PAGES, World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

describeWithBrowser('the console in Chromium', (browser) => {
  it('loads every page without a complaint of the browser or its policy', async () => {
    for (const path of PAGES) {
      const page = await browser.page({ allowed: [/status of 401/] })
      const answer = await page.goto(world.url + path)
      expect(answer?.status()).toBe(200)
      await page.waitForFunction('document.getElementById("root").childElementCount > 0')
    }
  })

  it('runs nothing that somebody wrote into the page', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-hostile-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    mkdirSync(join(folder, 'assets'))
    writeFileSync(
      join(folder, 'index.html'),
      `<!doctype html><html><head><title>calm</title></head><body>
      <script>document.title = 'inline'</script><script src="data:text/javascript,document.title='data'"></script>
      <img src="x" onerror="document.title = 'handler'"><a href="javascript:document.title='link'">link</a>
      <style>body { color: rgb(1, 2, 3) }</style><p style="color: rgb(1, 2, 3)">text</p>
      <iframe src="/docs"></iframe><form action="/api/v1/session"><button>send</button></form></body></html>`,
    )
    const at = await served(folder, { consoleDirectory: folder })
    const page = await browser.page({ allowed: [/Content Security Policy/, /status of 404/] })
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    await page.goto(at.server.url)
    for (const name of ['a', 'button']) await page.evaluate(`document.querySelector('${name}').click()`)
    expect(await page.evaluate('document.title')).toBe('calm')
    expect(await page.evaluate('getComputedStyle(document.querySelector("p")).color')).not.toBe('rgb(1, 2, 3)')
    expect(new URL(page.url()).pathname).toBe('/')
    expect(complaints.filter((text) => /Content Security Policy/.test(text)).length).toBeGreaterThanOrEqual(7)
  })

  it('lets in a style that shows the nonce of the document', async () => {
    const page = await browser.page({ allowed: [/status of 401/] })
    await page.goto(world.url)
    const color = await page.evaluate(() => {
      const style = document.createElement('style')
      style.nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')!.content
      style.textContent = 'html { accent-color: rgb(1, 2, 3) }'
      document.head.append(style)
      return getComputedStyle(document.documentElement).accentColor
    })
    expect(color).toBe('rgb(1, 2, 3)')
  })

  it('begins a session over plain HTTP of this machine, which the browser keeps and no script can read', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const page = await browser.page({ allowed: [/status of 40[13]/] })
      await page.goto(`http://${host}:${world.server.port}/`)
      const found = await page.evaluate(async (token) => {
        const headers = { 'content-type': 'application/json' }
        const body = JSON.stringify({ token })
        const began = await fetch('/api/v1/session', { method: 'POST', headers, body })
        const { csrf } = (await began.json()) as { csrf: string }
        const read = await fetch('/api/v1/session')
        const forged = await fetch('/api/v1/namespaces/shop', { method: 'PUT' })
        const own = await fetch('/api/v1/session', { method: 'DELETE', headers: { 'holdfast-csrf': csrf } })
        const after = await fetch('/api/v1/session')
        const all = [began, read, forged, own, after].map(({ status }) => status)
        return { all, cookie: document.cookie }
      }, world.token)
      expect(found).toEqual({ all: [201, 200, 403, 204, 401], cookie: '' })
    }
  })

  it.skipIf(!hasOpenssl)('does the same over TLS, and is asked for by TLS only from then on', async () => {
    await using safe = await World.start({ tls: makePair(mkdtempSync(join(world.directory, 'tls-')), 'localhost') })
    const page = await browser.page({ ignoreHTTPSErrors: true, allowed: [/status of 401/] })
    const answer = await page.goto(`${safe.url}/namespaces/${NS}`)
    expect(answer?.headers()).toMatchObject({ 'strict-transport-security': 'max-age=31536000' })
    await safe.signIn(page)
    expect(await page.evaluate(async () => (await fetch('/api/v1/session')).status)).toBe(200)
    await page.close() // before its server goes
  })

  it('is signed in on every page after that, also after the server was started anew', async () => {
    await using own = await World.start()
    // While the server is away the page misses it, and says so.
    const page = await browser.page({ allowed: [/ERR_/, /Failed to fetch/] })
    await own.signIn(page, `/namespaces/${NS}/versions`)
    const asked = () => page.evaluate(async () => (await fetch('/api/v1/namespaces')).status)
    expect(await asked()).toBe(200)
    await own.stop()
    await own.resume()
    expect(await asked()).toBe(200)
  })
})
