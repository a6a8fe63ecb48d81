import { connect, connectAdmin, type Grant, type RemoteAdmin, type RemoteConfig } from '../../src/client.ts'
import type { DemoServer } from './server.ts'

export const PROD = 'tacacs-prod'
export const TEST = 'tacacs-test'

/** Somebody who changes things: a token of their own, and both namespaces as that token may reach them. */
export interface Person {
  readonly token: string
  readonly prod: RemoteConfig
  readonly test: RemoteConfig
}

/** Everybody of the story, as the server knows them. */
export interface People extends AsyncDisposable {
  readonly admin: RemoteAdmin
  readonly ana: Person
  readonly bo: Person
  readonly deploy: Person
  /** Of the processes that run on the configuration. */
  readonly service: string
  /** Of one who may look at two sections, and change nothing. */
  readonly monitor: string
  /** Of one who was here for a moment: it has expired by the time it is tried. */
  readonly guest: string
}

const GUEST_MS = 1000

const BOTH = { namespaces: ['tacacs-*'] }
const WRITE: Grant = { actions: ['config:read', 'config:write'], ...BOTH }

/** Makes the tokens, the way an administrator does, with the one that the first start has shown. */
export async function introduce({ url, token }: DemoServer): Promise<People> {
  await using first = await connectAdmin({ url, token })
  const tokenOf = async (name: string, grants: readonly Grant[], expiresAt?: string): Promise<string> =>
    (await first.tokens.create({ name, grants, ...(expiresAt !== undefined && { expiresAt }) })).text

  const ends = new Date(Date.now() + GUEST_MS).toISOString()
  const guest = await tokenOf('guest', [{ actions: ['config:read'], namespaces: [TEST] }], ends)
  const monitor = await tokenOf('monitor', [
    { actions: ['config:read'], namespaces: [PROD], sections: ['server', 'metrics'] },
  ])
  const service = await tokenOf('tacacs', [{ actions: ['config:read', 'secrets:read'], namespaces: [PROD] }])
  const ana = await meet(url, await tokenOf('ana', [{ actions: ['admin'], namespaces: ['*'] }]))
  const bo = await meet(url, await tokenOf('bo', [WRITE, { actions: ['secrets:read', 'audit:read'], ...BOTH }]))
  const deploy = await meet(url, await tokenOf('deploy', [WRITE]))
  const admin = await connectAdmin({ url, token: ana.token })
  return {
    ...{ admin, ana, bo, deploy, service, monitor, guest },
    async [Symbol.asyncDispose]() {
      await Promise.all([ana, bo, deploy].flatMap(({ prod, test }) => [prod.close(), test.close()]))
      await admin.close()
    },
  }
}

async function meet(url: string, token: string): Promise<Person> {
  const options = { url, token, instance: false, follow: false, reveal: false } as const
  const [prod, test] = await Promise.all([
    connect({ ...options, namespace: PROD }),
    connect({ ...options, namespace: TEST }),
  ])
  return { token, prod, test }
}
