import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { finish, initialised, start, type Workspace } from './harness.ts'
import { ServerProcess, said } from './server.ts'

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts')

let at: Workspace
const running: ServerProcess[] = []
beforeEach(async () => {
  at = await initialised()
})
afterEach(async () => {
  for (const server of running.splice(0)) if (server.child.exitCode === null) await server.stop('SIGKILL')
  at.remove()
})

async function passing(starting: Promise<ServerProcess>): Promise<ServerProcess> {
  const server = await starting
  running.push(server)
  return server
}

const serving = (env: Readonly<Record<string, string>>): Promise<ServerProcess> =>
  passing(ServerProcess.start(at.root, [], env))

const has = (program: string): boolean => spawnSync(program, ['--help']).error === undefined

describe('TLS', () => {
  it('is spoken with the certificate of the files', async () => {
    if (!has('openssl')) return
    const made = spawnSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        'key.pem',
        '-out',
        'cert.pem',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
        '-days',
        '2',
      ],
      { cwd: at.root },
    )
    expect(made.status).toBe(0)
    const server = await serving({ HOLDFAST_TLS_CERT_FILE: 'cert.pem', HOLDFAST_TLS_KEY: 'key.pem' })
    expect(server.url).toMatch(/^https:/)
    const env = { ...server.env, NODE_EXTRA_CA_CERTS: at.path('cert.pem') }
    const got = await finish(start(['get', 'server.port'], at.root, env))
    expect(got).toMatchObject({ status: 0, out: '4949\n' })
    writeFileSync(at.path('key.pem'), 'broken')
    server.child.kill('SIGHUP')
    await said(server, 'what was good stays')
    expect(await finish(start(['get', 'server.port'], at.root, env))).toMatchObject({ status: 0 })
  })
})

describe('a passed socket', () => {
  it('is listened on instead of host and port', async () => {
    const socket = createServer()
    await new Promise<void>((done) => socket.listen(0, '127.0.0.1', done))
    const { port } = socket.address() as AddressInfo
    const server = await passing(ServerProcess.of(withSocket(socket, at.root)))
    socket.close()
    expect(server.url).toBe(`http://127.0.0.1:${port}`)
    expect((await at.run('get server.port', { env: server.env })).out).toBe('4949\n')
    expect(await server.stop()).toMatchObject({ status: 0 })
  })

  it('comes from systemd as well', async () => {
    if (!has('systemd-socket-activate')) return
    const probe = createServer()
    await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done))
    const { port } = probe.address() as AddressInfo
    await new Promise((done) => probe.close(done))
    const activator = spawn(
      'systemd-socket-activate',
      ['-l', `127.0.0.1:${port}`, '-E', 'HOME', '-E', 'PATH', process.execPath, MAIN, 'serve', '--port', '1'],
      { cwd: at.root, env: { PATH: process.env['PATH'], HOME: at.root } },
    )
    const server = passing(ServerProcess.of(activator))
    await untilOpen(port)
    connect(port, '127.0.0.1')
      .on('error', () => undefined)
      .end()
    expect((await server).url).toBe(`http://127.0.0.1:${port}`)
  })
})

describe('a service manager', () => {
  it('is told when the server is ready, and when it stops', async () => {
    if (!has('systemd-notify') || !has('python3')) return
    const manager = spawn('python3', ['-u', '-c', MANAGER, at.path('notify.sock')])
    const heard: string[] = []
    manager.stdout.on('data', (chunk) => heard.push(String(chunk)))
    await once(manager.stdout, 'data')
    const server = await serving({ NOTIFY_SOCKET: at.path('notify.sock') })
    await until(() => heard.join('').includes('READY=1'))
    expect(heard.join('')).toContain(`STATUS=listening on ${server.url}`)
    const { err } = await server.stop()
    expect(err).not.toContain('could not be told')
    await until(() => heard.join('').includes('STOPPING=1'))
    manager.kill()
  })

  it('that cannot be told does not keep the server from its work', async () => {
    const server = await serving({ NOTIFY_SOCKET: at.path('nobody.sock') })
    expect((await at.run('get server.port', { env: server.env })).out).toBe('4949\n')
    expect((await server.stop()).err).toContain('the service manager could not be told')
  })
})

/** Receives what services tell, as systemd does; the descriptor that comes with a barrier is closed, which lets its sender go on. */
const MANAGER = `
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening')
while True:
    text, parts, _, _ = s.recvmsg(4096, socket.CMSG_SPACE(4 * 16))
    for level, kind, data in parts:
        if kind == socket.SCM_RIGHTS:
            for fd in array.array('i', data[:len(data) - len(data) % 4]):
                os.close(fd)
    print(text.decode())
`

/** The program with a listening socket as its descriptor 3, by systemd's protocol: the shell becomes the program, so the pid is its own. */
function withSocket(socket: Server, folder: string) {
  const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle
  return spawn(
    'sh',
    ['-c', `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, process.execPath, MAIN, 'serve', '--port', '1'],
    {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe', fd],
    },
  )
}

function until(claim: () => boolean): Promise<void> {
  return new Promise((done) => {
    const timer = setInterval(() => {
      if (!claim()) return
      clearInterval(timer)
      done()
    }, 10)
  })
}

async function untilOpen(port: number): Promise<void> {
  // Any connection would begin the service: the kernel's own list of sockets is asked instead.
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  await until(() => readFileSync('/proc/net/tcp', 'utf8').includes(`0100007F:${hex} 00000000:0000 0A`))
}
