import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ScheduleParts } from '../../src/engine/schedule-parts.ts'
import { checkSchedule, checkSchedules } from '../../src/engine/schedule-spec.ts'
import { openSchedules } from '../../src/engine/schedules.ts'
import type { News } from '../../src/engine/webhook-message.ts'
import { type OpenOptions, openConfig, verifyBackup } from '../../src/index.ts'
import type { ScheduleSpec } from '../../src/model/schedule.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { AS_ALICE, folder, quiet, refusal, STORE, until, write } from './helpers.ts'
import { partsOf } from './schedule-wiring.ts'
import { alice, clock } from './webhook-helpers.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const YEARLY = '0 0 1 1 *'

interface RigOptions {
  readonly directory?: string
  readonly schedules: readonly ScheduleSpec[]
  readonly now?: () => Date
  readonly open?: OpenOptions
  readonly parts?: Partial<ScheduleParts>
}

/** A store with one namespace and timed work over it. */
async function rig({ directory = folder(), schedules, now = () => new Date(), ...options }: RigOptions) {
  const config = await openConfig({ directory, ...AS_ALICE, now, ...options.open })
  const store = await openSqlite(join(directory, STORE))
  const news: News[] = []
  const audit: Parameters<ScheduleParts['record']>[0][] = []
  const warnings: string[] = []
  const parts = partsOf({ directory, store, config, now })
  const engine = await openSchedules({
    ...parts,
    tell: async (one) => void news.push(one),
    record: (entry) => void audit.push(entry),
    log: { info: () => undefined, warn: (_, text) => void warnings.push(text) },
    schedules,
    ...options.parts,
  })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= (async () => {
      await engine[Symbol.asyncDispose]()
      await parts.leases[Symbol.asyncDispose]()
      await config.close()
      await store.close()
    })()
    return closed
  }
  onTestFinished(close)
  return { directory, config, store, engine, schedules: engine.as(alice), news, audit, warnings, close }
}

