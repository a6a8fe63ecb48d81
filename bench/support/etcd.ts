import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

export interface Etcd extends Disposable {
  readonly port: number
}

/** Starts Debian's `etcd-server` in `folder`; installs it where that is possible, and gives `undefined` where it is not. */
export async function startEtcd(folder: string): Promise<Etcd | undefined> {
  if (!isThere() && !install()) return undefined
  const [port, peer] = [await freePort(), await freePort()]
  const [url, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`]
  const child = spawn(
    'etcd',
    [
      ['--data-dir', folder],
      ['--listen-client-urls', url],
      ['--advertise-client-urls', url],
      ['--listen-peer-urls', peerUrl],
      ['--initial-advertise-peer-urls', peerUrl],
      ['--initial-cluster', `default=${peerUrl}`],
    ].flat(),
    { stdio: 'ignore', env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch } },
  )
  const end = once(child, 'exit')
  while (child.exitCode === null && !(await isHealthy(url))) await new Promise((resolve) => setTimeout(resolve, 100))
  if (child.exitCode !== null) return void (await end)
  return { port, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

const isThere = (): boolean => spawnSync('etcd', ['--version'], { stdio: 'ignore' }).status === 0

function install(): boolean {
  if (process.getuid?.() !== 0) return false
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const arguments_ = ['install', '-y', '-qq', '--no-install-recommends', 'etcd-server']
  return spawnSync('apt-get', arguments_, { stdio: 'ignore', env: environment }).status === 0 && isThere()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok
  } catch {
    return false
  }
}
