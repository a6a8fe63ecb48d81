import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { widthOf } from '../../src/cli/text.ts'
import { connect } from '../../src/client.ts'
import { verifyBackup } from '../../src/engine/backup.ts'
import { finish, initialised, start, type Workspace } from './harness.ts'
import { ServerProcess } from './server.ts'

let at: Workspace
let server: ServerProcess
let env: Readonly<Record<string, string>>
beforeAll(async () => {
  at = await initialised()
  at.write(
    'holdfast.yaml',
    `store: data/config_overrides.db
namespaces: { default: { sources: [config/tacacs.ini], schema: config/tacacs.schema.json } }
serve: { webhookHosts: ['127.0.0.1'] }
schedules:
  nightly-with-a-long-name: { cron: '0 3 * * *', task: backup, keep: 14 }
  refresh: { cron: '*/15 8-18 * * MON-FRI', task: refresh-sources, namespaces: [default] }
`,
  )
  server = await ServerProcess.start(at.root)
  env = server.env
})
afterAll(async () => {
  await server.stop()
  at.remove()
})

const as = async (scope: string, more = ''): Promise<Readonly<Record<string, string>>> => {
  const made = await at.run(`token create t${scope.length}${more.length} --scope ${scope}${more}`, { env })
  return { ...env, HOLDFAST_TOKEN: made.out.trim() }
}

describe('holdfast token', () => {
  it('prints the text alone on standard output, and what it may do beside', async () => {
    const made = await at.run('token create web --scope config:read --section server --expires 90d', { env })
    expect(made.out).toMatch(/^hf_\w+\n$/)
    expect(made.err).toContain('web may config:read in default, section server.')
    const mine = { ...env, HOLDFAST_TOKEN: made.out.trim() }
    expect((await at.run('get server.port', { env: mine })).out).toBe('4949\n')
    expect(await at.run('get ldap.uri', { env: mine })).toMatchObject({ out: '', status: 5 })
    expect(await at.run('set server.port=1', { env: mine })).toMatchObject({ status: 6, out: '' })
    expect(await at.run('token list', { env: mine })).toMatchObject({ status: 6 })
    expect(await at.run('token revoke web', { env })).toMatchObject({ status: 0 })
    const ended = await at.run('get server.port', { env: mine })
    expect(ended).toMatchObject({ status: 6, out: '', err: expect.stringContaining('revoked') })
  })

  it.each([
    ['token', 'holdfast token needs ACTION'],
    ['token create', 'holdfast token create needs NAME'],
    ['token create x', 'needs --scope'],
    ['token create x --scope confg:read', 'Did you mean config:read?'],
    ['token create x --scope admin --expires 2001-01-01', 'is past'],
    ['token create x --scope admin -n a --namespace-pattern b', 'are both given'],
    ['token create x y --scope admin', 'does not take "y"'],
    ['token list --scope admin', 'holdfast token list does not take --scope'],
    ['token rotate x --overlap soon', 'is not a duration'],
  ])('refuses %s', async (typed, message) => {
    expect(await at.run(typed, { env })).toMatchObject({ status: 64, out: '', err: expect.stringContaining(message) })
  })
})

describe('holdfast audit', () => {
  it('tells who was refused, in every format', async () => {
    const mine = await as('config:read')
    expect(await at.run('set server.port=1', { env: mine })).toMatchObject({ status: 6 })
    await expect
      .poll(async () => (await at.json('audit --event refused --since 1h', { env })).length)
      .toBeGreaterThan(0)
    const query = 'audit --event refused --who t110'
    const [entry] = await at.json(query, { env })
    expect(entry).toMatchObject({ event: 'refused', who: 't110', sourceIp: '127.0.0.1', namespace: 'default' })
    const lines = (await at.run(`${query} --format jsonl`, { env })).out.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))[0]).toEqual(entry)
    expect((await at.run(`${query} --format csv`, { env })).out).toMatch(/^id,at,event,.*\r\n\d+,.*,refused,t110,/)
    expect((await at.run('audit --event refused --who nobody', { env })).err).toBe('Nothing is recorded.\n')
    expect(await at.run('audit', { env: mine })).toMatchObject({ status: 6 })
  })
})