describe('a schedule', () => {
  it('runs at its time and tells how that went', async () => {
    const { schedules, config } = await rig({ schedules: [{ name: 'often', task: 'snapshot', cron: '* * * * * *' }] })
    await config.update('a', { n: 1 })
    await until(async () => /^default: /.test((await schedules.list())[0]!.lastRun?.detail ?? ''))
    const [{ lastRun, nextRun } = {}] = await schedules.list()
    expect(lastRun).toMatchObject({ by: 'schedule:often', detail: expect.stringMatching(/^default: version \d+$/) })
    expect(Date.parse(nextRun!)).toBeGreaterThan(Date.parse(lastRun!.startedAt))
    expect((await config.versions.get('latest')).createdBy).toBe('schedule:often')
  })

  it('tells when it comes next, in its own time zone', async () => {
    const { now } = clock(Date.parse('2026-11-22T00:00:00Z'))
    const { schedules } = await rig({
      now,
      schedules: [
        { name: 'utc', task: 'check-drift', cron: '0 3 * * *' },
        { name: 'berlin', task: 'check-drift', cron: '0 3 * * *', timezone: 'Europe/Berlin' },
        { name: 'daily', task: 'check-drift', cron: '@daily', namespaces: ['default'] },
      ],
    })
    const keptBy = { node: expect.stringMatching(/-[0-9a-f]{8}$/), since: '2026-11-22T00:00:00.000Z' }
    expect(await schedules.list()).toEqual([
      {
        name: 'utc',
        task: 'check-drift',
        cron: '0 3 * * *',
        nextRun: '2026-11-22T03:00:00.000Z',
        lastRun: null,
        keptBy,
      },
      {
        name: 'berlin',
        task: 'check-drift',
        cron: '0 3 * * *',
        timezone: 'Europe/Berlin',
        nextRun: '2026-11-22T02:00:00.000Z',
        lastRun: null,
        keptBy,
      },
      {
        name: 'daily',
        task: 'check-drift',
        cron: '@daily',
        namespaces: ['default'],
        nextRun: '2026-11-23T00:00:00.000Z',
        lastRun: null,
        keptBy,
      },
    ])
  })

  it('runs once at a time: who asks meanwhile gets the same run, and what falls due is skipped and said', async () => {
    const gate = Promise.withResolvers<void>()
    const directory = folder()
    const backup: ScheduleParts['backup'] = async (_, file) => {
      await gate.promise
      writeFileSync(file, '')
      return { file, bytes: 0, versions: 0, history: 0, heads: {}, ok: true, problems: [] }
    }
    const { schedules, warnings } = await rig({
      directory,
      schedules: [{ name: 'slow', task: 'backup', cron: '* * * * * *', keep: 1 }],
      parts: { backup },
    })
    const [first, second] = [schedules.run('slow'), schedules.run('slow')]
    await until(() => warnings.some((text) => text.includes('still running; this run is skipped')))
    expect((await schedules.list())[0]!.lastRun).toMatchObject({ outcome: 'running', duration: null, by: 'alice' })
    gate.resolve()
    const run = await first
    expect(await second).toEqual(run)
    expect(run).toMatchObject({
      outcome: 'done',
      by: 'alice',
      detail: expect.stringMatching(/; skipped \d+ times because/),
    })
  })

  it('whose process was killed is ended as failed, and its half a copy is removed by the next', async () => {
    const directory = folder()
    const child = fileURLToPath(new URL('./schedule-child.ts', import.meta.url))
    const { signal } = spawnSync(process.execPath, [child, directory, STORE], {
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    expect(signal).toBe('SIGKILL')
    const backups = join(directory, 'backups')
    expect(readdirSync(backups)).toEqual([expect.stringMatching(/^\.holdfast-nightly-partial-/)])

    const spec: ScheduleSpec = { name: 'nightly', task: 'backup', cron: YEARLY }
    const { schedules } = await rig({ directory, schedules: [spec] })
    expect((await schedules.list())[0]!.lastRun).toMatchObject({
      outcome: 'failed',
      by: 'child',
      detail: 'the process ended before the work did',
    })
    expect(await schedules.run('nightly')).toMatchObject({ outcome: 'done' })
    expect(readdirSync(backups)).toEqual([expect.stringMatching(/^holdfast-nightly-\d{8}T\d{9}Z\.db$/)])
  })

  it('is seen and run by those who may administer the whole store, and who ran it is in the audit log', async () => {
    const { engine, schedules, audit } = await rig({ schedules: [{ name: 'look', task: 'check-drift', cron: YEARLY }] })
    const grants = [{ actions: ['admin'], namespaces: ['default'] }] as const
    const theirs = engine.as({ name: 'bob', tokenId: 't1', grants, sourceIp: null })
    expect(await refusal(theirs.list())).toMatchObject({ code: 'forbidden' })
    expect(await refusal(theirs.run('look'))).toMatchObject({ code: 'forbidden' })
    await schedules.run('look')
    expect(audit).toMatchObject([
      { event: 'schedule-run', who: 'alice', sourceIp: '192.0.2.7', subject: 'look', detail: 'done' },
    ])
    expect(await refusal(schedules.run('none'))).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('look'),
    })
  })

  it('waits for what is going on when the store closes', async () => {
    const gate = Promise.withResolvers<void>()
    const { schedules, close, config, directory } = await rig({
      schedules: [{ name: 'look', task: 'check-drift', cron: YEARLY }],
      parts: { config: () => gate.promise.then(() => config) },
    })
    await config.update('a', { n: 1 })
    const run = schedules.run('look')
    const closed = close()
    gate.resolve()
    await closed
    expect(await run).toMatchObject({ outcome: 'done' })
    expect(await refusal(schedules.run('look'))).toMatchObject({ code: 'closed' })
    expect(existsSync(join(directory, STORE))).toBe(true)
  })
})

