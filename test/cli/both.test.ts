import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { initialised, type Ran, type Workspace } from './harness.ts'
import { ServerProcess } from './server.ts'

/**
 * Two workspaces begin alike: one is worked on through a server, the other by its store. Whatever is done to both is told alike, apart from
 * times, paths, sizes and what is drawn by lot.
 */
const ENV = { HOLDFAST_KEY: Buffer.alloc(32, 7).toString('base64') }

let served: Workspace
let plain: Workspace
let server: ServerProcess
let env: Readonly<Record<string, string>>
beforeAll(async () => {
  const [one, other] = await Promise.all([begin(), begin()])
  served = one.workspace
  plain = other.workspace
  server = one.server
  env = { ...ENV, ...server.env, HOLDFAST_TOKEN: one.token }
  await other.server.stop()
})
afterAll(async () => {
  await server.stop()
  served.remove()
  plain.remove()
})

/** A workspace that was served, with the token of one who may do everything. */
async function begin() {
  const workspace = await initialised(ENV)
  const process = await ServerProcess.start(workspace.root, [], ENV)
  const argv = 'token create ops --scope admin --namespace-pattern *'
  const made = await workspace.run(argv, { env: { ...ENV, ...process.env } })
  return { workspace, server: process, token: made.out.trim() }
}

interface Pair {
  readonly remote: Ran
  readonly local: Ran
}

async function both(typed: string): Promise<Pair> {
  const argv = [...typed.split(' '), '--json']
  // A file of the store's machine does not exist for a client: both sides are given one by standard input.
  const remote = await served.run(argv, { env, folder: 'config' })
  const local = await plain.run([...argv, '--actor', 'ops'], { env: ENV, folder: 'config' })
  return { remote, local }
}

/** In this order: what one leaves is what the next finds. */
const TYPED = [
  'get',
  'get server.port',
  'get ldap',
  'get ldap.bind_password --reveal',
  'get server --format yaml',
  'set server.port=5050 --reason proxy',
  'set server.port=5050',
  'set auth.cache_ttl=99 auth.note=x --reason two --comment more',
  'set ldap.bind_password=hunter2 --reason secret',
  'get ldap.bind_password --reveal',
  'get server.port --at 1',
  'unset auth.note --reason no',
  'mask auth.fallback --dry-run',
  'mask auth.fallback --reason finding',
  'explain server.port',
  'explain ldap.bind_password',
  'explain server.port --at 1',
  'blame',
  'blame server',
  'drift',
  'drift server --detail',
  'drift --kind baseline --detail',
  'drift --kind instance',
  'drift --exit-code',
  'instances',
  'validate',
  'validate server.port=99999',
  'validate server.port=6000',
  'history',
  'history --section server --key port',
  'history --by ops --since 1h',
  'versions',
  'versions --limit 2',
  'show latest',
  'show baseline',
  'show 2 --format json',
  'compare baseline latest',
  'compare 1 3 --format json-patch',
  'compare 1 2 --exit-code',
  'snapshot -m agreed --tag agreed',
  'tag 2 release-7',
  'tag release-7 release-7 --delete',
  'baseline latest',
  'revert 2 --dry-run',
  'revert 2 --reason undo',
  'restore agreed --dry-run',
  'restore 1 --section server --reason back',
  'restore agreed --mode overrides --reason again',
  'verify',
  'verify -n default',
  'stats',
  'purge --older-than 90d --dry-run',
  'backup copy.db',
  'namespace create spare',
  'namespace list',
  'namespace delete spare --yes',
  'schedules',
  'token create web -n default --scope config:read,config:write --section server --expires 90d',
  'token rotate web --overlap 1h',
  'token list',
  'token revoke web',
  'webhook create chat https://hooks.example.com/x --kind change --namespace-pattern default --section server',
  'webhook list',
  'webhook disable chat',
  'webhook enable chat',
  'webhook test chat',
  'webhook rotate chat',
  'webhook delete chat --yes',
  'audit --event token-created',
  'audit --event purged',
]

