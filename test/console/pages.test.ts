import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithBrowser } from './browser.ts'
import { NS, World } from './world.ts'

const AT = `/namespaces/${NS}`

/** Every page, and a word that stands on it when it is ready. */
const PAGES: readonly (readonly [string, RegExp])[] = [
  [AT, /Recent activity/],
  [`${AT}/configuration`, /keys in effect/],
  [`${AT}/configuration?key=server.port`, /Where it comes from/],
  [`${AT}/configuration?add=key`, /Add a key/],
  [`${AT}/drift`, /differ/],
  [`${AT}/versions`, /is live/],
  [`${AT}/versions?restore=1`, /will equal/],
  [`${AT}/compare?from=1&to=latest`, /differ/],
  [`${AT}/history`, /port for the load balancer/],
  [`${AT}/blame`, /tacacs\.conf/],
  [`${AT}/instances`, /node-7/],
  ...['tokens', 'audit', 'webhooks', 'sources', 'schedules', 'store', 'backups', 'namespaces'].map(
    (page) => [`/administration/${page}`, /The same from a terminal/] as const,
  ),
]

/** Between them they show every colour there is; in the dark only the contrast is looked at again. */
const DARK = ['', '/configuration', '/drift', '/versions', '/compare?from=1&to=latest', '/blame'].map(
  (page) => AT + page,
)

let world: World
beforeAll(async () => {
  world = await World.start()
  await world.call('PUT', `/api/v1${AT}/instances/node-7`, {
    host: 'node-7.example.com',
    version: 1,
    startVersion: 1,
    startedAt: '2026-11-22T08:00:00.000Z',
  })
})
afterAll(() => world[Symbol.asyncDispose]())

/** What axe finds serious, as rule and place: everything, or of what differs in the dark only the contrast. */
async function barriers(page: Page, colorScheme: 'light' | 'dark'): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page })
  const { violations } = await (colorScheme === 'light' ? axe : axe.withRules('color-contrast')).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`))
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

describeWithBrowser('every page of the console', (browser) => {
  it('has no barrier that axe finds serious, in light and dark, and nothing that sticks out at 360 pixels', async () => {
    const page = await browser.page({ colorScheme: 'light', reducedMotion: 'reduce' })
    await world.signIn(page)
    const found: string[] = []
    for (const [path, word] of PAGES) {
      await page.setViewportSize({ width: 1280, height: 860 })
      await page.goto(world.url + path)
      await page.getByText(word).first().waitFor()
      for (const colorScheme of DARK.includes(path) ? (['light', 'dark'] as const) : (['light'] as const)) {
        await page.emulateMedia({ colorScheme })
        for (const barrier of await barriers(page, colorScheme)) found.push(`${path} in ${colorScheme}: ${barrier}`)
      }
      await page.setViewportSize({ width: 360, height: 740 })
      const width = await overflow(page)
      if (width > 0) found.push(`${path} is ${width} pixels too wide`)
    }
    expect(found).toEqual([])
  }, 240_000)

  it('shows hostile values as text, and what cannot be seen by its code point', async () => {
    const script = '<img src=x onerror="globalThis.isHacked = true"><script>globalThis.isHacked = true</script>'
    const bidi = 'admin\u202egpj.exe'
    const long = 'x'.repeat(200_000)
    await world.call('PUT', '/api/v1/namespaces/hostile')
    const key = '🔑 "quoted" <b>key</b>'
    await world.call('POST', '/api/v1/namespaces/hostile/changes', {
      set: { a: { [key]: script, bidi, long, list: [script] }, '<i>section</i>': { __proto__x: 1 } },
      reason: `${script} ${bidi}`,
    })
    // There is no baseline yet, which is an answer and not a fault.
    const page = await browser.page({ allowed: [/status of 404.*kind=baseline/] })
    await world.signIn(page)
    for (const name of [
      'configuration',
      'history',
      'versions',
      'drift',
      'compare?from=latest~1&to=latest',
      'blame',
      'configuration?key=a.bidi',
    ]) {
      await page.goto(`${world.url}/namespaces/hostile/${name}`)
      await page.getByText('U+202E').first().waitFor()
      expect(
        await page.evaluate(
          () => 'isHacked' in globalThis || document.querySelectorAll('main img, main b, main script').length,
        ),
      ).toBe(0)
    }
    await page.goto(`${world.url}/namespaces/hostile/configuration`)
    await page
      .getByText(/🔑.*<b>key<\/b>/)
      .first()
      .waitFor()
    await page.getByRole('searchbox').fill('onerror')
    await page.getByRole('status').getByText('2 keys shown').waitFor({ state: 'attached' })
  }, 120_000)

  it('can be walked by the keyboard alone, with the focus always in sight', async () => {
    const page = await browser.page()
    await world.signIn(page, `${AT}/configuration`)
    await page.getByText(/keys in effect/).waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the page')
    await page.keyboard.press('/')
    await page.keyboard.type('server.port')
    const seen = new Set<string>()
    for (let i = 0; i < 12 && !seen.has('Edit server.port: 5050'); i++) {
      await page.keyboard.press('Tab')
      const { name, outline } = await page.evaluate(() => {
        const one = document.activeElement!
        return {
          name: one.getAttribute('aria-label') ?? one.textContent ?? '',
          outline: getComputedStyle(one).outlineStyle,
        }
      })
      expect([name, outline]).toEqual([name, 'solid'])
      seen.add(name)
    }
    await page.keyboard.press('Enter')
    await page.keyboard.type('6161')
    await page.keyboard.press('Enter')
    await page.getByText('1 change staged').waitFor()
    await page.keyboard.press('Control+Enter')
    await page.getByRole('dialog').getByText('Checked: it would be accepted.').waitFor()
    await page.keyboard.type('by keyboard')
    await page.keyboard.press('Escape')
    await page.getByText('1 change staged').waitFor()
  })
})
