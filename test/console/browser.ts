import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { CHROMIUM, FLAGS } from './chromium.ts'

export interface PageOptions extends BrowserContextOptions {
  /** Complaints that the test is about, or that do not matter to it. */
  readonly allowed?: readonly RegExp[]
}

/** One Chromium for all tests of a file. */
export class TestBrowser {
  #browser: Browser | undefined

  async start(): Promise<void> {
    this.#browser = await chromium.launch({ executablePath: CHROMIUM!, args: [...FLAGS] })
  }

  async stop(): Promise<void> {
    await this.#browser?.close()
  }

  /**
   * A page that shares nothing with others. When its test ends it is closed, and the test fails if the page had anything to complain of: an error,
   * something that the policy forbids, a request that failed, a request to another host than the page's.
   */
  async page({ allowed = [], ...options }: PageOptions = {}): Promise<Page> {
    const context = await this.#browser!.newContext(options)
    const page = await context.newPage()
    const complaints = listen(page)
    onTestFinished(async () => {
      await context.close()
      expect(complaints.filter((text) => !allowed.some((one) => one.test(text)))).toEqual([])
    })
    return page
  }
}

/** Everything that a page complains of, as lines of text; the list grows while the page is open. */
function listen(page: Page): readonly string[] {
  const complaints: string[] = []
  const hosts = new Set<string>()
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? ''
    // What a page gives up itself, such as a stream when it is left, has not failed.
    if (why !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.method()} ${request.url()} ${why}`)
  })
  page.on('request', (request) => {
    const { host } = new URL(request.url())
    if (request.isNavigationRequest()) hosts.add(host)
    else if (!hosts.has(host)) complaints.push(`elsewhere: ${request.url()}`)
  })
  return complaints
}

/** Tests in a real browser, for which one is started; where the machine has none they are skipped, and say so. */
export function describeWithBrowser(name: string, tests: (browser: TestBrowser) => void): void {
  const said = CHROMIUM === undefined ? `${name} (no Chromium here: set HOLDFAST_CHROMIUM, or install one)` : name
  describe.skipIf(CHROMIUM === undefined)(said, () => {
    const browser = new TestBrowser()
    beforeAll(() => browser.start())
    afterAll(() => browser.stop())
    tests(browser)
  })
}
