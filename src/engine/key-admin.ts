import type { Progress } from '../model/admin.ts'
import { isTransient } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { KeyList, KeyUse, PrunedKeys, Resealed } from '../model/key.ts'
import { operatingSystemUser } from './callers.ts'
import { findKeyNeeds, type KeyNeed } from './key-needs.ts'
import { type KeyRoom, requireReadable, resealAll } from './key-reseal.ts'
import { newKey, withKey, withoutKeys } from './key-text.ts'
import { type Key, type KeyPlace, keyPlace, readRing, refuseKey } from './keys.ts'
import { SILENT_INFO } from './namespace.ts'
import { openStore } from './open.ts'
import type { StoreOptions } from './options.ts'

export interface KeyOptions extends StoreOptions {
  /** Who does it; the operating-system user unless told otherwise. */
  readonly actor?: string
}

/** The keys of a store, for whoever has its file and theirs. Nothing here ever tells a key, only what it is called. */
export interface KeyAdmin extends AsyncDisposable {
  list(onProgress?: Progress): Promise<KeyList>
  /** Puts a new key in front of the ring, and encrypts everything in force under it. A crash in between is mended by doing it again. */
  rotate(): Promise<Resealed>
  /** Encrypts everything in force under the first key of the ring. */
  reseal(): Promise<Resealed>
  /** Takes out of the ring what nothing that is kept needs; `isMeant` is told what that is, and may refuse. */
  prune(request?: {
    readonly dryRun?: boolean
    readonly isMeant?: (ids: readonly string[]) => Promise<void>
  }): Promise<PrunedKeys>
  /** Writes the ring with a new key in front into a new file: for what gives the keys to this machine. */
  generate(file: string): Promise<KeyUse['id']>
}

/** Opens the keys of a store. */
export async function openKeys(options: KeyOptions = {}): Promise<KeyAdmin> {
  const store = await openStore(options)
  const room: KeyRoom = {
    store,
    options: {
      environment: options.environment ?? process.env,
      log: options.log ?? SILENT_INFO,
      now: options.now ?? (() => new Date()),
      actor: options.actor ?? operatingSystemUser(),
    },
  }
  return {
    list: (onProgress) => list(room, onProgress),
    rotate: () => rotate(room),
    reseal: () => reseal(room),
    prune: (request = {}) => prune(room, request),
    generate: (file) => generate(room, file),
    [Symbol.asyncDispose]: () => store.close(),
  }
}

const placeOf = ({ store, options: { environment } }: KeyRoom): KeyPlace =>
  keyPlace({ environment, directory: store.directory, isTransient: isTransient(store.name) })

const NOTHING: KeyNeed = Object.freeze({ secrets: 0, webhooks: 0, versions: 0 })

async function list(room: KeyRoom, onProgress?: Progress): Promise<KeyList> {
  const place = placeOf(room)
  const { keys } = readRing(place)
  const needs = await findKeyNeeds(room.store, onProgress)
  const known = keys.map(({ id, madeAt }, i) => ({
    id,
    role: i === 0 ? ('writing' as const) : ('reading' as const),
    madeAt,
    ...(needs.get(id) ?? NOTHING),
  }))
  const missing = [...needs].filter(([id]) => !keys.some((key) => key.id === id))
  const lost = missing.map(([id, need]) => ({ id, role: 'missing' as const, madeAt: null, ...need }))
  return { from: place.name, keys: [...known, ...lost] }
}

/** A first key that nothing was ever encrypted under is new already: somebody put it there, or a rotation was cut short. */
async function rotate(room: KeyRoom): Promise<Resealed> {
  const first = requireKey(room)
  const inForce = await requireReadable(room)
  const isUsed = inForce.has(first.id) || (await findKeyNeeds(room.store)).has(first.id)
  if (isUsed) await add(room, newKey(room.options.now()))
  return finish(room, isUsed)
}

async function add(room: KeyRoom, key: Key): Promise<void> {
  const place = placeOf(room)
  if (place.kind === 'variable') refuseKey(VARIABLE)
  const { changeKeyFile } = await import('./key-write.ts')
  await changeKeyFile(place.name, (text) => withKey(text, key))
  await note(room, key.id, 'added to the ring')
}

const VARIABLE =
  'the keys come from HOLDFAST_KEY, which no command can change for others: "holdfast key generate FILE" writes them into a file with a new one in front; give these to whatever sets HOLDFAST_KEY, start again what uses the store, then do "holdfast key reseal"'

async function reseal(room: KeyRoom): Promise<Resealed> {
  requireKey(room)
  await requireReadable(room)
  return finish(room, false)
}

async function finish(room: KeyRoom, isNew: boolean): Promise<Resealed> {
  const done = await resealAll(room)
  const isDone = done.webhooks > 0 || done.namespaces.some(({ version }) => version !== null)
  if (isDone) await note(room, done.key, 'everything in force is encrypted under it')
  return { ...done, isNew, from: placeOf(room).name }
}

async function prune(
  room: KeyRoom,
  { dryRun = false, isMeant }: Parameters<KeyAdmin['prune']>[0] & object,
): Promise<PrunedKeys> {
  const place = placeOf(room)
  const [first, ...others] = readRing(place).keys
  if (first === undefined) return { dropped: [], kept: [], from: place.name }
  const needs = await findKeyNeeds(room.store)
  const dropped = others.filter(({ id }) => !needs.has(id)).map(({ id }) => id)
  const kept = [first, ...others].map(({ id }) => id).filter((id) => !dropped.includes(id))
  if (dryRun || dropped.length === 0) return { dropped, kept, from: place.name }
  if (place.kind === 'variable') refuseKey(`${VARIABLE_PRUNED} ${dropped.join(', ')}`)
  await isMeant?.(dropped)
  const { changeKeyFile } = await import('./key-write.ts')
  await changeKeyFile(place.name, (text) => withoutKeys(text, new Set(dropped)))
  for (const id of dropped) await note(room, id, 'taken out of the ring')
  return { dropped, kept, from: place.name }
}

const VARIABLE_PRUNED =
  'the keys come from HOLDFAST_KEY, which no command can change for others: take these out where it is set, nothing that is kept needs them:'

async function generate(room: KeyRoom, file: string): Promise<string> {
  const { keys } = readRing(placeOf(room))
  const key = newKey(room.options.now())
  const { writeKeyFile } = await import('./key-write.ts')
  await writeKeyFile(file, [key, ...keys])
  return key.id
}

function requireKey(room: KeyRoom): Key {
  const place = placeOf(room)
  const [first] = readRing(place).keys
  if (first !== undefined) return first
  const what = `key in ${place.name}`
  const text = `there is no ${what} yet: one is made when a secret is first set. Where secrets were set before, put it back, or say HOLDFAST_KEY or HOLDFAST_KEY_FILE`
  throw new HoldfastError('not-found', text, { what })
}

async function note({ store, options: { now, actor } }: KeyRoom, id: string, detail: string): Promise<void> {
  const nobody = { tokenId: null, sourceIp: null, namespace: null, requestId: null }
  const entry = { event: 'key-changed' as const, at: now().toISOString(), who: actor, subject: id, detail, count: 1 }
  await store.auditLog.append([{ ...entry, ...nobody }])
}