describe('the task', () => {
  it('refresh-sources loads all sources again and names those that are stale', async () => {
    const directory = folder()
    const [good, bad] = [write(directory, 'good.toml', 'a = 1'), write(directory, 'bad.toml', 'b = 1')]
    const { schedules, config } = await rig({
      directory,
      open: { sources: [good, bad], follow: false },
      schedules: [{ name: 'reload', task: 'refresh-sources', cron: YEARLY }],
    })
    write(directory, 'good.toml', 'a = 2')
    rmSync(join(directory, bad))
    expect(await schedules.run('reload')).toMatchObject({
      outcome: 'done',
      detail: 'default: 2 sources, stale: bad.toml',
    })
    expect(config.get('a')).toBe(2)
  })

  it('check-drift counts by kind, and tells of the same drift once', async () => {
    const directory = folder()
    const source = write(directory, 'base.toml', '[server]\nport = 1\nhost = "a"')
    const { schedules, config, news, store } = await rig({
      directory,
      open: { sources: [source] },
      schedules: [{ name: 'look', task: 'check-drift', cron: YEARLY }],
    })
    const look = async () => (await schedules.run('look')).detail
    expect(await look()).toBe('default: no drift')
    await config.versions.create({ baseline: true })
    await config.update('server', { port: 2, host: 'a' })
    expect(await look()).toBe('default: drift: 1 override, 1 baseline')
    expect(await look()).toBe('default: drift: 1 override, 1 baseline')
    expect(news).toMatchObject([
      { kind: 'drift', namespace: 'default', entries: [{ path: 'server.port' }, { path: 'server.port' }] },
    ])
    await config.update('server', { port: 3 })
    await look()
    expect(news).toHaveLength(2)
    await config.change({ unset: ['server'] })
    expect(await look()).toBe('default: no drift')
    await config.update('server', { port: 3 })
    await look()
    expect(news).toHaveLength(3)
    expect([...(await store.metadata()).keys()]).toContain('drift_told:look:default')
  })

  it('snapshot makes a version, and the baseline where it is told to', async () => {
    const { schedules, config } = await rig({
      schedules: [{ name: 'weekly', task: 'snapshot', cron: '@weekly', baseline: true }],
    })
    await config.update('a', { n: 1 })
    const run = await schedules.run('weekly')
    const version = await config.versions.get('baseline')
    expect(version).toMatchObject({ description: 'schedule weekly', cause: 'snapshot', createdBy: 'schedule:weekly' })
    expect(run.detail).toBe(`default: version ${version.id}, now the baseline`)
  })

  it('purge removes what is old, and keeps as many as it is told to', async () => {
    const time = clock()
    const { schedules, config } = await rig({
      now: time.now,
      schedules: [{ name: 'tidy', task: 'purge', cron: '@daily', olderThan: '90d', keep: 2 }],
    })
    for (const n of [1, 2, 3, 4, 5]) await config.update('a', { n })
    expect(await schedules.run('tidy')).toMatchObject({
      outcome: 'done',
      detail: expect.stringContaining('0 versions'),
    })
    time.forward(91 * DAY)
    expect(await schedules.run('tidy')).toMatchObject({
      outcome: 'done',
      detail: expect.stringContaining('3 versions'),
    })
    expect((await config.versions.list()).items.map(({ id }) => id)).toEqual([5, 4])
  })

  it('says which namespace failed, and does its work in the others', async () => {
    const directory = folder()
    for (const namespace of ['one', 'two']) {
      const config = await openConfig({
        directory,
        store: STORE,
        namespace,
        actor: 'alice',
        environment: {},
        log: quiet,
      })
      await config.update('a', { n: 1 })
      await config.close()
    }
    const { schedules, config } = await rig({
      directory,
      schedules: [{ name: 'mark', task: 'snapshot', cron: YEARLY, namespaces: ['default', 'on*', 'two'] }],
      parts: {
        config: async (_, namespace) => {
          if (namespace !== 'one') return config
          return openConfig({ directory, store: 'none.db', create: false, namespace, environment: {}, log: quiet })
        },
      },
    })
    await config.update('a', { n: 1 })
    const run = await schedules.run('mark')
    expect(run.outcome).toBe('failed')
    expect(run.detail).toMatch(/^one: there is no store at .+; default: version \d; two: version \d$/)
  })
})