/** Refusals: the same words, the same exit status. */
const REFUSED = [
  'get nowhere.to.be',
  'get "',
  'set server.port=99999',
  'set server.prot=1',
  'set server.port=1 --if-version 1',
  'unset',
  'show 999',
  'show nonsense',
  'tag 1 latest',
  'restore 999',
  'revert 1',
  'get -n nowhere',
  'namespace delete nowhere --yes',
  'namespace create default',
  'token rotate nobody',
  'token revoke nobody',
  'token create ops --scope admin',
  'token create x --scope everything',
  'webhook test nobody',
  'webhook create x ftp://example.com',
  'schedules run nothing',
  'purge',
  'history --cursor garbage',
]

/** What cannot be compared, and where it is tried instead. */
const ELSEWHERE = [
  'whoami',
  'init',
  'serve',
  'watch',
  'key',
  'migrate-store',
  'completion',
  'help',
  'complete',
  'bench',
]

describe('a command', () => {
  it.each(TYPED)('tells the same of a server and of a store: %s', async (typed) => {
    const { remote, local } = await both(typed)
    expect({ status: remote.status, err: plainly(remote.err) }).toEqual({
      status: local.status,
      err: plainly(local.err),
    })
    expect(told(remote.out, typed)).toEqual(told(local.out, typed))
  })

  it.each(REFUSED)('is refused alike: %s', async (typed) => {
    const { remote, local } = await both(typed)
    expect(remote.out).toBe('')
    expect(remote.status).toBe(local.status)
    expect(refusal(remote.err)).toEqual(refusal(local.err))
  })

  it('tells who asks: a token on a server, the holder of the file at a store', async () => {
    const { remote, local } = await both('whoami')
    const everywhere = expect.objectContaining({ namespaces: ['*'], actions: expect.arrayContaining(['admin']) })
    const shared = { name: 'ops', expiresAt: null, grants: [everywhere] }
    expect(JSON.parse(remote.out)).toEqual({ ...shared, tokenId: expect.any(String) })
    expect(JSON.parse(local.out)).toEqual({ ...shared, tokenId: null })
  })

  it('tells of growth only where a server watches the store', async () => {
    const { out } = await served.run(['stats'], { env, folder: 'config' })
    expect(out).toMatch(/\ngrowth +[+−][\d.]+ \w+ in the last hour, [+−][\d.]+ \w+ in the last day\n/)
    expect((await plain.run(['stats'], { env: ENV, folder: 'config' })).out).not.toContain('growth')
  })

  it('is tried on both, whichever there is', () => {
    const tried = new Set(TYPED.map((typed) => typed.split(' ')[0]))
    expect(
      COMMANDS.map(({ name }) => name)
        .filter((name) => !tried.has(name))
        .sort(),
    ).toEqual([...ELSEWHERE].sort())
  })
})

/** Fields that are drawn by lot, belong to one machine, or tell who came over HTTP. */
const OWN =
  /^(?:chainHash|heads|store|file|sourceIp|lastUsed(?:At|Ip)|tokenId|requestId|bytes|freeBytes|walBytes|documentBytes|growth|text|secret)$/
const DRAWN = /\b(?:(?:wh|msg)_[0-9a-f]{32}|(?=[a-z]*[0-9A-Z])[0-9A-Za-z]{11})\b/g
const TIME = /\d{4}-\d\d-\d\d[T ][\d:.]+Z/g

const plainly = (text: string): string => text.replace(TIME, '<time>').replace(DRAWN, '<drawn>')

function told(out: string, typed: string): unknown {
  return JSON.parse(out, (key, value: unknown) => {
    if (OWN.test(key) || (key === 'id' && typed.startsWith('audit'))) return `<${key}>`
    return typeof value === 'string' ? plainly(value) : value
  })
}

function refusal(err: string): unknown {
  const { error } = JSON.parse(err) as { error: { code: string; details: unknown } }
  return { code: error.code, details: error.details }
}
