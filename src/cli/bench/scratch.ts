import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from '../../model/admin.ts'
import { HoldfastError } from '../../model/errors.ts'
import { authoriseStore, matches } from '../../model/principal.ts'
import type { Printer } from '../print.ts'

const TRIES = 30
const PAUSE_MS = 1000

export interface ScratchOptions {
  readonly admin: Admin
  readonly namespace: string
  readonly actor: string | undefined
  readonly print: Printer
}

/** Makes the namespace, which must not be there, runs the work, and deletes it again, whatever became of the work. */
export async function inScratch<T>(options: ScratchOptions, work: () => Promise<T>): Promise<T> {
  const { admin, namespace, actor, print } = options
  await requireAdmin(admin)
  await refuseWebhooks(admin, namespace)
  await admin.createNamespace(namespace, actor === undefined ? {} : { actor })
  let isGone = false
  const end = async (): Promise<void> => {
    await remove(admin, namespace)
    isGone = true
  }
  try {
    const result = await work()
    await end()
    return result
  } catch (error) {
    if (!isGone) await end().catch(() => undefined)
    if (!isGone) print.warn(`${namespace} is still there; "holdfast namespace delete ${namespace}" takes it away`)
    throw error
  }
}

/** Said before anything is made: a token that may not make a namespace may not delete it either. */
async function requireAdmin(admin: Admin): Promise<void> {
  const who = await admin.whoami()
  try {
    authoriseStore({ ...who, sourceIp: null }, 'admin')
  } catch (error) {
    if (!HoldfastError.is(error, 'forbidden')) throw error
    const mend =
      'holdfast bench makes a namespace and deletes it: use a token with the scope admin for all namespaces (*).'
    throw new HoldfastError('forbidden', `${error.message}\n${mend}`, error.details, { cause: error })
  }
}

/** Nobody is to be sent thousands of messages of changes that mean nothing. */
async function refuseWebhooks(admin: Admin, namespace: string): Promise<void> {
  const told = (await admin.webhooks.list()).filter(
    ({ isEnabled, kinds, namespaces }) =>
      isEnabled && kinds.includes('change') && namespaces.some((pattern) => matches(pattern, namespace)),
  )
  if (told.length === 0) return
  const names = told.map(({ name }) => name).join(', ')
  throw new HoldfastError(
    'forbidden',
    `the changes of ${namespace} would be sent to ${told.length === 1 ? 'the webhook' : 'the webhooks'} ${names}.\n` +
      'Disable them meanwhile, or limit them to the namespaces they are meant for.',
    { action: 'config:write', namespace },
  )
}

/** A server that is busy with what was asked of it a moment ago has time again soon. */
async function remove(admin: Admin, namespace: string): Promise<void> {
  for (let left = TRIES; ; left--) {
    try {
      return await admin.deleteNamespace(namespace)
    } catch (error) {
      if (HoldfastError.is(error, 'not-found')) return // an answer was lost, and the namespace is gone
      const isPassing = HoldfastError.is(error, 'rate-limited') || HoldfastError.is(error, 'unavailable')
      if (!isPassing || left === 0) throw error
      await sleep(PAUSE_MS)
    }
  }
}