describe('a backup by schedule', () => {
  const spec: ScheduleSpec = { name: 'nightly', task: 'backup', cron: '0 3 * * *', directory: 'copies' }

  it('is verified, readable by its owner only, and good', async () => {
    const { schedules, config, directory } = await rig({ schedules: [spec] })
    await config.update('a', { n: 1 })
    const run = await schedules.run('nightly')
    const copies = join(directory, 'copies')
    const [copy] = readdirSync(copies)
    expect(copy).toMatch(/^holdfast-nightly-\d{8}T\d{9}Z\.db$/)
    expect(run).toMatchObject({ outcome: 'done', detail: `${copy}: 1 versions, verified` })
    expect(statSync(join(copies, copy!)).mode & 0o777).toBe(0o600)
    expect(statSync(copies).mode & 0o777).toBe(0o700)
    expect(await verifyBackup(join(copies, copy!))).toMatchObject({ ok: true, versions: 1 })
  })

  it('keeps the newest, and never touches a file that it did not make', async () => {
    const time = clock(Date.parse('2026-11-01T03:00:00Z'))
    const directory = folder()
    const copies = join(directory, 'copies')
    mkdirSync(copies)
    const foreign = [
      'holdfast-nightly-20200101T000000000Z.db.gz',
      'holdfast-nightly-20200101.db',
      'holdfast-other-20200101T000000000Z.db',
      'holdfast-nightly-two-20200101T000000000Z.db',
      'my-holdfast-nightly-20200101T000000000Z.db',
      'notes.txt',
    ]
    for (const name of foreign) writeFileSync(join(copies, name), 'mine')
    const { schedules } = await rig({ directory, now: time.now, schedules: [{ ...spec, keep: 2 }] })
    for (let day = 0; day < 4; day++) {
      await schedules.run('nightly')
      time.forward(DAY)
    }
    const made = ['holdfast-nightly-20261103T030000000Z.db', 'holdfast-nightly-20261104T030000000Z.db']
    expect(readdirSync(copies).sort()).toEqual([...foreign, ...made].sort())
    for (const name of foreign) expect(readFileSync(join(copies, name), 'utf8')).toBe('mine')
  })

  it.each([
    ['by age', { olderThan: '36h' }, ['0103', '0104']],
    ['by age and count, where both let it', { olderThan: '36h', keep: 3 }, ['0102', '0103', '0104']],
    ['not at all unless told to', {}, ['0101', '0102', '0103', '0104']],
  ])('is rotated %s', async (_, rule, kept) => {
    const time = clock(Date.parse('2026-01-01T03:00:00Z'))
    const { schedules, directory } = await rig({ now: time.now, schedules: [{ ...spec, ...rule }] })
    for (let day = 0; day < 4; day++) {
      await schedules.run('nightly')
      time.forward(DAY)
    }
    const days = readdirSync(join(directory, 'copies')).map((name) =>
      name.slice('holdfast-nightly-2026'.length).slice(0, 4),
    )
    expect(days.sort()).toEqual(kept)
  })

  it('stays the newest one although the clock went back', async () => {
    const time = clock(Date.parse('2026-01-09T03:00:00Z'))
    const { schedules, directory } = await rig({ now: time.now, schedules: [{ ...spec, keep: 1 }] })
    await schedules.run('nightly')
    time.forward(-7 * DAY)
    await schedules.run('nightly')
    expect(readdirSync(join(directory, 'copies'))).toEqual(['holdfast-nightly-20260102T030000000Z.db'])
  })

  it('that does not verify is told to webhooks, and leaves the older ones', async () => {
    let isBad = false
    const { schedules, directory, news, warnings } = await rig({
      schedules: [{ ...spec, keep: 1 }],
      parts: {
        async backup(_, file) {
          writeFileSync(file, 'a copy')
          const problems = isBad ? [{ namespace: 'default', version: 7, message: 'its row was edited' }] : []
          return { file, bytes: 0, versions: 1, history: 0, heads: {}, ok: !isBad, problems }
        },
      },
    })
    await schedules.run('nightly')
    const before = readdirSync(join(directory, 'copies'))
    isBad = true
    const run = await schedules.run('nightly')
    const reason = 'the copy does not verify: its row was edited; run holdfast verify'
    expect(run).toMatchObject({ outcome: 'failed', detail: reason })
    expect(news).toEqual([{ kind: 'backup-failed', namespace: null, schedule: 'nightly', reason }])
    expect(warnings).toContain(`schedule nightly failed: ${reason}`)
    expect(readdirSync(join(directory, 'copies'))).toEqual(before)
  })

  it('that has nowhere to go fails and says where', async () => {
    const directory = folder()
    write(directory, 'copies', 'a file, not a folder')
    const { schedules, news } = await rig({ directory, schedules: [spec] })
    const run = await schedules.run('nightly')
    expect(run).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('copies') })
    expect(news).toMatchObject([{ kind: 'backup-failed', schedule: 'nightly' }])
  })
})

describe('upkeep', () => {
  it('forgets at the start what is past its time, and nothing else', async () => {
    const directory = folder()
    const before = await rig({ directory, schedules: [] })
    await before.config.update('a', { n: 1 })
    const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
    const record = { owner: 'alice', requestHash: 'h', answer: '{}' }
    for (const [key, age] of [
      ['old', 25 * HOUR],
      ['new', 23 * HOUR],
    ] as const) {
      await before.store.once.insert('default', { ...record, key, createdAt: ago(age) })
      const at = ago(age)
      await before.store.instances.save('default', {
        id: key,
        host: 'h',
        version: 1,
        startVersion: 1,
        startedAt: at,
        reportedAt: at,
        reportedBy: 'alice',
      })
    }
    for (const age of [91 * DAY, 1]) {
      const run = await before.store.schedules.begin('x', ago(age), 'alice')
      await before.store.schedules.end(run, 'done', 1, null)
    }
    await before.close()
    const { store } = await rig({ directory, schedules: [] })
    await until(async () => (await store.once.find('default', 'alice', 'old')) === undefined)
    await until(async () => (await store.instances.list('default')).length === 1)
    expect(await store.once.find('default', 'alice', 'new')).toBeDefined()
    expect((await store.instances.list('default'))[0]!.id).toBe('new')
  })
})

