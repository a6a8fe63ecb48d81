import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithBrowser } from './browser.ts'
import { NS, World } from './world.ts'

const AT = `/namespaces/${NS}`

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

const valueAt = (section: string, key: string) => world.call('GET', `/api/v1${AT}/config/${section}/${key}`)

/** Edits the value at `path` in place, as a person at the keyboard does. */
async function edit(page: Page, path: string, text: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Filter keys and values' }).fill(path)
  await page.getByRole('button', { name: `Edit ${path}:` }).click()
  await page.getByRole('textbox', { name: path }).fill(text)
  await page.keyboard.press('Enter')
}

const review = (page: Page) => page.getByRole('button', { name: 'Review' }).click()

async function apply(page: Page, reason: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Reason' }).fill(reason)
  await page.getByRole('button', { name: /^Apply/ }).click()
  await page.getByText(/Live as v\d+/).waitFor()
}

describeWithBrowser('a person with the console', (browser) => {
  it('signs in with a token, is told when it is none, and is signed out for good', async () => {
    const page = await browser.page({ allowed: [/status of 40[01]/] })
    await page.goto(`${world.url}${AT}`)
    const token = page.getByLabel('Token')
    await token.fill('hf_nonsense')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('Not signed in').waitFor()
    await token.fill(world.token)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.getByRole('button', { name: /^Sign out/ }).click()
    await page.getByLabel('Token').waitFor()
    await page.reload()
    await page.getByLabel('Token').waitFor()
  })

  it('is signed in by a token in the fragment, which does not stay in the address', async () => {
    const page = await browser.page()
    await page.goto(`${world.url}/#token=${world.token}`)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    expect(page.url()).not.toContain('token')
  })

  it('changes a value in place, reviews it, and sees it live with its reason', async () => {
    const page = await browser.page()
    await world.signIn(page, `${AT}/configuration`)
    await edit(page, 'server.port', '5151')
    expect(await valueAt('server', 'port')).toBe(5050)
    await review(page)
    const dialog = page.getByRole('dialog')
    await dialog.getByText('takes effect only after a restart').waitFor()
    await dialog.getByText('Checked: it would be accepted.').waitFor()
    await apply(page, 'port of the new balancer')
    expect(await valueAt('server', 'port')).toBe(5151)
    await page.getByRole('link', { name: 'History' }).click()
    await page.getByText('port of the new balancer').first().waitFor()
  })

  it('cannot stage a number outside its range, and is told what a rule across keys forbids, at the key', async () => {
    const page = await browser.page({ allowed: [/status of 422/] })
    await world.signIn(page, `${AT}/configuration`)
    await edit(page, 'server.port', '99999')
    await page.getByText('at most 65535').waitFor()
    await page.keyboard.press('Escape')
    await edit(page, 'auth.backends', 'local,radius')
    await review(page)
    await page
      .getByRole('dialog')
      .getByText(/finding.* to mend first/)
      .waitFor()
    await expect(page.getByRole('button', { name: /^Apply/ }).isDisabled()).resolves.toBe(true)
    expect(await valueAt('auth', 'backends')).toBe('local,ldap')
  })

  it('is shown both sides when somebody else was faster, and decides', async () => {
    const page = await browser.page()
    await world.signIn(page, `${AT}/configuration`)
    await edit(page, 'limits.per_device', '7')
    await world.change({ set: { limits: { per_device: 5 } }, reason: 'faster' })
    await review(page)
    const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else changed this key' })
    await conflict.waitFor()
    expect(await conflict.locator('dd').allInnerTexts()).toEqual(['7', '5', '16'])
    await expect(page.getByRole('button', { name: /^Apply/ }).isDisabled()).resolves.toBe(true)
    await conflict.getByRole('button', { name: 'Keep mine' }).click()
    await apply(page, 'mine is right')
    expect(await valueAt('limits', 'per_device')).toBe(7)
  })

  it('sees a change made elsewhere at once, and loses nothing of what is being typed', async () => {
    const page = await browser.page()
    await world.signIn(page, `${AT}/configuration`)
    await page.getByRole('searchbox').fill('server.')
    await page.getByRole('button', { name: 'Edit server.motd:' }).click()
    const box = page.getByRole('textbox', { name: 'server.motd' })
    await box.fill('half a sent')
    const { version } = await world.change({ set: { server: { idle_timeout: 77 } } })
    await page.getByText(`live v${version.id}`).waitFor()
    await page.getByRole('button', { name: 'Edit server.idle_timeout: 77' }).waitFor()
    expect(await box.inputValue()).toBe('half a sent')
    await page.keyboard.press('Escape')
  })

  it('goes on by itself when the server comes back, with what was committed meanwhile and what is staged', async () => {
    const page = await browser.page({ allowed: [/ERR_/, /failed: /, /status of 50/] })
    await world.signIn(page, `${AT}/configuration`)
    await edit(page, 'server.workers', '9')
    await world.stop()
    await page.getByText(/offline since/).waitFor()
    await world.resume()
    const { version } = await world.change({ set: { server: { idle_timeout: 88 } } })
    await page.getByText(`live v${version.id}`).waitFor()
    await page.getByText('1 change staged').waitFor()
    await page.getByRole('searchbox').fill('idle_timeout')
    await page.getByRole('button', { name: 'Edit server.idle_timeout: 88' }).waitFor()
  })

  it('compares two versions as keys and as text', async () => {
    const page = await browser.page()
    await world.change({ set: { server: { log_level: 'DEBUG' } }, reason: 'tracing' })
    await world.signIn(page, `${AT}/compare?from=latest~1&to=latest`)
    await page.getByText('1 key differs from').waitFor()
    await page.getByRole('link', { name: 'server.log_level' }).waitFor()
    await page.getByRole('button', { name: 'Side by side' }).click()
    await page.locator('.cm-changedText').filter({ hasText: 'DEBUG' }).waitFor()
    await page.getByRole('button', { name: 'Inline' }).click()
    await page.locator('.cm-deletedChunk').filter({ hasText: 'INFO' }).waitFor()
  })

  it('restores a version in part: only the keys that stay ticked', async () => {
    const page = await browser.page()
    const before = await world.change({ set: { server: { motd: 'old' }, auth: { cache_ttl: 10 } } })
    await world.change({ set: { server: { motd: 'new' }, auth: { cache_ttl: 20 } } })
    await world.signIn(page, `${AT}/versions?restore=${before.version.id}`)
    await page.getByRole('checkbox', { name: 'Bring server.motd back' }).uncheck()
    await page.getByText(/will equal v\d+ except 1 key/).waitFor()
    await page.getByRole('button', { name: 'Restore 1 key' }).click()
    await page.getByText(/Live as v\d+/).waitFor()
    expect([await valueAt('server', 'motd'), await valueAt('auth', 'cache_ttl')]).toEqual(['new', 10])
  })

  it('reverts one version and keeps what came later', async () => {
    const page = await browser.page()
    const mistake = await world.change({ set: { auth: { max_attempts: 9 } }, reason: 'a mistake' })
    await world.change({ set: { server: { motd: 'later' } } })
    await world.signIn(page, `${AT}/versions?revert=${mistake.version.id}`)
    await page.getByRole('button', { name: 'Revert 1 key' }).click()
    await page.getByText(/Live as v\d+/).waitFor()
    expect([await valueAt('auth', 'max_attempts'), await valueAt('server', 'motd')]).toEqual([5, 'later'])
  })

  it('accepts what is live as the baseline, and has no drift from it any more', async () => {
    const page = await browser.page()
    await world.signIn(page, `${AT}/drift?show=baseline`)
    await page.getByRole('button', { name: 'Accept as baseline…' }).click()
    await page.getByRole('button', { name: /^Declare v\d+ the baseline/ }).click()
    await page.getByText(/is the baseline now/).waitFor()
    await page.getByText('Nothing of this kind').waitFor()
    expect(await world.call('GET', `/api/v1${AT}/drift?kind=baseline`)).toEqual([])
  })

  it('reads why a key has its value, now and at any version', async () => {
    const page = await browser.page()
    await world.change({ set: { auth: { lockout_minutes: 4 } }, reason: 'slow link' })
    await world.change({ set: { auth: { lockout_minutes: 6 } }, reason: 'slower link' })
    await world.signIn(page, `${AT}/configuration?key=auth.lockout_minutes`)
    const panel = page.getByRole('dialog')
    await panel.getByText('in effect').waitFor()
    expect(await panel.locator('.layers .winner .value').innerText()).toBe('6')
    await panel.getByText(/tacacs\.conf:\d+/).waitFor()
    await panel.getByRole('slider').press('ArrowLeft')
    await panel.getByText(/As it was at v\d+/).waitFor()
    await expect.poll(() => panel.locator('.layers .winner .value').innerText()).toBe('4')
  })

  it('finds keys, pages and actions by typing', async () => {
    const page = await browser.page()
    await world.signIn(page, AT)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('server.port')
    await page.getByRole('option', { name: /server\.port/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('Where it comes from').waitFor()
    expect(page.url()).toContain('key=server.port')
  })

  it('makes a token, sees its secret once, and ends it at once', async () => {
    const page = await browser.page()
    await world.signIn(page, '/administration/tokens')
    await page.getByRole('button', { name: 'Create a token…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('billing')
    await dialog.getByRole('textbox', { name: 'Namespaces' }).fill(NS)
    await dialog.getByRole('button', { name: 'Create it' }).click()
    const text = await page
      .getByText(/^hf_\w+$/)
      .first()
      .innerText()
    const asked = () =>
      fetch(`${world.url}/api/v1${AT}/config`, { headers: { authorization: `Bearer ${text}` } }).then(
        (one) => one.status,
      )
    expect(await asked()).toBe(200)
    await page.reload()
    await page.getByRole('button', { name: 'Revoke billing' }).click()
    expect(await page.getByText(text).count()).toBe(0)
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke billing' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await asked()).toBe(401)
  })

  it('reads a secret only when asked to, which is then in the audit log', async () => {
    const page = await browser.page()
    await world.change({ set: { admin: { token: 'correct-horse-battery' } } })
    await world.signIn(page, `${AT}/configuration?key=admin.token`)
    const panel = page.getByRole('dialog')
    await panel.getByText('in effect').waitFor()
    expect(await page.content()).not.toContain('correct-horse')
    await panel.getByRole('button', { name: 'Show the secret' }).click()
    await panel.getByText('correct-horse-battery').waitFor()
    const { items } = await world.call('GET', '/api/v1/audit?event=secret-read')
    expect(items[0]).toMatchObject({ who: 'admin', namespace: NS, subject: 'admin.token' })
  })
})
