import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { INI, initialised, Workspace } from './harness.ts'
import { ServerProcess, said } from './server.ts'

let at: Workspace
const running: ServerProcess[] = []
beforeEach(async () => {
  at = await initialised()
})
afterEach(async () => {
  for (const server of running.splice(0)) if (server.child.exitCode === null) await server.stop('SIGKILL')
  at.remove()
})

async function serving(
  argv: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const server = await ServerProcess.start(at.root, argv, env)
  running.push(server)
  return server
}

describe('holdfast serve', () => {
  it('shows the first token once, never in its log, and none at the second start', async () => {
    const first = await serving()
    expect(first.token).toMatch(/^hf_\w+$/)
    const { status, out, err } = await first.stop()
    expect({ status, out }).toEqual({ status: 0, out: '' })
    expect(err.split(first.token!).length).toBe(2)
    const log = err.split('\n').filter((line) => line.startsWith('{'))
    expect(log.map((line) => JSON.parse(line).msg)).toEqual(expect.arrayContaining(['listening', 'stopped']))
    expect(log.join('\n')).not.toContain('hf_')
    const second = await serving()
    expect(second.token).toBeUndefined()
    const env = { HOLDFAST_SERVER: second.url, HOLDFAST_TOKEN: first.token! }
    expect(await at.json('whoami', { env })).toMatchObject({ name: 'admin' })
    expect((await second.stop()).err).not.toContain('hf_')
  })

  it('makes a store that is not there yet', async () => {
    const fresh = new Workspace()
    const server = await ServerProcess.start(fresh.root)
    expect(await fresh.json('namespace list', { env: server.env })).toEqual([])
    expect(await server.stop()).toMatchObject({ status: 0 })
    fresh.remove()
  })

  it('lets a request under way end before it ends itself, and waits for no other', async () => {
    const server = await serving(['--drain', '1h'])
    const asked = await underWay(server)
    const answered = once(asked, 'response')
    const ended = server.stop()
    await closedToOthers(server.url)
    asked.end('{"set":{"server":{"port":5050}}}')
    const [response] = (await answered) as [{ readonly statusCode: number; resume(): void }]
    response.resume()
    expect(response.statusCode).toBe(201)
    expect(await ended).toMatchObject({ status: 0, signal: null })
    expect((await at.run('get server.port')).out).toBe('5050\n')
  })

  it('ends at once at the second signal', async () => {
    const server = await serving(['--drain', '1h'])
    const asked = await underWay(server)
    asked.on('error', () => undefined)
    const ended = server.stop()
    await closedToOthers(server.url)
    server.child.kill('SIGINT')
    expect(await ended).toMatchObject({ signal: 'SIGINT' })
  })

  it('reads its sources again at SIGHUP', async () => {
    const server = await serving()
    at.write('config/tacacs.ini', INI.replace('cache_ttl = 60', 'cache_ttl = 61'))
    server.child.kill('SIGHUP')
    await said(server, 'were read again')
    expect((await at.run('get auth.cache_ttl', { env: server.env })).out).toBe('61\n')
  })

  it('loads the environment of its namespaces, being the process that runs the service', async () => {
    at.write('holdfast.yaml', 'namespaces: {envy: {sources: [{ env: { prefix: APP_ } }]}}')
    const server = await serving([], { APP_SERVER__NAME: 'from-env' })
    expect((await at.run('get server.name -n envy', { env: server.env })).out).toBe('from-env\n')
  })

  it('says where a port was said that is taken, and ends with 1', async () => {
    const other = createServer()
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
    const port = String((other.address() as AddressInfo).port)
    const ran = await at.run('serve', { env: { HOLDFAST_PORT: port } })
    other.close()
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toMatch(
      /cannot listen on 127\.0\.0\.1:\d+.*\nAnother process listens there.*port is said by HOLDFAST_PORT/,
    )
  })

  it.each<[string, readonly string[], Readonly<Record<string, string>>, number, string]>([
    ['a port that is none', ['--port', 'x'], {}, 64, '--port: "x" does not fit'],
    ['a variable that does not fit', [], { HOLDFAST_DRAIN: 'x' }, 64, 'HOLDFAST_DRAIN: "x" does not fit'],
    ['an open address without TLS', ['--host', '0.0.0.0'], {}, 64, 'insecure'],
    ['a certificate that is not there', ['--tls-cert', 'no.pem', '--tls-key', 'no.pem'], {}, 1, 'no.pem'],
    ['a proxy that is no address', ['--trust-proxy', 'nonsense'], {}, 64, 'nonsense'],
    ['a flag that there is not', ['--tls-crt', 'x'], {}, 64, 'Did you mean --tls-cert?'],
  ])('refuses %s', async (_, argv, env, status, message) => {
    const ran = await at.run(['serve', ...argv], { env })
    expect(ran).toMatchObject({ status, out: '', err: expect.stringContaining(message) })
  })

  it('refuses a schedule with its place in holdfast.yaml', async () => {
    at.write('holdfast.yaml', "schedules:\n  nightly: { cron: 'soon', task: backup }\n")
    const ran = await at.run('serve')
    expect(ran).toMatchObject({ status: 1, err: expect.stringMatching(/holdfast\.yaml:2:\d+: schedule nightly: cron/) })
  })
})

/** A change whose head the server has, and whose body it waits for. */
async function underWay({ url, token }: ServerProcess) {
  const asked = request(`${url}/api/v1/namespaces/default/changes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', expect: '100-continue' },
    agent: new Agent({ keepAlive: true }),
  })
  asked.flushHeaders()
  await once(asked, 'continue')
  return asked
}

/** Waits until nobody can connect any more: the stop has begun. */
async function closedToOthers(url: string): Promise<void> {
  for (;;) if (!(await canConnect(Number(new URL(url).port)))) return
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.on('error', () => done(false))
  })
}