describe('a line of the cron table', () => {
  it.each<ScheduleSpec>([
    {
      name: 'nightly',
      task: 'backup',
      cron: '0 3 * * *',
      timezone: 'Europe/Berlin',
      keep: 7,
      olderThan: '30d',
      directory: 'b',
    },
    { name: 'a.b_c-1', task: 'purge', cron: '@weekly', olderThan: '90d', keep: 0, namespaces: ['tacacs-*'] },
    { name: 'x', task: 'snapshot', cron: '*/30 0 3 * * MON-FRI', baseline: true },
    { name: 'leap', task: 'check-drift', cron: '0 0 29 2 *' },
  ])('is read as it is: %j', (spec) => {
    expect(checkSchedule({ ...spec })).toEqual(spec)
  })

  const line = { name: 'nightly', task: 'check-drift', cron: '0 3 * * *' }
  it.each<readonly [string, unknown]>([
    ['schedule', 'nightly'],
    ['schedule', null],
    ['schedule', { ...line, every: '5m' }],
    ['name', { ...line, name: undefined }],
    ['name', { ...line, name: 'a/b' }],
    ['name', { ...line, name: 'x'.repeat(64) }],
    ['task', { ...line, task: 'reboot' }],
    ['task', { ...line, task: 'constructor' }],
    ['cron', { ...line, cron: undefined }],
    ['cron', { ...line, cron: 5 }],
    ['cron', { ...line, cron: '' }],
    ['cron', { ...line, cron: '61 * * * *' }],
    ['cron', { ...line, cron: '* * * *' }],
    ['cron', { ...line, cron: '0 0 0 1 1 * 2027' }],
    ['cron', { ...line, cron: '2027-01-01T00:00:00' }],
    ['cron', { ...line, cron: '0 0 31 2 *' }],
    ['cron', { ...line, cron: '@reboot' }],
    ['cron', { ...line, cron: `0 3 * * ${'1,'.repeat(5000)}1` }],
    ['timezone', { ...line, timezone: 'Mars/Olympus' }],
    ['timezone', { ...line, timezone: 2 }],
    ['namespaces', { ...line, namespaces: [] }],
    ['namespaces', { ...line, namespaces: ['A'] }],
    ['olderThan', { ...line, olderThan: '90d' }],
    ['olderThan', { ...line, task: 'purge' }],
    ['olderThan', { ...line, task: 'purge', olderThan: '90' }],
    ['olderThan', { ...line, task: 'purge', olderThan: '999999999y' }],
    ['keep', { ...line, task: 'backup', keep: 0 }],
    ['keep', { ...line, task: 'backup', keep: 1.5 }],
    ['keep', { ...line, task: 'purge', olderThan: '1d', keep: -1 }],
    ['directory', { ...line, task: 'backup', directory: '' }],
    ['directory', { ...line, task: 'backup', directory: 'a\0b' }],
    ['directory', { ...line, directory: 'x' }],
    ['baseline', { ...line, task: 'snapshot', baseline: 'yes' }],
    ['namespaces', { ...line, task: 'backup', namespaces: ['a'] }],
  ])('is refused for its %s: %j', async (what, value) => {
    const good = { name: 'good', task: 'check-drift', cron: '@daily' }
    const error = await refusal((async () => checkSchedules([good, value]))())
    expect(error).toMatchObject({ code: 'malformed', details: { what } })
    expect(error.message).toMatch(/^schedules, entry 2: /)
    expect(error.message.length).toBeLessThan(1000)
  })

  it('is refused where another has its name, and keeps the rest from beginning', async () => {
    const spec: ScheduleSpec = { name: 'twice', task: 'check-drift', cron: '@daily' }
    expect(await refusal((async () => checkSchedules([spec, spec]))())).toMatchObject({ code: 'malformed' })
    expect(await refusal(rig({ schedules: [spec, spec] }))).toMatchObject({ code: 'malformed' })
  })
})
