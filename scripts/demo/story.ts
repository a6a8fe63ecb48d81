import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, connectAdmin, type ErrorCode, HoldfastError } from '../../src/client.ts'
import { type People, PROD, TEST } from './people.ts'
import type { Receiver } from './receiver.ts'
import type { DemoServer } from './server.ts'

/** Where the story happens. */
export interface Stage {
  readonly server: DemoServer
  readonly people: People
  readonly receiver: Receiver
  readonly folder: string
}

/** Some weeks of a team's work within seconds, through the API as they would do it: what is refused in it is meant to be. */
export async function tell(stage: Stage): Promise<void> {
  await tellWhom(stage)
  await agree(stage.people)
  await work(stage.people)
  await tryInTest(stage.people)
  await moveTheGround(stage)
  await knock(stage)
  await keepTime(stage)
}

/** A chat that hears of everything, and a pager that nobody answers any more. */
async function tellWhom({ people: { admin }, receiver }: Stage): Promise<void> {
  await admin.webhooks.create({ name: 'chat', url: `${receiver.url}/chat` })
  await admin.webhooks.create({ name: 'pager', url: `${receiver.url}/pager`, namespaces: [PROD], kinds: ['change'] })
}

async function agree({ ana, deploy }: People): Promise<void> {
  await ana.prod.update('server', { port: 5050 }, { reason: 'port for the load balancer' })
  await deploy.prod.update('limits', { connections: 2500, per_device: 32 }, { reason: 'devices of the new hall' })
  await ana.prod.versions.create({ description: 'agreed with the network team', tags: ['release-7'], baseline: true })
  await deploy.prod.change({
    set: { tls: { enabled: true }, server: { workers: 12 } },
    reason: 'TLS for the devices',
    comment: 'change 4711',
  })
  await ana.prod.versions.restore('release-7', { reason: 'the branches speak no TLS 1.3 yet' })
}

async function work({ ana, bo, deploy }: People): Promise<void> {
  await bo.prod.update('auth', { backends: 'local,ldap', cache_ttl: 300 }, { reason: 'the directory is up again' })
  await bo.prod.update('ldap', { bind_password: 'rotated-and-still-not-real' }, { reason: 'rotated with its team' })
  await ana.prod.change({ mask: ['flags.proxy-protocol'], reason: 'the new load balancer does not speak it' })
  await deploy.prod.change({ set: { logging: { rotate_mb: 250 }, radius: { retries: 4 } }, reason: 'release 8' })
  await bo.prod.update('server', { log_level: 'DEBUG' }, { reason: 'tracing login failures', comment: 'until Friday' })
  const mistake = await deploy.prod.update('passwords', { expire_days: 0 }, { reason: 'release 8, part two' })
  await ana.prod.versions.revert(mistake.version!.id, { reason: 'passwords expire: the policy says so' })
  await deploy.prod.update('accounting', { sinks: [{ kind: 'syslog', facility: 'local5' }] }, { reason: 'release 8' })
  await ana.prod.versions.tag('latest', 'release-8')
}

async function tryInTest({ bo, deploy }: People): Promise<void> {
  await bo.test.update('tls', { enabled: true, minimum_version: '1.2' }, { reason: 'do the branches speak 1.2?' })
  await bo.test.update('limits', { requests_per_second: 50 }, { reason: 'what happens when it is tight' })
  await bo.test.versions.create({ description: 'what the load test runs on', tags: ['load-test'], baseline: true })
  await deploy.test.update('limits', { requests_per_second: 5000 }, { reason: 'the load test' })
  await deploy.test.update('metrics', { latency_buckets: [0.001, 0.01, 0.1, 1] }, { reason: 'finer near zero' })
}

/** A colleague merges a change of the file under all that: one override stands on what has moved, one says what the file says, one hangs in the air. */
async function moveTheGround({ people: { ana }, folder }: Stage): Promise<void> {
  const file = join(folder, 'tacacs.conf')
  const edits = [
    ['port = 4949', 'port = 6000'],
    ['rotate_mb = 100', 'rotate_mb = 250'],
    ['retries = 2\n', ''],
  ] as const
  let text = readFileSync(file, 'utf8')
  for (const [before, after] of edits) {
    if (!text.includes(before)) throw new Error(`tacacs.conf has no ${JSON.stringify(before)}`)
    text = text.replace(before, after)
  }
  writeFileSync(file, text)
  await ana.prod.reload()
}

/** What the audit log is for. */
async function knock({ server: { url }, people: { bo, monitor, guest } }: Stage): Promise<void> {
  await using curious = await connect({ url, token: bo.token, namespace: PROD, ...BRIEF, reveal: true })
  await curious.explain('ldap.bind_password', { reveal: true })
  await refused('invalid', bo.prod.update('server', { port: 99_999 }))
  await using looker = await connect({ url, token: monitor, namespace: PROD, ...BRIEF })
  await refused('forbidden', looker.update('server', { log_level: 'ERROR' }))
  await refused('forbidden', connect({ url, token: monitor, namespace: TEST, ...BRIEF }))
  await using nosy = await connectAdmin({ url, token: monitor })
  await refused('forbidden', nosy.tokens.list())
  await whenExpired(url, guest)
  await refused('unauthenticated', connect({ url, token: `${guest}x`, namespace: TEST, ...BRIEF }))
}

const BRIEF = { instance: false, follow: false } as const

async function whenExpired(url: string, token: string): Promise<void> {
  await using late = await connectAdmin({ url, token })
  for (;;) {
    try {
      await late.whoami()
      await sleep(50)
    } catch (error) {
      if (HoldfastError.is(error, 'unauthenticated')) return
      throw error
    }
  }
}

async function refused(code: ErrorCode, asked: Promise<unknown>): Promise<void> {
  const error = await asked.then(
    () => undefined,
    (found: unknown) => found,
  )
  if (!HoldfastError.is(error, code)) throw new Error(`this was to be refused as ${code}`, { cause: error })
}

/** Timed work, asked for instead of waited for; one run of it fails. And a copy made by hand. */
async function keepTime({ people: { admin } }: Stage): Promise<void> {
  for (const name of ['nightly', 'offsite', 'tidy', 'drift', 'sources']) await admin.schedules.run(name)
  const { name } = await admin.backups.create()
  await admin.backups.verify(name)
  const [chat] = await admin.webhooks.list()
  await admin.webhooks.test(chat!.id)
}
