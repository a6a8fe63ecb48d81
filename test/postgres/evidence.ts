import { watchId } from '../../src/wire/sse.ts'
import { SECTION } from './caller.ts'
import type { Follower } from './follower.ts'
import { findAnomalies } from './linearizable.ts'
import type { Node } from './nodes.ts'
import type { Committed, Finding, Operation } from './operations.ts'
import type { Recorder } from './recorder.ts'

/** What one namespace has, and what was said of it. */
export interface NamespaceEvidence {
  readonly namespace: string
  readonly operations: readonly Operation[]
  /** What cannot be explained by operations that happened one by one. */
  readonly anomalies: readonly Finding[]
  /** Every version, oldest first, as ids of a stream name it. */
  readonly ids: readonly string[]
  /** What each watcher was told, in the order it came. */
  readonly told: readonly (readonly string[])[]
  readonly resets: number
}

export interface Evidence {
  readonly namespaces: readonly NamespaceEvidence[]
  /** Whether all hashes and chains hold, as the store finds itself. */
  readonly isSound: boolean
}

/** Reads what the store has after all, once every watcher has heard of it, and holds it against what was seen. */
export async function readEvidence(
  nodes: readonly Node[],
  recorders: readonly Recorder[],
  followers: ReadonlyMap<string, readonly Follower[]>,
): Promise<Evidence> {
  const node = nodes[0]!
  const namespaces: NamespaceEvidence[] = []
  for (const recorder of recorders)
    namespaces.push(await ofNamespace(node, recorder, followers.get(recorder.namespace)!))
  const verified = (await (await node.fetch('/api/v1/verify', { method: 'POST' })).json()) as { readonly ok: boolean }
  return { namespaces, isSound: verified.ok }
}

async function ofNamespace(
  node: Node,
  { namespace, operations, origin }: Recorder,
  followers: readonly Follower[],
): Promise<NamespaceEvidence> {
  const address = `/api/v1/namespaces/${namespace}`
  const versions = await allOf<{ readonly id: number; readonly chainHash: string }>(node, `${address}/versions`)
  for (const follower of followers) await follower.reached(versions.at(-1)?.id ?? 0)
  return {
    namespace,
    operations,
    anomalies: findAnomalies(operations, await committed(node, address), origin),
    ids: versions.map(watchId),
    told: followers.map(({ told }) => told),
    resets: followers.reduce((sum, { resets }) => sum + resets, 0),
  }
}

interface Row {
  readonly versionId: number
  readonly section: string
  readonly key: string
  readonly newValue: string
}

async function committed(node: Node, address: string): Promise<readonly Committed[]> {
  const rows = await allOf<Row>(node, `${address}/history`)
  const ours = rows.filter(({ section }) => section === SECTION)
  return ours.map(({ versionId, key, newValue }) => ({ version: versionId, key, value: newValue }))
}

/** All pages, the oldest first. */
async function allOf<T>(node: Node, address: string): Promise<readonly T[]> {
  const items: T[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await node.fetch(`${address}?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    if (answer.status !== 200) throw new Error(`${address} was answered ${answer.status}: ${await answer.text()}`)
    const page = (await answer.json()) as { readonly items: T[]; readonly nextCursor: string | null }
    items.push(...page.items)
    cursor = page.nextCursor
  }
  return items.reverse()
}