describe('on a server', () => {
  it('watch tells each change as it comes, and what was missed', async () => {
    const child = start(['watch', '--json', '--since', '1'], at.root, env)
    const ended = finish(child)
    const said: string[] = []
    child.stdout?.on('data', (chunk) => said.push(String(chunk)))
    const hears = (word: string) => expect.poll(() => said.join(''), { timeout: 15_000 }).toContain(word)
    await at.run('set server.port=6001 --reason live', { env })
    await hears('"live"')
    await at.run('unset server.port --reason over', { env })
    await hears('"over"')
    child.kill('SIGINT')
    const { status, out } = await ended
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(status).toBe(130)
    expect(events.map(({ reason }) => reason).filter((reason) => reason !== null)).toEqual(['live', 'over'])
    const ids = events.map(({ version }) => version.id)
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
  })

  it('a shell completes with the keys and versions of the server', async () => {
    const complete = async (...words: string[]) => (await at.run(['complete', '--', ...words], { env })).out.split('\n')
    expect(await complete('get', 'server.')).toEqual(['server.host', 'server.log_level', 'server.port', ''])
    expect(await complete('restore', 'base')).toEqual(['baseline', ''])
  })

  it('backup downloads a copy that verifies here', async () => {
    const report = await at.json('backup copy.db', { env })
    expect(await verifyBackup(at.path('copy.db'))).toMatchObject({ ok: true, heads: report.heads })
    expect(await at.run('backup copy.db', { env })).toMatchObject({ status: 1, out: '' })
  })

  it('instances shows the stragglers, and drift what they still run', async () => {
    await using service = await connect({ url: server.url, token: server.token!, instance: { id: 'web-1', host: 'a' } })
    const reported = expect.poll(() => at.json('instances', { env }))
    await reported.toMatchObject([{ id: 'web-1', state: 'current', host: 'a' }])
    await at.run('set server.port=7001 --reason restart', { env })
    await expect
      .poll(async () => (await at.json('instances', { env }))[0].pendingRestart?.paths)
      .toEqual(['server.port'])
    expect((await at.run('instances', { env })).out).toMatch(/INSTANCE +HOST +STATE[\s\S]*web-1 +a .*server\.port/)
    expect(await at.json('drift --kind instance', { env })).toEqual({ 'web-1': { server: { port: [7001, 4949] } } })
    const { out, err, status } = await at.run('drift --kind instance --exit-code', { env })
    expect(out).toMatch(/INSTANCE +SECTION +KEY +MEANT +RUNS[\s\S]*web-1 +server +port +7001 +4949/)
    expect({ err, status }).toEqual({ err: '1 process runs 1 other value than meant.\n', status: 2 })
    expect((await at.run('drift --kind instance --detail', { env })).out).toContain('on web-1, until it restarts')
    expect(service.version?.id).toBeGreaterThan(1)
  })

  it('schedules run now and tell how it ended, as an exit status too', async () => {
    const ran = await at.run('schedules run nightly-with-a-long-name', { env })
    expect(ran).toMatchObject({ status: 0, out: expect.stringMatching(/^nightly-with-a-long-name: done after /) })
    expect((await at.run('schedules', { env })).out).toMatch(/nightly.* backup .* just now .* done /)
    expect(await at.run('schedules run nothing', { env })).toMatchObject({ status: 5 })
  })

  it('webhook prints the secret alone, and finds hooks by name', async () => {
    const made = await at.run('webhook create chat http://127.0.0.1:9/x --kind change --kind drift', { env })
    expect(made.out).toMatch(/^whsec_\S+\n$/)
    await at.run('webhook test chat', { env })
    const [delivery] = await at.json('webhook deliveries chat', { env })
    expect(delivery).toMatchObject({ kind: 'test' })
    expect((await at.run('webhook deliveries chat', { env, isTerminal: true, columns: 80 })).out).toContain(delivery.id)
    expect(await at.run(`webhook replay chat ${delivery.id}`, { env })).toMatchObject({ status: 0 })
    expect(await at.run('webhook test chatt', { env })).toMatchObject({
      status: 5,
      err: expect.stringContaining('Did you mean chat?'),
    })
    expect(await at.run('webhook create chat http://127.0.0.1:9/y', { env })).toMatchObject({ status: 1 })
    expect(await at.run('webhook disable chat', { env })).toMatchObject({ status: 0 })
    expect(await at.json('webhook list', { env })).toMatchObject([{ name: 'chat', isEnabled: false }])
    expect(await at.run('webhook delete chat', { env })).toMatchObject({ status: 64 })
  })

  it.each(['token list', 'webhook list', 'webhook deliveries chat', 'audit', 'schedules', 'instances', 'whoami'])(
    'shows %s in 80 columns',
    async (typed) => {
      const { out, status } = await at.run(`${typed} --no-color`, { env, isTerminal: true, columns: 80 })
      expect(status).toBe(0)
      expect(out.split('\n').length).toBeGreaterThan(2)
      for (const line of out.split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(80)
    },
  )
})
